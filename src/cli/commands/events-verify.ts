import { buildCommand } from "@stricli/core";
import type { ChainReport } from "../../analysis/event-chain.ts";
import { countWords } from "../../analysis/wording.ts";
import type { RecordReader } from "../../store/record-reader.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { writeJson, writeLines } from "../output.ts";
import { RECORD_FLAGS, RECORD_HELP, type RecordFlags, withRecord } from "../record.ts";

type Noted = { readonly id: number; readonly hash: string };
type Flags = RecordFlags & { readonly json: boolean; readonly noted?: Noted };

/** EVENT-6. */
export const eventsVerifyCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    await withRecord(this, flags, ({ record }) => {
      const report = record.verifyEvents();
      const noted = flags.noted === undefined ? undefined : checkNoted(record, flags.noted);
      const isIntact = report.firstBreak === undefined && noted !== false;
      if (flags.json) writeJson(this, documentOf(report, isIntact, noted));
      else writeLines(this.process.stdout, describe(report, flags.noted, noted));
      if (!isIntact) throw new CliFailure(EXIT_CODE.failure, "the event log was tampered with");
    });
  },
  parameters: {
    flags: {
      ...RECORD_FLAGS,
      noted: {
        kind: "parsed",
        parse: parseNoted,
        optional: true,
        brief: "An id and hash noted at an earlier verification, which must still hold",
        placeholder: "ID:HASH",
      },
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Find out whether entries were changed, taken out or moved",
    customUsage: [
      { input: "", brief: "Name the first entry that does not hold" },
      { input: "--noted 4711:9f86...", brief: "Compare with what was noted outside" },
    ],
    fullDescription:
      "Each entry carries a hash over itself and the entry before it. Who may write the file could\n" +
      "make all of them anew: note the newest id and hash, which are printed, outside this machine\n" +
      "now and then, and give them with --noted. Entries that retention took out (events.keep_days)\n" +
      `are missing rightly. Ends with 1 where something does not hold.\n${RECORD_HELP}`,
  },
});

function parseNoted(text: string): Noted {
  const [, id = "", hash = ""] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (id !== "") return { id: Number(id), hash: hash.toLowerCase() };
  throw new Error(`"${text}" is no ID:HASH as \`muster events verify\` prints it`);
}

/** null: the entry is no longer kept, which says nothing. */
function checkNoted(record: RecordReader, { id, hash }: Noted): boolean | null {
  const kept = record.eventHash(id);
  if (kept !== undefined) return kept.toHex() === hash;
  return id > record.newestEventId() ? false : null;
}

const BREAK_WORDS = {
  missing: "is missing: it was taken out",
  altered: "does not hold: it, or its hash, was changed",
  anchor: "does not follow the entries before it",
} as const;

function describe(
  { firstBreak, intact, unchained, newest }: ChainReport,
  noted: Noted | undefined,
  holds: boolean | null | undefined,
): readonly string[] {
  return [
    firstBreak === undefined
      ? `${countWords(intact, "entry", "entries")} verified: none was changed, taken out or moved`
      : `entry ${firstBreak.id} ${BREAK_WORDS[firstBreak.kind]}; ` +
        `the ${countWords(intact, "entry", "entries")} verified before it hold`,
    ...(unchained === 0
      ? []
      : [`${countWords(unchained, "entry", "entries")} carry no hash: entered without the chain`]),
    ...(newest === undefined ? [] : [`newest verified ${newest.lastId}:${newest.hash.toHex()}`]),
    ...(noted === undefined ? [] : [`noted entry ${noted.id} ${NOTED_WORDS[String(holds)]}`]),
  ];
}

const NOTED_WORDS: Readonly<Record<string, string>> = {
  true: "is as it was noted",
  false: "is not what was noted",
  null: "is no longer kept",
};

function documentOf(
  { firstBreak, intact, unchained, newest }: ChainReport,
  isIntact: boolean,
  noted: boolean | null | undefined,
) {
  return {
    intact: isIntact,
    firstBreak: firstBreak ?? null,
    verified: intact,
    unchained,
    newest: newest === undefined ? null : { id: newest.lastId, hash: newest.hash.toHex() },
    ...(noted === undefined ? {} : { noted }),
  };
}
