import { buildCommand } from "@stricli/core";
import { type ActivityRow, activityReport } from "../../analysis/reports.ts";
import { isoTime, timeWords } from "../../analysis/wording.ts";
import type { CliContext } from "../context.ts";
import { FORMAT_FLAGS, type FormatFlags, tableLines, writeListing } from "../listing.ts";
import { RECORD_FLAGS, RECORD_HELP, type RecordFlags, withRecord } from "../record.ts";
import { parseTime, resolveTime, type TimeFlag } from "../times.ts";

type Flags = RecordFlags & FormatFlags & { readonly since?: TimeFlag; readonly until?: TimeFlag };

const DAYS_DEFAULT = 30;
const COLUMNS = [
  "day",
  "host",
  "product",
  "activations",
  "renewals",
  "waiting",
  "refused",
] as const satisfies readonly (keyof ActivityRow)[];

/** REPORT-1. */
export const reportActivityCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    await withRecord(this, flags, ({ record, configuration, productName, now }) => {
      const before = flags.until === undefined ? now + 1 : resolveTime(flags.until, now);
      const from = resolveTime(flags.since ?? { kind: "ago", milliseconds: THIRTY_DAYS }, now);
      const counts = record.activity({ from, before });
      const rows = activityReport(counts, configuration.appliance.name, productName);
      writeListing(this, flags, {
        document: () => ({ from: isoTime(from), before: isoTime(before), rows }),
        csv: { columns: COLUMNS, rows: rows.map((row) => COLUMNS.map((column) => row[column])) },
        lines: () => describe(rows, from, record.oldestEvent()),
      });
    });
  },
  parameters: {
    flags: {
      ...RECORD_FLAGS,
      ...FORMAT_FLAGS,
      since: {
        kind: "parsed",
        parse: parseTime,
        optional: true,
        brief: `From this time on, or so long ago (${DAYS_DEFAULT}d)`,
        placeholder: "TIME",
      },
      until: {
        kind: "parsed",
        parse: parseTime,
        optional: true,
        brief: "Until this time (now)",
        placeholder: "TIME",
      },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Activations and renewals by day, host and product",
    customUsage: [
      { input: "--since 7d", brief: "The last week" },
      { input: "--since 2026-01-01 --csv", brief: "For a spreadsheet" },
    ],
    fullDescription:
      "activations: clients that were not licensed before; renewals: those that were. waiting: the\n" +
      "count was too low; refused: answered with an error. Days are UTC. As far back as the event\n" +
      `log is kept (events.keep_days).\n${RECORD_HELP}`,
  },
});

const THIRTY_DAYS = DAYS_DEFAULT * 86_400_000;

function describe(
  rows: readonly ActivityRow[],
  from: number,
  oldest: number | undefined,
): readonly string[] {
  const reaches =
    oldest !== undefined && oldest > from ? [`The event log begins at ${timeWords(oldest)}.`] : [];
  if (rows.length === 0) return ["no request in this time", ...reaches];
  const cells = rows.map((row) => COLUMNS.map((column) => String(row[column])));
  return [...tableLines(COLUMNS, cells), ...reaches];
}
