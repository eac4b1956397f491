import type { Database, Statement } from "bun:sqlite";
import { EVENT_CODE, type GeneralEvent } from "../activation/events.ts";
import { CHAIN_START, type ChainValue, EntryHasher } from "../analysis/event-chain.ts";
import { sha256 } from "../platform/hash.ts";
import type { PackedRequest } from "./group.ts";
import type { StatementSet } from "./statement-set.ts";

/** The columns of an entry that its hash covers, in this order (EVENT-6). */
export const EVENT_COLUMNS = [
  "id",
  "time",
  "code",
  "hresult",
  "required_count",
  "machine_name",
  "cmid",
  "client_time",
  "virtual",
  "licence_state",
  "minutes_to_expiration",
  "activation_id",
  "application_id",
  "count",
  "address",
  "source",
  "previous",
  "detail",
] as const;

/** Columns of an entry about no client, between its result and its detail. */
const NO_CLIENT: readonly null[] = EVENT_COLUMNS.slice(4, -1).map(() => null);

/** The end of the log before a transaction: where a failed one goes back to. */
export type LogEnd = { readonly id: number; readonly hash: Uint8Array };

/** Writes entries of the event log, each with the hash that chains it to the one before. */
export class EventWriter {
  readonly #insert: Statement;
  readonly #putEnd: Statement;
  readonly #hasher: EntryHasher | undefined;
  #end: LogEnd;

  /**
   * `chained`: EVENT-6. Switching it off ends a segment of the chain, switching it on begins one.
   */
  constructor(statements: StatementSet, database: Database, chained: boolean) {
    const marks = [...EVENT_COLUMNS, "hash"].map(() => "?").join(", ");
    this.#insert = statements.prepare(
      `INSERT INTO event (${EVENT_COLUMNS.join(", ")}, hash) VALUES (${marks})`,
    );
    this.#putEnd = statements.prepare("UPDATE figure SET last_event_id = ?, event_hash = ?");
    this.#hasher = chained ? new EntryHasher(sha256) : undefined;
    this.#end = readEnd(database);
    turnChain(database, this.#end, chained);
  }

  get end(): LogEnd {
    return this.#end;
  }

  /** The transaction since then was taken back. */
  rollback(end: LogEnd): void {
    this.#end = end;
  }

  /** The id of the next entry. */
  get nextId(): number {
    return this.#end.id + 1;
  }

  /** Enters a request; `previous` is the event of the same client before this one. */
  enterRequest(request: PackedRequest, previous: number | null): void {
    this.#enter([
      this.nextId,
      request.time,
      EVENT_CODE.requestHandled,
      request.hresult,
      request.requiredCount,
      request.machineName,
      idOrNull(request.cmid),
      request.clientTime,
      request.virtual ? 1 : 0,
      request.licenceState,
      request.minutesToExpiration,
      idOrNull(request.activationId),
      idOrNull(request.applicationId),
      request.count,
      request.address,
      request.source,
      previous,
      request.detail === "" ? null : request.detail,
    ]);
  }

  enterGeneral({ code, time, hresult, detail }: GeneralEvent): void {
    // Half a character cannot be kept: what is hashed must be what is read again.
    this.#enter([this.nextId, time, code, hresult, ...NO_CLIENT, detail.toWellFormed()]);
  }

  /** Keeps the end of the log; once per transaction, after its last entry. */
  keepEnd(): void {
    this.#putEnd.run(this.#end.id, this.#end.hash);
  }

  #enter(columns: readonly ChainValue[]): void {
    const hash = this.#hasher?.link(this.#end.hash, columns);
    this.#insert.run(...columns, hash ?? null);
    this.#end = { id: this.#end.id + 1, hash: hash ?? this.#end.hash };
  }
}

function readEnd(database: Database): LogEnd {
  const [given, hash] = database
    .query("SELECT last_event_id, event_hash FROM figure")
    .values()[0] as [number, Uint8Array | null];
  const kept = database.query("SELECT max(id) FROM event").values()[0]?.[0] as number | null;
  return { id: Math.max(given, kept ?? 0), hash: hash ?? CHAIN_START };
}

/** Begins a segment of the chain, or ends the one that was written. */
function turnChain(database: Database, end: LogEnd, chained: boolean): void {
  const isOpen = database.query("SELECT 1 FROM event_chain WHERE last_id IS NULL").get() !== null;
  if (chained && !isOpen) {
    const sql = "INSERT INTO event_chain (first_id, last_id, anchor) VALUES (?, NULL, ?)";
    database.run(sql, [end.id + 1, end.hash]);
  } else if (!chained && isOpen) {
    // A segment without an entry never was.
    database.run("DELETE FROM event_chain WHERE last_id IS NULL AND first_id > ?", [end.id]);
    database.run("UPDATE event_chain SET last_id = ? WHERE last_id IS NULL", [end.id]);
  }
}

/** An id of zeros was not readable or not there: NULL in the log. */
function idOrNull(octets: Uint8Array): Uint8Array | null {
  for (const octet of octets) if (octet !== 0) return octets;
  return null;
}
