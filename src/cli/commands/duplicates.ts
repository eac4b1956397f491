import { buildCommand } from "@stricli/core";
import type { DuplicateCmid } from "../../analysis/duplicates.ts";
import { viewDuplicate } from "../../analysis/views.ts";
import { isoTime } from "../../analysis/wording.ts";
import { duplicatesQuery } from "../../monitor/alert-facts.ts";
import type { CliContext } from "../context.ts";
import { FORMAT_FLAGS, type FormatFlags, safeLine, writeListing } from "../listing.ts";
import { RECORD_FLAGS, RECORD_HELP, type RecordFlags, withRecord } from "../record.ts";

type Flags = RecordFlags & FormatFlags;

const COLUMNS = ["cmid", "certainty", "evidence", "machineName", "address", "lastSeen"];

/** COUNT-10. */
export const duplicatesCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    await withRecord(this, flags, ({ record, frame, now }) => {
      const duplicates = record.duplicates(duplicatesQuery(frame, now));
      writeListing(this, flags, {
        document: () => ({ duplicates: duplicates.map(viewDuplicate) }),
        csv: { columns: COLUMNS, rows: duplicates.flatMap(csvRows) },
        lines: () => describe(duplicates),
      });
    });
  },
  parameters: { flags: { ...RECORD_FLAGS, ...FORMAT_FLAGS }, aliases: { c: "config" } },
  docs: {
    brief: "Show client ids that several machines share",
    customUsage: [
      { input: "", brief: "Which machines share an id, and what to do" },
      { input: "--csv", brief: "One row for each machine" },
    ],
    fullDescription:
      "Machines cloned from an image that was not generalised have one id, and count once. A machine\n" +
      `whose address changed by DHCP is none of them.\n${RECORD_HELP}`,
  },
});

function describe(duplicates: readonly DuplicateCmid[]): readonly string[] {
  if (duplicates.length === 0) return ["no client id is shared by several machines"];
  return duplicates.map(({ certainty, message }) => safeLine(`${certainty}: ${message}`));
}

function csvRows({ cmid, certainty, evidence, machines }: DuplicateCmid) {
  return machines.map(({ machineName, address, lastSeen }) => [
    cmid,
    certainty,
    evidence,
    machineName,
    address,
    isoTime(lastSeen),
  ]);
}
