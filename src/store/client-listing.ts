import type { Database } from "bun:sqlite";
import { and, asc, desc, eq, gt, gte, lt, ne, type SQL, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { CLIENT_SOURCES } from "../activation/events.ts";
import { HRESULT } from "../protocol/hresult.ts";
import type { Guid } from "../protocol/types.ts";
import { guidFromOctets, guidToOctets, sourceNumber } from "./group.ts";
import {
  type ClientItem,
  type ClientNameItem,
  type ClientQuery,
  decodeCursor,
  encodeCursor,
  PAGE_MAXIMUM,
  type Page,
  pageLimit,
} from "./listing.ts";
import { client, clientName } from "./schema.ts";

/** Sorts behind every other character: the end of what begins with a prefix. */
const LAST_CHARACTER = "\u{10ffff}";

/** Pages by key, never by offset: the thousandth page costs what the first one does. */
export function listClients(database: BunSQLiteDatabase, query: ClientQuery): Page<ClientItem> {
  const limit = pageLimit(query.limit);
  const byName = query.order === "machineName";
  const ordering = byName
    ? [sql`${client.machineName} COLLATE NOCASE`, asc(client.id)]
    : [desc(client.lastSeen), desc(client.id)];
  const rows = database
    .select()
    .from(client)
    .where(and(...conditionsOf(query), continuation(query)))
    .orderBy(...ordering)
    .limit(limit + 1)
    .all();
  const items = rows.slice(0, limit).map((row) => ({
    ...row,
    cmid: guidFromOctets(row.cmid),
    applicationId: guidFromOctets(row.applicationId),
    activationId: guidFromOctets(row.activationId),
    source: CLIENT_SOURCES[row.source] ?? "own",
  }));
  const last = rows.length > limit ? items.at(-1) : undefined;
  if (last === undefined) return { items, next: undefined };
  const key = byName ? last.machineName : last.lastSeen;
  return { items, next: encodeCursor([key, last.id]) };
}

/** The names of one client, most recent first; empty where it had but one (COUNT-10). */
export function listClientNames(
  database: BunSQLiteDatabase,
  cmid: Guid,
): readonly ClientNameItem[] {
  return database
    .select({
      applicationId: client.applicationId,
      machineName: clientName.machineName,
      address: clientName.address,
      firstSeen: clientName.firstSeen,
      lastSeen: clientName.lastSeen,
      requests: clientName.requests,
    })
    .from(clientName)
    .innerJoin(client, eq(client.id, clientName.client))
    .where(eq(client.cmid, guidToOctets(cmid)))
    .orderBy(desc(clientName.lastSeen))
    .limit(PAGE_MAXIMUM)
    .all()
    .map((row) => ({ ...row, applicationId: guidFromOctets(row.applicationId) }));
}

/**
 * Own clients last seen at this time or later whose last request was served: those that a draining
 * host has not sent away yet (HOST-12). Reads them all: half a second for a million.
 */
export function countServedSince(database: Database, time: number): number {
  const sql = "SELECT count(*) FROM client WHERE last_seen >= ? AND source = ? AND last_result = ?";
  const row = database.query(sql).values(time, sourceNumber("own"), HRESULT.success)[0];
  return row?.[0] as number;
}

function continuation({ cursor, order }: ClientQuery): SQL | undefined {
  if (cursor === undefined) return undefined;
  const byName = order === "machineName";
  const [key, id] = decodeCursor(cursor, [byName ? "string" : "number", "number"]);
  return byName
    ? sql`(${client.machineName} COLLATE NOCASE, ${client.id}) > (${key}, ${id})`
    : sql`(${client.lastSeen}, ${client.id}) < (${key}, ${id})`;
}

function conditionsOf(query: ClientQuery): readonly (SQL | undefined)[] {
  const { source, virtual, namePrefix, failed } = query;
  return [
    given(query.cmid, (cmid) => eq(client.cmid, guidToOctets(cmid))),
    given(query.applicationId, (id) => eq(client.applicationId, guidToOctets(id))),
    given(query.activationId, (id) => eq(client.activationId, guidToOctets(id))),
    given(source, (name) => eq(client.source, sourceNumber(name))),
    given(query.licenceState, (state) => eq(client.licenceState, state)),
    given(virtual, (isVirtual) => eq(client.virtual, isVirtual)),
    given(namePrefix, (prefix) => startsWith(prefix)),
    given(query.address, (address) => eq(client.address, address)),
    given(query.seenFrom, (time) => gte(client.lastSeen, time)),
    given(query.seenBefore, (time) => lt(client.lastSeen, time)),
    given(failed, (isFailed) => (isFailed ? ne : eq)(client.lastResult, HRESULT.success)),
    query.severalNames === true ? gt(client.namesSeen, 1) : undefined,
  ];
}

function startsWith(prefix: string): SQL {
  return sql`${client.machineName} COLLATE NOCASE >= ${prefix}
    AND ${client.machineName} COLLATE NOCASE < ${prefix + LAST_CHARACTER}`;
}

function given<Value>(value: Value | undefined, condition: (value: Value) => SQL): SQL | undefined {
  return value === undefined ? undefined : condition(value);
}
