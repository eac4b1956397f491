import { buildCommand } from "@stricli/core";
import type { ExpiringMachine, LicensingReport } from "../../analysis/reports.ts";
import { viewLicensing } from "../../analysis/views.ts";
import { countWords, isoTime, spanWords, stateWords } from "../../analysis/wording.ts";
import { licensingOptions } from "../../monitor/alert-facts.ts";
import { LICENCE_STATES } from "../../protocol/types.ts";
import type { CliContext } from "../context.ts";
import { FORMAT_FLAGS, type FormatFlags, tableLines, writeListing } from "../listing.ts";
import { alignColumns } from "../output.ts";
import { RECORD_FLAGS, RECORD_HELP, type RecordFlags, withRecord } from "../record.ts";
import { parsePositive } from "../times.ts";

type Flags = RecordFlags & FormatFlags & { readonly days?: number };

/** Machines named to people; scripts get all that the report has. */
const MACHINES_SHOWN = 20;
const COLUMNS = ["cmid", "machineName", "address", "product", "state", "endsAt", "lastSeen"];

/** REPORT-2. */
export const reportLicensingCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    await withRecord(this, flags, ({ record, frame, now, productName }) => {
      const { days } = flags;
      const within = days === undefined ? {} : { activationDays: days, graceDays: days };
      const report = record.licensing(licensingOptions({ ...frame, ...within }, now));
      writeListing(this, flags, {
        document: () => ({ now: isoTime(now), ...viewLicensing(report, productName) }),
        csv: {
          columns: COLUMNS,
          rows: report.expiring.map((machine) => [
            machine.cmid,
            machine.machineName,
            machine.address,
            productName(machine.activationId) ?? machine.activationId,
            machine.state,
            isoTime(machine.endsAt),
            isoTime(machine.lastSeen),
          ]),
        },
        lines: () => describe(report, productName, now),
      });
    });
  },
  parameters: {
    flags: {
      ...RECORD_FLAGS,
      ...FORMAT_FLAGS,
      days: {
        kind: "parsed",
        parse: parsePositive,
        optional: true,
        brief: "About to expire: within so many days (alerts.activation_days, grace_days)",
        placeholder: "DAYS",
      },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Machines by licence state, and those about to expire",
    customUsage: [
      { input: "", brief: "How machines stand" },
      { input: "--days 60 --csv", brief: "Those that expire within 60 days" },
    ],
    fullDescription:
      "The state of a machine is what must have become of it since it was last heard of: 180 days\n" +
      "after its last renewal it is out of tolerance, 30 days later in notification. CSV lists the\n" +
      `machines about to expire.\n${RECORD_HELP}`,
  },
});

type ProductName = (activationId: string) => string | undefined;

function describe(
  report: LicensingReport,
  productName: ProductName,
  now: number,
): readonly string[] {
  const { machines, byState, byProduct, daysLeft, expiring, expiringTotal } = report;
  const products = byProduct.map(({ activationId, byState: states }) => [
    productName(activationId) ?? activationId,
    ...LICENCE_STATES.map((state) => String(states[state])),
  ]);
  return [
    `${countWords(machines, "machine")} known`,
    ...tableLines(
      ["product", ...LICENCE_STATES.map(stateWords)],
      [...products, ["all", ...LICENCE_STATES.map((state) => String(byState[state]))]],
    ),
    "",
    "licensed machines by days left to renew",
    ...alignColumns(
      daysLeft.map(({ days, machines: counted }, index) => [
        `  ${daysWords(daysLeft[index - 1]?.days, days)}`,
        String(counted),
      ]),
    ),
    "",
    ...describeExpiring(expiring, expiringTotal, now),
  ];
}

function daysWords(above: number | undefined, days: number): string {
  if (!Number.isFinite(days)) return `above ${above}`;
  return above === undefined ? `up to ${days}` : `${above + 1} to ${days}`;
}

function describeExpiring(
  expiring: readonly ExpiringMachine[],
  total: number,
  now: number,
): readonly string[] {
  if (total === 0) return ["no machine is about to expire"];
  const shown = expiring.slice(0, MACHINES_SHOWN);
  const rest = total - shown.length;
  return [
    `${countWords(total, "machine")} about to expire`,
    ...tableLines(
      ["  name", "address", "state", "left"],
      shown.map(({ machineName, address, state, endsAt }) => [
        `  ${machineName}`,
        address,
        stateWords(state),
        spanWords(endsAt - now),
      ]),
    ),
    ...(rest > 0 ? [`  and ${rest} more (--csv lists them)`] : []),
  ];
}
