import { buildCommand } from "@stricli/core";
import type { StandingAlert } from "../../analysis/alerts.ts";
import { viewAlert } from "../../analysis/views.ts";
import { isoTime, timeWords } from "../../analysis/wording.ts";
import { ALERTS_SETTING, parseAlerts } from "../../monitor/alert-book.ts";
import type { CliContext } from "../context.ts";
import { FORMAT_FLAGS, type FormatFlags, safeLine, writeListing } from "../listing.ts";
import { RECORD_FLAGS, RECORD_HELP, type RecordFlags, withRecord } from "../record.ts";

type Flags = RecordFlags & FormatFlags;

const COLUMNS = ["severity", "kind", "raisedAt", "message"];

/** REPORT-3. */
export const alertsCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    await withRecord(this, flags, ({ record }) => {
      const alerts = parseAlerts(record.setting(ALERTS_SETTING));
      writeListing(this, flags, {
        document: () => ({ alerts: alerts.map(viewAlert) }),
        csv: {
          columns: COLUMNS,
          rows: alerts.map(({ severity, kind, raisedAt, message }) => [
            severity,
            kind,
            isoTime(raisedAt),
            message,
          ]),
        },
        lines: () => (alerts.length === 0 ? ["no alert stands"] : alerts.map(describe)),
      });
    });
  },
  parameters: { flags: { ...RECORD_FLAGS, ...FORMAT_FLAGS }, aliases: { c: "config" } },
  docs: {
    brief: "Show what has to be looked at",
    customUsage: [
      { input: "", brief: "The alerts that stand" },
      { input: "--json", brief: "For a script" },
    ],
    fullDescription:
      "The running appliance raises and clears them; what was raised and cleared when is in the event\n" +
      `log: \`muster events --code 13020\` and \`--code 13021\`.\n${RECORD_HELP}`,
  },
});

function describe({ severity, kind, raisedAt, message }: StandingAlert): string {
  return safeLine(`${severity} ${kind}, since ${timeWords(raisedAt)}: ${message}`);
}
