import { buildCommand } from "@stricli/core";
import { presumeState, type StateRules } from "../../analysis/presumed-state.ts";
import { isoTime, spanWords, stateWords } from "../../analysis/wording.ts";
import { clientView, viewClient } from "../../http/api/views.ts";
import { LICENCE_STATES, type LicenceStateName } from "../../protocol/types.ts";
import { type ClientItem, type ClientQuery, PAGE_MAXIMUM } from "../../store/listing.ts";
import type { RecordReader } from "../../store/record-reader.ts";
import { parseCmid } from "../client-flags.ts";
import type { CliContext } from "../context.ts";
import { FORMAT_FLAGS, type FormatFlags, tableLines, writeListing } from "../listing.ts";
import { RECORD_FLAGS, RECORD_HELP, type RecordFlags, withRecord } from "../record.ts";
import { parsePositive } from "../times.ts";

type Flags = RecordFlags &
  FormatFlags & {
    readonly name?: string;
    readonly cmid?: string;
    readonly state?: LicenceStateName;
    readonly address?: string;
    readonly failed: boolean;
    readonly byName: boolean;
    readonly limit?: number;
  };

/** Clients shown to people where no number is given; scripts get them all. */
const SHOWN_DEFAULT = 100;

/** COUNT-9. */
export const clientsCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    await withRecord(this, flags, ({ record, frame, now, productName }) => {
      const limit = flags.limit ?? (flags.json || flags.csv ? Infinity : SHOWN_DEFAULT);
      const { items, isMore } = collect(record, queryOf(flags), limit);
      const views = () => items.map((item) => viewClient(item, productName));
      const columns = Object.keys(clientView.shape) as (keyof typeof clientView.shape)[];
      writeListing(this, flags, {
        document: () => ({ clients: views(), more: isMore }),
        csv: { columns, rows: views().map((view) => columns.map((column) => view[column])) },
        lines: () => describe(items, isMore, frame.rules, now),
      });
    });
  },
  parameters: {
    flags: {
      ...RECORD_FLAGS,
      ...FORMAT_FLAGS,
      name: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Machine names that begin so, in either case",
        placeholder: "NAME",
      },
      cmid: {
        kind: "parsed",
        parse: parseCmid,
        optional: true,
        brief: "One client machine id",
        placeholder: "GUID",
      },
      state: {
        kind: "enum",
        values: LICENCE_STATES,
        optional: true,
        brief: "Licence state that the client reported last",
      },
      address: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Seen last at this address",
        placeholder: "ADDRESS",
      },
      failed: { kind: "boolean", default: false, brief: "Those whose last request was refused" },
      byName: { kind: "boolean", default: false, brief: "A to Z, as against newest first" },
      limit: {
        kind: "parsed",
        parse: parsePositive,
        optional: true,
        brief: `At most so many (${SHOWN_DEFAULT}; with --json and --csv: all)`,
        placeholder: "N",
      },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "List the machines that have asked this host",
    customUsage: [
      { input: "", brief: "Those seen last" },
      { input: "--name lab- --by-name", brief: "By name" },
      { input: "--csv", brief: "The whole inventory, for a spreadsheet" },
    ],
    fullDescription:
      "Every client ever seen, which is not the count: that is of those who asked within 30 days.\n" +
      RECORD_HELP,
  },
});

function queryOf({ name, cmid, state, address, failed, byName }: Flags): ClientQuery {
  return {
    order: byName ? "machineName" : "lastSeen",
    ...(name === undefined ? {} : { namePrefix: name }),
    ...(cmid === undefined ? {} : { cmid }),
    ...(state === undefined ? {} : { licenceState: LICENCE_STATES.indexOf(state) }),
    ...(address === undefined ? {} : { address }),
    ...(failed ? { failed } : {}),
  };
}

type Collected = { readonly items: readonly ClientItem[]; readonly isMore: boolean };

function collect(record: RecordReader, query: ClientQuery, limit: number): Collected {
  const items: ClientItem[] = [];
  let cursor: string | undefined;
  do {
    const page = { limit: Math.min(PAGE_MAXIMUM, limit - items.length) };
    const found = record.clients({
      ...query,
      ...page,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...found.items);
    cursor = found.next;
  } while (cursor !== undefined && items.length < limit);
  return { items, isMore: cursor !== undefined };
}

function describe(
  items: readonly ClientItem[],
  isMore: boolean,
  rules: StateRules,
  now: number,
): readonly string[] {
  if (items.length === 0) return ["no client"];
  const rows = items.map((item) => {
    const { state, endsAt } = presumeState(item, rules, now);
    return [
      item.machineName,
      item.address,
      item.cmid,
      item.virtual ? "virtual" : "physical",
      stateWords(state),
      endsAt === undefined ? "" : spanWords(endsAt - now),
      isoTime(item.lastSeen).slice(0, 19),
      item.source === "own" ? "" : item.source,
    ];
  });
  const head = ["name", "address", "cmid", "machine", "state", "left", "last seen (UTC)", ""];
  return [...tableLines(head, rows), ...(isMore ? ["and more: --limit"] : [])];
}
