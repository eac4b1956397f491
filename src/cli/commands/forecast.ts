import { buildCommand } from "@stricli/core";
import type { Forecast, ThresholdForecast } from "../../analysis/forecast.ts";
import { viewForecast } from "../../analysis/views.ts";
import { countWords, isoTime, machineWords, spanWords, timeWords } from "../../analysis/wording.ts";
import { forecastQuery } from "../../monitor/alert-facts.ts";
import type { CliContext } from "../context.ts";
import { FORMAT_FLAGS, type FormatFlags, safeLine, writeListing } from "../listing.ts";
import { RECORD_FLAGS, RECORD_HELP, type RecordFlags, withRecord } from "../record.ts";

type Flags = RecordFlags & FormatFlags;

/** Machines named under each threshold. */
const MACHINES_SHOWN = 20;
const COLUMNS = [
  "applicationId",
  "threshold",
  "fallsAt",
  "cmid",
  "machineName",
  "address",
  "leavesAt",
];

/** COUNT-11. */
export const forecastCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    await withRecord(this, flags, ({ record, frame, now }) => {
      const forecasts = record.forecasts(forecastQuery(frame, now));
      writeListing(this, flags, {
        document: () => ({ now: isoTime(now), forecasts: forecasts.map(viewForecast) }),
        csv: { columns: COLUMNS, rows: forecasts.flatMap(csvRows) },
        lines: () =>
          forecasts.length === 0
            ? ["no client has been counted yet"]
            : forecasts.flatMap((forecast) => describe(forecast, now)),
      });
    });
  },
  parameters: { flags: { ...RECORD_FLAGS, ...FORMAT_FLAGS }, aliases: { c: "config" } },
  docs: {
    brief: "Show when the count falls too low if silent clients stay silent",
    customUsage: [{ input: "", brief: "When, and which machines go" }],
    fullDescription:
      "A client is silent when it has not asked again in its interval. Its record counts for\n" +
      `activation.record_days from its last request (30 by default).\n${RECORD_HELP}`,
  },
});

function describe(forecast: Forecast, now: number): readonly string[] {
  const { applicationId, count, capacity, silent, thresholds } = forecast;
  return [
    `application ${applicationId}: count ${count} of at most ${capacity}, ` +
      `${countWords(silent, "client")} silent`,
    ...thresholds.flatMap((threshold) => describeThreshold(threshold, now)),
  ];
}

function describeThreshold(outlook: ThresholdForecast, now: number): readonly string[] {
  const { threshold, at, leaving, leavingTotal } = outlook;
  if (outlook.outlook === "below") return [`  ${threshold}: not reached now`];
  if (outlook.outlook === "holds" || at === undefined) {
    return [`  ${threshold}: holds, even if the silent ones stay so`];
  }
  const shown = leaving.slice(0, MACHINES_SHOWN);
  const rest = leavingTotal - shown.length;
  return [
    `  ${threshold}: falls below at ${timeWords(at)}, in ${spanWords(at - now)}, when these have gone:`,
    ...shown.map(({ machineName, address, leavesAt }) =>
      safeLine(`    ${timeWords(leavesAt)}  ${machineWords(machineName, address)}`),
    ),
    ...(rest > 0 ? [`    and ${rest} more (--csv lists them)`] : []),
  ];
}

function csvRows({ applicationId, thresholds }: Forecast) {
  return thresholds.flatMap(({ threshold, at, leaving }) =>
    leaving.map(({ cmid, machineName, address, leavesAt }) => [
      applicationId,
      threshold,
      at === undefined ? null : isoTime(at),
      cmid,
      machineName,
      address,
      isoTime(leavesAt),
    ]),
  );
}
