import type { Database } from "bun:sqlite";
import { CLIENT_SOURCES, EVENT_CODE } from "../activation/events.ts";
import type { Guid } from "../protocol/types.ts";
import { guidFromOctets, guidToOctets, sourceNumber } from "./group.ts";
import {
  decodeCursor,
  decodeIdCursor,
  type EventItem,
  type EventQuery,
  encodeCursor,
  type Page,
  pageLimit,
} from "./listing.ts";

/** Entries read for one page at most, where no index leads to the matches: about 0.1 s. */
const EVENTS_READ_MAXIMUM = 100_000;
/** Applications under which one client's events are looked for. */
const CHAINS_MAXIMUM = 64;

type EventRow = {
  readonly [field in Exclude<keyof EventItem, "id">]: string | number | Uint8Array | null;
} & { readonly id: number; readonly previous: number | null };

type Binding = string | number | Uint8Array;
type Condition = { readonly sql: string; readonly values: readonly Binding[] };

const SELECT = `SELECT id, time, code, hresult, required_count AS requiredCount,
  machine_name AS machineName, cmid, client_time AS clientTime, virtual,
  licence_state AS licenceState, minutes_to_expiration AS minutesToExpiration,
  activation_id AS activationId, application_id AS applicationId, count, address, source, previous,
  detail
FROM event`;

/** Each filter takes the way that its index, or the chain of a client's events, makes short. */
export function listEvents(database: Database, query: EventQuery): Page<EventItem> {
  if (query.after !== undefined) return eventsAfter(database, query, query.after);
  if (query.cmid !== undefined) return eventsOfClient(database, query, query.cmid);
  if (query.from !== undefined || query.before !== undefined) return eventsByTime(database, query);
  return newestEvents(database, query);
}

/** Oldest first, from an id on: always with a next page, as the log goes on. */
function eventsAfter(database: Database, query: EventQuery, after: number): Page<EventItem> {
  const start = query.cursor === undefined ? after : onlyNumber(query.cursor);
  const limit = pageLimit(query.limit);
  const { sql, values } = all([matching(query), { sql: "id > ?", values: [start] }]);
  const rows = database
    .query(`${SELECT} WHERE ${sql} ORDER BY id LIMIT ?`)
    .all(...values, limit) as EventRow[];
  return { items: rows.map(toItem), next: encodeCursor([rows.at(-1)?.id ?? start]) };
}

function newestEvents(database: Database, query: EventQuery): Page<EventItem> {
  const limit = pageLimit(query.limit);
  const newest = database.query("SELECT max(id) FROM event").values()[0]?.[0] as number | null;
  const start = query.cursor === undefined ? (newest ?? 0) + 1 : onlyNumber(query.cursor);
  const index = indexFor(query);
  // Ids have no gaps: so many entries are so many ids.
  const floor = index === undefined ? start - EVENTS_READ_MAXIMUM : 0;
  const condition = all([
    matching(query),
    { sql: "id < ? AND id >= ?", values: [start, floor] },
    ...(index === undefined ? [] : [{ sql: index.implied, values: [] }]),
  ]);
  const from = index === undefined ? SELECT : `${SELECT} INDEXED BY ${index.name}`;
  const rows = database
    .query(`${from} WHERE ${condition.sql} ORDER BY id DESC LIMIT ?`)
    .all(...condition.values, limit) as EventRow[];
  const items = rows.map(toItem);
  if (rows.length === limit) return { items, next: encodeCursor([rows.at(-1)?.id ?? 0]) };
  const oldest = database.query("SELECT min(id) FROM event").values()[0]?.[0] as number | null;
  const isOver = oldest === null || floor <= oldest;
  return { items, next: isOver ? undefined : encodeCursor([floor]) };
}

/** The clock of a host can be set back, so time has an order of its own. */
function eventsByTime(database: Database, query: EventQuery): Page<EventItem> {
  const limit = pageLimit(query.limit);
  const bounds: Condition[] = [matching(query)];
  if (query.from !== undefined) bounds.push({ sql: "time >= ?", values: [query.from] });
  if (query.before !== undefined) bounds.push({ sql: "time < ?", values: [query.before] });
  if (query.cursor !== undefined) {
    const values = decodeCursor(query.cursor, ["number", "number"]);
    bounds.push({ sql: "(time, id) < (?, ?)", values });
  }
  const { sql, values } = all(bounds);
  const rows = database
    .query(`${SELECT} INDEXED BY event_time WHERE ${sql} ORDER BY time DESC, id DESC LIMIT ?`)
    .all(...values, limit) as EventRow[];
  const items = rows.map(toItem);
  const last = items.at(-1);
  const isOver = last === undefined || items.length < limit;
  return { items, next: isOver ? undefined : encodeCursor([last.time, last.id]) };
}

