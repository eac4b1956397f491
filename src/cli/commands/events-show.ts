import { buildCommand } from "@stricli/core";
import { eventView, viewEvent } from "../../http/api/views.ts";
import { csvLines, escapeUnsafe } from "../../platform/text.ts";
import type { EventFilter } from "../../store/event-export.ts";
import type { EventItem } from "../../store/listing.ts";
import type { RecordReader } from "../../store/record-reader.ts";
import { parseCmid } from "../client-flags.ts";
import type { CliContext } from "../context.ts";
import { formatEvent } from "../event-line.ts";
import { follow } from "../follow.ts";
import { FORMAT_FLAGS, type FormatFlags, refuseTwoFormats } from "../listing.ts";
import { RECORD_FLAGS, RECORD_HELP, type RecordFlags, withRecord } from "../record.ts";
import { parsePositive, parseTime, resolveTime, type TimeFlag } from "../times.ts";

type Flags = RecordFlags &
  FormatFlags & {
    readonly follow: boolean;
    readonly since?: TimeFlag;
    readonly until?: TimeFlag;
    readonly cmid?: string;
    readonly name?: string;
    readonly result?: ResultFlag;
    readonly code?: number;
    readonly limit?: number;
  };

type ResultFlag = Pick<EventFilter, "hresult" | "failed">;

/** Entries shown where nothing says how many. */
const SHOWN_DEFAULT = 100;
const SHOWN_BEFORE_FOLLOWING = 10;
/** Lines that are written in one go. */
const WRITTEN_AT_ONCE = 1000;

/** EVENT-5. */
export const eventsShowCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    refuseTwoFormats(flags);
    await withRecord(this, flags, async ({ record, now, productName }) => {
      const filter = filterOf(flags, now);
      const write = writerOf(this, flags, productName);
      if (!flags.follow) {
        write(select(record, flags, filter));
        return;
      }
      let seen = record.newestEventId();
      const before = [...select(record, flags, filter)];
      write(before.filter(({ id }) => id <= seen));
      const onChange = () => {
        const range = { after: seen, upTo: record.newestEventId() };
        write(record.exportEvents(filter, range));
        seen = Math.max(range.after, range.upTo);
      };
      await follow(record.version, onChange, this.signals);
    });
  },
  parameters: {
    flags: {
      ...RECORD_FLAGS,
      json: { kind: "boolean", default: false, brief: "As JSON, one object on each line (NDJSON)" },
      csv: FORMAT_FLAGS.csv,
      follow: { kind: "boolean", default: false, brief: "Go on with what comes, until Ctrl-C" },
      since: timeFlag("From this time on, or so long ago: 2026-01-15T08:00Z, 2h"),
      until: timeFlag("Before this time"),
      cmid: {
        kind: "parsed",
        parse: parseCmid,
        optional: true,
        brief: "Of this client machine id",
        placeholder: "GUID",
      },
      name: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "With this in the machine name, in either case",
        placeholder: "TEXT",
      },
      result: {
        kind: "parsed",
        parse: parseResult,
        optional: true,
        brief: "With this result: 0xc004f042, success or failed",
        placeholder: "CODE",
      },
      code: {
        kind: "parsed",
        parse: parsePositive,
        optional: true,
        brief: "Of this kind: 12290 requests, 12293 publication failures",
        placeholder: "CODE",
      },
      limit: {
        kind: "parsed",
        parse: parsePositive,
        optional: true,
        brief: `The newest so many (${SHOWN_DEFAULT}; with --since, --json or --csv: all)`,
        placeholder: "N",
      },
    },
    aliases: { c: "config", f: "follow", n: "limit" },
  },
  docs: {
    brief: "Show, follow and export entries, the newest last",
    customUsage: [
      { input: "--follow", brief: "Watch requests as they come" },
      { input: "--since 2h --result failed", brief: "What was refused in the last two hours" },
      { input: "--csv --since 2026-01-01", brief: "For a spreadsheet" },
    ],
    fullDescription:
      "12290 has the fields of the original in their order: result, required count, machine name,\n" +
      "client machine id, client time, virtual machine, licence state, minutes to its end, activation\n" +
      `id; then the count that was answered and where the request came from.\n${RECORD_HELP}`,
  },
});

function timeFlag(brief: string) {
  return {
    kind: "parsed",
    parse: parseTime,
    optional: true,
    brief,
    placeholder: "TIME",
  } as const;
}

function parseResult(text: string): ResultFlag {
  if (text === "success") return { failed: false };
  if (text === "failed") return { failed: true };
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return { hresult: Number(text) };
  throw new Error(`"${text}" is no result: write 0xc004f042, success or failed`);
}

function filterOf({ since, until, cmid, name, result, code }: Flags, now: number): EventFilter {
  return {
    ...(since === undefined ? {} : { from: resolveTime(since, now) }),
    ...(until === undefined ? {} : { before: resolveTime(until, now) }),
    ...(cmid === undefined ? {} : { cmid }),
    ...(name === undefined ? {} : { nameContains: name }),
    ...(code === undefined ? {} : { code }),
    ...result,
  };
}

function select(record: RecordReader, flags: Flags, filter: EventFilter): Iterable<EventItem> {
  const { limit, json, csv, since } = flags;
  if (limit !== undefined) return record.newestEvents(filter, limit);
  if (flags.follow && since === undefined) {
    return record.newestEvents(filter, SHOWN_BEFORE_FOLLOWING);
  }
  const wantsAll = json || csv || since !== undefined;
  return wantsAll ? record.exportEvents(filter) : record.newestEvents(filter, SHOWN_DEFAULT);
}

/** Writes entries as the flags say; the head of CSV once, before the first. */
function writerOf(
  { process: { stdout } }: CliContext,
  { json, csv }: Flags,
  productName: (activationId: string) => string | undefined,
): (events: Iterable<EventItem>) => void {
  const columns = Object.keys(eventView.shape) as (keyof typeof eventView.shape)[];
  if (csv) stdout.write(csvLines([columns]));
  const line = (event: EventItem): string => {
    if (!json && !csv) return `${formatEvent(event, productName)}\n`;
    const view = viewEvent(event, productName);
    if (json) return `${escapeUnsafe(JSON.stringify(view))}\n`;
    return csvLines([columns.map((column) => view[column])]);
  };
  return (events) => {
    let lines: string[] = [];
    for (const event of events) {
      lines.push(line(event));
      if (lines.length < WRITTEN_AT_ONCE) continue;
      stdout.write(lines.join(""));
      lines = [];
    }
    if (lines.length > 0) stdout.write(lines.join(""));
  };
}
