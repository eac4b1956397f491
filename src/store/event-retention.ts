import type { Database } from "bun:sqlite";
import { pragmaNumber } from "./migrate.ts";

/** What may stay in the event log (EVENT-4). */
export type RetentionLimits = {
  /** Entries before this time go: Unix milliseconds. */
  readonly deadline: number;
  /**
   * Entries from later than this were entered under a wrong clock, and go with their neighbours.
   */
  readonly now: number;
  /** What the entries and their indexes may take of the medium, in octets. */
  readonly maximumOctets: number;
};

export type RetentionSlice = {
  readonly removed: number;
  /** Nothing more has to go now. */
  readonly isDone: boolean;
};

/** Entries taken out in one transaction: less than a millisecond with its commit. */
const SLICE_ENTRIES = 128;
/** Pages given back to the file system in one go: half a MiB is moved at most. */
const SLICE_PAGES = 64;
/** Free pages that stay for what comes next: 2 MiB. */
const FREE_PAGES_KEPT = 512;
/** Entries whose size stands for all: so many of the oldest, and of the newest. */
const SAMPLE = 32;
/**
 * What an entry takes besides its texts and ids: record header, integers, its share of two or
 * three index entries and of pages not quite full.
 */
const ENTRY_OCTETS = 76;

/**
 * One small step of retention: removes the oldest entries that must go, or else gives free pages
 * back. Small, because a group of requests may be waiting behind it. The figures of HOST-8 are kept
 * elsewhere and do not change. Entries go strictly from the oldest on, so that the hash chain stays
 * whole behind its new anchor (EVENT-6).
 */
export function retainSlice(database: Database, limits: RetentionLimits): RetentionSlice {
  const last = lastToRemove(database, limits);
  if (last === undefined) return { removed: 0, isDone: giveBack(database) };
  database.run("BEGIN IMMEDIATE");
  try {
    moveAnchors(database, last);
    const { changes } = database.run("DELETE FROM event WHERE id <= ?", [last]);
    database.run("COMMIT");
    return { removed: changes, isDone: false };
  } catch (error) {
    if (database.inTransaction) database.run("ROLLBACK");
    throw error;
  }
}

/** The newest entry of this slice that must go; undefined where none must. */
function lastToRemove(database: Database, limits: RetentionLimits): number | undefined {
  // Two questions: SQLite answers min and max at once by reading every entry.
  const ends = "SELECT (SELECT min(id) FROM event), (SELECT max(id) FROM event)";
  const [oldest, newest] = database.query(ends).values()[0] as [number | null, number | null];
  if (oldest === null || newest === null) return undefined;
  const limit = Math.min(oldest + SLICE_ENTRIES - 1, newest);
  // The plus sign: a walk by id, oldest first, as against by the index on time.
  const sql = `SELECT min(id) FROM event WHERE id >= ? AND id <= ? AND +time >= ? AND +time <= ?`;
  const { deadline, now, maximumOctets } = limits;
  const firstYoung = database.query(sql).values(oldest, limit, deadline, now)[0]?.[0] as
    | number
    | null;
  const byAge = firstYoung === null ? limit : firstYoung - 1;
  // Ids have no gaps: so many ids are so many entries.
  const fitting = Math.floor(maximumOctets / octetsPerEntry(database));
  const bySize = Math.min(newest - fitting, limit);
  const last = Math.max(byAge, bySize);
  return last < oldest ? undefined : last;
}

/** About what one entry takes of the medium. */
function octetsPerEntry(database: Database): number {
  const sizes = `length(CAST(coalesce(machine_name, '') AS BLOB))
    + length(CAST(coalesce(detail, '') AS BLOB)) + length(coalesce(address, ''))
    + length(coalesce(cmid, x'')) + length(coalesce(activation_id, x''))
    + length(coalesce(application_id, x'')) + length(coalesce(hash, x''))`;
  const sample = (order: string) => `SELECT * FROM (SELECT * FROM event ORDER BY id ${order}
    LIMIT ${SAMPLE})`;
  const sql = `SELECT avg(${sizes}) FROM (${sample("ASC")} UNION ALL ${sample("DESC")})`;
  const average = database.query(sql).values()[0]?.[0] as number | null;
  return ENTRY_OCTETS + (average ?? 0);
}

/** The chain's segments begin behind `last` from now on; those that end before it are over. */
function moveAnchors(database: Database, last: number): void {
  const hash = database.query("SELECT hash FROM event WHERE id = ?").values(last)[0]?.[0];
  database.run("DELETE FROM event_chain WHERE last_id <= ?", [last]);
  if (!(hash instanceof Uint8Array)) return;
  database.run("UPDATE event_chain SET first_id = ?, anchor = ? WHERE first_id <= ?", [
    last + 1,
    hash,
    last,
  ]);
}

/** Gives pages back that nothing will fill soon; true where there are none. */
function giveBack(database: Database): boolean {
  const free = pragmaNumber(database, "freelist_count");
  if (free <= FREE_PAGES_KEPT) return true;
  // To its end: each step of the statement frees one page.
  database.query(`PRAGMA incremental_vacuum(${SLICE_PAGES})`).all();
  return free - SLICE_PAGES <= FREE_PAGES_KEPT;
}
