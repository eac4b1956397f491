import type { Database } from "bun:sqlite";
import { type Clock, systemClock } from "../platform/clock.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import {
  openForWriting,
  quickCheck,
  type WriterConnection,
  type WriterConnectionOptions,
} from "./connection.ts";
import { type DnsChange, readDnsRecords, writeDnsChange } from "./dns-records.ts";
import { type RetentionLimits, type RetentionSlice, retainSlice } from "./event-retention.ts";
import { GroupWriter, type PackedGroup } from "./group-writer.ts";
import { classify, failureOf, StoreError, type StoreFailure, type StoreHealth } from "./health.ts";
import { type PackedState, readState } from "./saved-state.ts";

/** How long a failed store waits before it tries again: doubled each time, up to a limit. */
export type ProbeDelays = {
  readonly firstMilliseconds: number;
  readonly longestMilliseconds: number;
};

export const PROBE_DELAYS: ProbeDelays = { firstMilliseconds: 250, longestMilliseconds: 30_000 };

export type WriterOptions = WriterConnectionOptions & {
  readonly probeDelays: ProbeDelays;
  /**
   * Whether entries of the event log are chained by their hashes (EVENT-6); by default they are.
   */
  readonly chainEvents?: boolean;
};

export type CommitReceipt = {
  /** Ids follow one another: the requests' in their order, then the general events'. */
  readonly firstEventId: number;
  /** In the inventory now (COUNT-9). */
  readonly clients: number;
};

type Opened = {
  readonly connection: WriterConnection;
  readonly database: Database;
  readonly groups: GroupWriter;
};

/**
 * The writing side of the store, in a thread of its own. When the medium fails, everything is
 * closed, commits are refused, and opening it all again is tried until it works (STORE-6): what
 * was wrong may be over, or the operator may have put a sound file in place.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #onHealthChange: (health: StoreHealth) => void;
  readonly #clock: Clock;
  #health: StoreHealth = { state: "ok" };
  #opened: Opened | undefined;
  #probe: ReturnType<typeof setTimeout> | undefined;
  #delay: number;

  constructor(
    options: WriterOptions,
    onHealthChange: (health: StoreHealth) => void,
    clock: Clock = systemClock,
  ) {
    this.#options = options;
    this.#onHealthChange = onHealthChange;
    this.#clock = clock;
    this.#delay = options.probeDelays.firstMilliseconds;
  }

  get health(): StoreHealth {
    return this.#health;
  }

  /**
   * Throws StoreError for a database that must not be opened; a failing medium is told by health.
   */
  open(): StoreHealth {
    try {
      this.#connect();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      this.#fail(classify(error, this.#options.path));
    }
    return this.#health;
  }

  commit(group: PackedGroup): Result<CommitReceipt, StoreFailure> {
    return this.#write(({ groups }) => groups.write(group));
  }

  /** Takes the oldest entries out of the event log, as many as one slice has (EVENT-4). */
  retainEvents(limits: RetentionLimits): Result<RetentionSlice, StoreFailure> {
    return this.#write(({ database }) => retainSlice(database, limits));
  }

  /** Clients in the inventory (COUNT-9). */
  clients(): number {
    return this.#read(({ groups }) => groups.clients);
  }

  loadState(): PackedState {
    return this.#read(({ database }) => readState(database));
  }

  setting(name: string): string | undefined {
    return this.#read(({ database }) => {
      const row = database.query("SELECT value FROM setting WHERE name = ?").values(name)[0];
      return row?.[0] as string | undefined;
    });
  }

  putSetting(name: string, value: string): Result<undefined, StoreFailure> {
    return this.#write(({ database }) => {
      const sql = "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)";
      database.run(sql, [name, value]);
      return undefined;
    });
  }

  dnsRecords(): DnsChange {
    return this.#read(({ database }) => readDnsRecords(database));
  }

  commitDns(change: DnsChange): Result<undefined, StoreFailure> {
    return this.#write(({ database }) => {
      writeDnsChange(database, change);
      return undefined;
    });
  }

  /** Another thread found the file unsound. */
  condemn(message: string): void {
    if (this.#health.state === "ok") this.#fail(failureOf("corrupt", message));
  }

  close(): void {
    clearTimeout(this.#probe);
    this.#disconnect();
  }

  #write<Value>(write: (opened: Opened) => Value): Result<Value, StoreFailure> {
    if (this.#health.state === "failed") return fail(this.#health);
    if (this.#opened === undefined) return fail(failureOf("fault", "the store is closed"));
    try {
      return ok(write(this.#opened));
    } catch (error) {
      const failure = classify(error, this.#options.path);
      this.#fail(failure);
      return fail(failure);
    }
  }

  #read<Value>(read: (opened: Opened) => Value): Value {
    if (this.#opened === undefined) throw new StoreError("unavailable", "the store has failed");
    try {
      return read(this.#opened);
    } catch (error) {
      const failure = classify(error, this.#options.path);
      this.#fail(failure);
      throw new StoreError("unavailable", failure.message);
    }
  }

  #connect(): void {
    const connection = openForWriting(this.#options);
    const { database } = connection;
    try {
      if (this.#health.state === "failed" && this.#health.reason === "corrupt") {
        const complaints = quickCheck(database);
        if (complaints.length > 0) throw new CorruptFile(complaints.join("; "));
      }
      const groups = new GroupWriter(database, this.#options.chainEvents ?? true);
      this.#opened = { connection, database, groups };
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  #disconnect(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    try {
      opened?.groups.finalize();
      opened?.connection.close();
    } catch {
      // Closing may want to write and cannot; what was acknowledged is in the write-ahead log.
    }
  }

  #fail(failure: StoreFailure): void {
    this.#disconnect();
    this.#setHealth({ state: "failed", since: this.#clock(), ...failure });
    this.#scheduleProbe();
  }

  #scheduleProbe(): void {
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => this.#tryAgain(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, this.#options.probeDelays.longestMilliseconds);
  }

  #tryAgain(): void {
    if (this.#health.state === "ok") return;
    try {
      this.#connect();
    } catch (error) {
      this.#remain(error);
      this.#scheduleProbe();
      return;
    }
    this.#delay = this.#options.probeDelays.firstMilliseconds;
    this.#setHealth({ state: "ok" });
  }

  /** Still failing, perhaps for another reason than before. */
  #remain(error: unknown): void {
    if (this.#health.state === "ok") return;
    const failure =
      error instanceof CorruptFile
        ? failureOf("corrupt", error.message)
        : classify(error, this.#options.path);
    if (failure.reason !== this.#health.reason) {
      this.#setHealth({ state: "failed", since: this.#health.since, ...failure });
    }
  }

  #setHealth(health: StoreHealth): void {
    this.#health = health;
    this.#onHealthChange(health);
  }
}

class CorruptFile extends Error {}
