import { buildRouteMap } from "@stricli/core";
import { clockConfirmCommand } from "./clock-confirm.ts";
import { clockShowCommand } from "./clock-show.ts";

/** The clock, and whether the appliance believes it (REPORT-3). */
export const clockCommands = buildRouteMap({
  routes: { show: clockShowCommand, confirm: clockConfirmCommand },
  defaultCommand: "show",
  docs: { brief: "Show whether the clock is believed, and confirm it after a jump" },
});
