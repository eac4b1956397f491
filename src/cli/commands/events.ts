import { buildRouteMap } from "@stricli/core";
import { eventsShowCommand } from "./events-show.ts";
import { eventsVerifyCommand } from "./events-verify.ts";

/** The event log (EVENT-5, EVENT-6): `muster events` alone shows it. */
export const eventsCommands = buildRouteMap({
  routes: { show: eventsShowCommand, verify: eventsVerifyCommand },
  defaultCommand: "show",
  docs: { brief: "Show, follow and export the event log, and verify it" },
});
