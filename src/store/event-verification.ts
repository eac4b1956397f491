import type { Database } from "bun:sqlite";
import {
  CHAIN_HASH_LENGTH,
  CHAIN_START,
  type ChainReport,
  type ChainSegment,
  type ChainValue,
  ChainVerifier,
} from "../analysis/event-chain.ts";
import { sha256 } from "../platform/hash.ts";
import { EVENT_COLUMNS } from "./event-writer.ts";

/** Entries read at once. */
const PAGE = 1000;

/** Checks the hash chain of the event log as it stands at this moment (EVENT-6). */
export function verifyEvents(database: Database): ChainReport {
  // One moment: entries that come meanwhile, and the end that moves with them, are not looked at.
  database.run("BEGIN");
  try {
    const verifier = new ChainVerifier(sha256, readSegments(database), readHead(database));
    const page = database.query(
      `SELECT ${EVENT_COLUMNS.join(", ")}, hash FROM event WHERE id > ? ORDER BY id LIMIT ${PAGE}`,
    );
    let last = Number.MIN_SAFE_INTEGER;
    for (let isWhole = true; isWhole; ) {
      const rows = page.values(last) as ChainValue[][];
      for (const row of rows) {
        last = row[0] as number;
        isWhole = verifier.take({
          id: last,
          columns: row.slice(0, -1),
          hash: hashOf(row.at(-1)),
        });
        if (!isWhole) break;
      }
      if (rows.length < PAGE) break;
    }
    return verifier.finish();
  } finally {
    database.run("COMMIT");
  }
}

function readSegments(database: Database): readonly ChainSegment[] {
  const rows = database
    .query("SELECT first_id, last_id, anchor FROM event_chain ORDER BY first_id")
    .values() as [number, number | null, ChainValue][];
  return rows.map(([firstId, lastId, anchor]) => ({
    firstId,
    lastId: lastId ?? undefined,
    anchor: hashOf(anchor) ?? CHAIN_START,
  }));
}

function readHead(database: Database): { lastId: number; hash: Uint8Array } {
  const [lastId, hash] = database
    .query("SELECT last_event_id, event_hash FROM figure")
    .values()[0] as [number, ChainValue];
  return { lastId, hash: hashOf(hash) ?? CHAIN_START };
}

/** Anything else in its place is no hash of ours, and matches none. */
function hashOf(value: ChainValue | undefined): Uint8Array | null {
  if (value === null || value === undefined) return null;
  return value instanceof Uint8Array ? value : new Uint8Array(CHAIN_HASH_LENGTH + 1);
}

/** The hash of one entry, to compare with what was noted earlier; undefined where it is gone. */
export function eventHash(database: Database, id: number): Uint8Array | undefined {
  const hash = database.query("SELECT hash FROM event WHERE id = ?").values(id)[0]?.[0];
  return hash instanceof Uint8Array ? hash : undefined;
}
