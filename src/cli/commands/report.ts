import { buildRouteMap } from "@stricli/core";
import { reportActivityCommand } from "./report-activity.ts";
import { reportLicensingCommand } from "./report-licensing.ts";

/** The case study's two summaries (REPORT-1, REPORT-2). */
export const reportCommands = buildRouteMap({
  routes: {
    activity: reportActivityCommand,
    licensing: reportLicensingCommand,
  },
  docs: { brief: "Summarise activations, and how machines stand" },
});