/**
 * A client's events are chained from its row in the inventory, newest first; a client of several
 * applications has several chains. The cursor holds where each goes on.
 */
function eventsOfClient(database: Database, query: EventQuery, cmid: Guid): Page<EventItem> {
  const limit = pageLimit(query.limit);
  const find = database.query<EventRow, [number]>(`${SELECT} WHERE id = ?`);
  const heads = query.cursor === undefined ? headsOf(database, cmid) : decodeIdCursor(query.cursor);
  const chains = heads.slice(0, CHAINS_MAXIMUM);
  const items: EventItem[] = [];
  for (let read = 0; chains.length > 0 && read < EVENTS_READ_MAXIMUM; read += 1) {
    if (items.length === limit) break;
    const at = chains.indexOf(Math.max(...chains));
    const row = find.get(chains[at] as number);
    // An entry that retention took ends its chain.
    if (row === null || row.previous === null) chains.splice(at, 1);
    else chains[at] = row.previous;
    if (row !== null && matches(row, query)) items.push(toItem(row));
  }
  return { items, next: chains.length === 0 ? undefined : encodeCursor(chains) };
}

function headsOf(database: Database, cmid: Guid): readonly number[] {
  const rows = database
    .query("SELECT last_event FROM client WHERE cmid = ? ORDER BY last_event DESC LIMIT ?")
    .values(guidToOctets(cmid), CHAINS_MAXIMUM) as [number][];
  return rows.map(([id]) => id);
}

/** The partial index that holds every match, and the condition that admits it. */
function indexFor(query: EventQuery): { name: string; implied: string } | undefined {
  const { code, hresult, failed } = query;
  if (code !== undefined && code !== EVENT_CODE.requestHandled) {
    return { name: "event_general", implied: `code <> ${EVENT_CODE.requestHandled}` };
  }
  if (failed === true || (hresult !== undefined && hresult !== 0)) {
    return { name: "event_failed", implied: "hresult <> 0" };
  }
  return undefined;
}

function matching(query: EventQuery): Condition {
  const parts: Condition[] = [];
  if (query.code !== undefined) parts.push({ sql: "code = ?", values: [query.code] });
  if (query.source !== undefined) {
    parts.push({ sql: "source = ?", values: [sourceNumber(query.source)] });
  }
  if (query.hresult !== undefined) parts.push({ sql: "hresult = ?", values: [query.hresult] });
  if (query.failed !== undefined) {
    parts.push({ sql: query.failed ? "hresult <> 0" : "hresult = 0", values: [] });
  }
  if (query.nameContains !== undefined) {
    parts.push({ sql: "instr(lower(machine_name), lower(?)) > 0", values: [query.nameContains] });
  }
  return all(parts);
}

/** {@link matching} for a row in hand, and the time as well. */
function matches(row: EventRow, query: EventQuery): boolean {
  const { code, source, hresult, failed, nameContains, from, before } = query;
  const time = row.time as number;
  return (
    (code === undefined || row.code === code) &&
    (source === undefined || row.source === sourceNumber(source)) &&
    (hresult === undefined || row.hresult === hresult) &&
    (failed === undefined || (row.hresult !== 0) === failed) &&
    (from === undefined || time >= from) &&
    (before === undefined || time < before) &&
    (nameContains === undefined || asciiLower(row.machineName).includes(asciiLower(nameContains)))
  );
}

/** As SQLite's lower() does. */
function asciiLower(text: unknown): string {
  return typeof text === "string" ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : "";
}

function all(parts: readonly Condition[]): Condition {
  const nonEmpty = parts.filter(({ sql }) => sql !== "");
  return {
    sql: nonEmpty.map(({ sql }) => sql).join(" AND "),
    values: nonEmpty.flatMap(({ values }) => values),
  };
}

function onlyNumber(cursor: string): number {
  return decodeCursor(cursor, ["number"])[0] as number;
}

function toItem({ previous: _previous, ...row }: EventRow): EventItem {
  return {
    ...row,
    virtual: row.virtual === null ? null : row.virtual !== 0,
    cmid: guidOrNull(row.cmid),
    activationId: guidOrNull(row.activationId),
    applicationId: guidOrNull(row.applicationId),
    source: row.source === null ? null : (CLIENT_SOURCES[row.source as number] ?? "own"),
  } as EventItem;
}

function guidOrNull(octets: string | number | Uint8Array | null): Guid | null {
  return octets instanceof Uint8Array ? guidFromOctets(octets) : null;
}
