import type { Database } from "bun:sqlite";
import { listEvents } from "./event-listing.ts";
import type { EventItem, EventQuery } from "./listing.ts";
import { PAGE_MAXIMUM } from "./listing.ts";

/** What is exported: the filters of a listing, without its paging. */
export type EventFilter = Omit<EventQuery, "limit" | "cursor" | "after">;

/** Entries behind the first id, up to the second with it. */
export type EventRange = { readonly after: number; readonly upTo: number };

/**
 * Every entry that matches, of a range of ids where one is given, oldest first (EVENT-5). One page
 * is at hand at a time, but for the entries of one client, which are found from the newest on.
 */
export function* exportEvents(
  database: Database,
  filter: EventFilter,
  range?: EventRange,
): Generator<EventItem> {
  const { from, before, cmid, ...rest } = filter;
  if (cmid !== undefined && range === undefined) {
    yield* newestEvents(database, filter, Number.POSITIVE_INFINITY);
    return;
  }
  let after = range?.after ?? firstId(database, from) - 1;
  const newest = database.query("SELECT max(id) FROM event").values()[0]?.[0] as number | null;
  const end = range?.upTo ?? newest ?? 0;
  while (after < end) {
    const { items } = listEvents(database, { ...rest, after, limit: PAGE_MAXIMUM });
    for (const item of items) {
      const isWithin =
        (from ?? item.time) <= item.time && item.time < (before ?? Number.POSITIVE_INFINITY);
      if (isWithin && item.id <= end && (cmid ?? item.cmid) === item.cmid) yield item;
    }
    if (items.length < PAGE_MAXIMUM) return;
    after = items.at(-1)?.id ?? end;
  }
}

/** The newest `limit` entries that match, oldest of them first. */
export function newestEvents(
  database: Database,
  filter: EventFilter,
  limit: number,
): readonly EventItem[] {
  const found: EventItem[] = [];
  let cursor: string | undefined;
  do {
    const page = { limit: Math.min(PAGE_MAXIMUM, limit - found.length) };
    const query = { ...filter, ...page, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next } = listEvents(database, query);
    found.push(...items);
    cursor = next;
  } while (cursor !== undefined && found.length < limit);
  return found.reverse();
}

/** A clock can have been set back: the first entry is the one of the lowest id, not of the time. */
function firstId(database: Database, from: number | undefined): number {
  if (from === undefined) return 0;
  const sql = "SELECT min(id) FROM event INDEXED BY event_time WHERE time >= ?";
  const first = database.query(sql).values(from)[0]?.[0] as number | null;
  return first ?? Number.MAX_SAFE_INTEGER;
}
