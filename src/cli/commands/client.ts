import { buildRouteMap } from "@stricli/core";
import { clientActivateCommand } from "./client-activate.ts";
import { clientReportCommand } from "./client-report.ts";

/** The verbs of a client machine (CLIENT-6), in the order in which they are listed. */
export const clientCommands = buildRouteMap({
  routes: {
    activate: clientActivateCommand,
    report: clientReportCommand,
  },
  docs: { brief: "Activate this machine and report on it" },
});
