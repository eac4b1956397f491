import type { GeneralEvent } from "../activation/events.ts";
import type { Figures } from "../activation/figures.ts";
import type { SavedState } from "../activation/state.ts";
import type { PublicationFailure } from "../analysis/alerts.ts";
import type { DuplicateCmid } from "../analysis/duplicates.ts";
import type { ActivityCount, LicensingOptions, LicensingReport } from "../analysis/reports.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { fail, type Result } from "../platform/result.ts";
import type { Guid } from "../protocol/types.ts";
import type {
  ActivityQuery,
  ApplicationForecast,
  DuplicatesQuery,
  ForecastQuery,
  NewClientsQuery,
} from "./analysis-queries.ts";
import type { DnsChange } from "./dns-records.ts";
import type { RetentionLimits, RetentionSlice } from "./event-retention.ts";
import { type CommitGroup, packRequests } from "./group.ts";
import { failureOf, type StoreError, type StoreFailure, type StoreHealth } from "./health.ts";
import type {
  ClientItem,
  ClientNameItem,
  ClientQuery,
  EventItem,
  EventQuery,
  Page,
} from "./listing.ts";
import type { ReaderCalls, Totals } from "./reader-thread.ts";
import { unpackState } from "./saved-state.ts";
import { Thread } from "./thread.ts";
import { type CommitReceipt, PROBE_DELAYS, type ProbeDelays } from "./writer.ts";
import type { WriterCalls } from "./writer-thread.ts";

export type StoreOptions = {
  /** The database file; its folder is made where it is missing. */
  readonly path: string;
  /** Of the database file, in pages of 4 KiB; beyond it the store is full. */
  readonly maximumPages?: number;
  readonly probeDelays?: ProbeDelays;
  /** Chains the entries of the event log by their hashes (EVENT-6); by default it does. */
  readonly chainEvents?: boolean;
  readonly clock?: Clock;
};

/** A group that is on the medium. */
export type StoredGroup = CommitReceipt & { readonly group: CommitGroup };

/**
 * What is kept (STORE-1 to STORE-6). Every call is asynchronous: writing, reading and analysing
 * have a thread each. What cannot be read now rejects with StoreError; a commit never rejects.
 */
export type Store = {
  /** Stores the whole group or none of it; resolved when it is on the medium (STORE-1). */
  readonly commit: (group: CommitGroup) => Promise<Result<CommitReceipt, StoreFailure>>;
  /** An entry of the log that is about no request: publishing in DNS, for example (EVENT-3). */
  readonly logEvent: (event: GeneralEvent) => Promise<Result<CommitReceipt, StoreFailure>>;
  /** What the rules start from, and start again from after a failure. */
  readonly loadState: () => Promise<SavedState>;
  /** In the inventory (COUNT-9); nothing is read. Undefined until the store could say it once. */
  readonly clientsKnown: () => number | undefined;
  readonly figures: () => Promise<Figures>;
  readonly totals: () => Promise<Totals>;
  /** Own clients last seen at this time or later whose last request was served (HOST-12). */
  readonly clientsServedSince: (time: number) => Promise<number>;
  readonly clients: (query?: ClientQuery) => Promise<Page<ClientItem>>;
  readonly clientNames: (cmid: Guid) => Promise<readonly ClientNameItem[]>;
  readonly events: (query?: EventQuery) => Promise<Page<EventItem>>;
  /** Client ids that several machines share (COUNT-10). */
  readonly duplicates: (query: DuplicatesQuery) => Promise<readonly DuplicateCmid[]>;
  /** When each application's count falls below what its clients need (COUNT-11). */
  readonly forecasts: (query: ForecastQuery) => Promise<readonly ApplicationForecast[]>;
  /** Requests by day, product and outcome, for `activityReport` (REPORT-1). */
  readonly activity: (query: ActivityQuery) => Promise<readonly ActivityCount[]>;
  readonly licensing: (options: LicensingOptions) => Promise<LicensingReport>;
  /** Clients that are new since a time, counted up to a limit. */
  readonly newClients: (query: NewClientsQuery) => Promise<number>;
  /** Publications in DNS that fail now, by the event log (EVENT-3). */
  readonly publicationFailures: () => Promise<readonly PublicationFailure[]>;
  /** One small step of retention (EVENT-4), between two groups; to be called until it is done. */
  readonly retainEvents: (limits: RetentionLimits) => Promise<Result<RetentionSlice, StoreFailure>>;
  /** A value kept for the installation, by name: its id, and what an operator set while it ran. */
  readonly setting: (name: string) => Promise<string | undefined>;
  readonly putSetting: (name: string, value: string) => Promise<Result<undefined, StoreFailure>>;
  /** Every DNS record that came by update, and the serials reserved (DNS-7). */
  readonly dnsRecords: () => Promise<DnsChange>;
  /** Stores all of it or nothing; resolved when it is on the medium. */
  readonly commitDns: (change: DnsChange) => Promise<Result<undefined, StoreFailure>>;
  readonly health: () => StoreHealth;
  /** Told of each change; returns what ends it. */
  readonly onHealthChange: (listener: (health: StoreHealth) => void) => () => void;
  /** Told of each group once it is on the medium, in order; returns what ends it. */
  readonly onStored: (listener: (stored: StoredGroup) => void) => () => void;
  /** Writes a verified copy while serving (STORE-4); rejects with StoreError `backup`. */
  readonly backup: (path: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/**
 * Opens the store. Rejects with StoreError where the database must not be opened (newer, foreign,
 * in use, not migratable); a medium that fails is told by `health()`, and tried again (STORE-6).
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const store = new ThreadedStore(options);
  await store.open();
  return store;
}

/** Three threads on one file: the writer, and two readers beside it. */
class ThreadedStore implements Store {
  readonly #options: StoreOptions;
  readonly #clock: Clock;
  readonly #healthListeners = new Set<(health: StoreHealth) => void>();
  readonly #storedListeners = new Set<(stored: StoredGroup) => void>();
  #health: StoreHealth = { state: "ok" };
  #writer: Thread<WriterCalls>;
  #reader: Thread<ReaderCalls>;
  /** Reads too; what it is asked may take seconds, and listings do not wait for it. */
  #analyst: Thread<ReaderCalls>;
  #clients: number | undefined;
  #isClosed = false;
  #isReplacing = false;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#writer = this.#startWriter();
    this.#reader = this.#startReader((reader) => {
      this.#reader = reader;
    });
    this.#analyst = this.#startReader((reader) => {
      this.#analyst = reader;
    });
  }

  async open(): Promise<void> {
    try {
      this.#health = await this.#openWriter();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#health.state !== "ok") return;
    await this.#check();
    await this.#countClients();
  }

  readonly commit = async (group: CommitGroup): Promise<Result<CommitReceipt, StoreFailure>> => {
    const { effect, resets, general } = group;
    const requests = packRequests(group.requests, effect?.applications);
    const packed = { requests, effect, resets, general };
    const outcome = await this.#writing(() => this.#writer.call("commit", packed, [requests]));
    if (outcome.ok) {
      this.#clients = outcome.value.clients;
      for (const listener of this.#storedListeners) listener({ ...outcome.value, group });
    }
    return outcome;
  };

  readonly logEvent = (event: GeneralEvent): Promise<Result<CommitReceipt, StoreFailure>> =>
    this.commit({ requests: [], effect: undefined, resets: [], general: [event] });

  readonly loadState = async (): Promise<SavedState> => {
    return unpackState(await this.#writer.call("loadState", undefined));
  };

  readonly clientsKnown = (): number | undefined => this.#clients;

  readonly figures = (): Promise<Figures> => this.#reader.call("figures", undefined);

  readonly totals = (): Promise<Totals> => this.#reader.call("totals", undefined);

  readonly clientsServedSince = (time: number): Promise<number> =>
    this.#analyst.call("clientsServedSince", time);

  readonly clients = (query: ClientQuery = {}): Promise<Page<ClientItem>> =>
    this.#reader.call("clients", query);

  readonly clientNames = (cmid: Guid): Promise<readonly ClientNameItem[]> =>
    this.#reader.call("clientNames", cmid);

  readonly events = (query: EventQuery = {}): Promise<Page<EventItem>> =>
    this.#reader.call("events", query);

  readonly duplicates = (query: DuplicatesQuery): Promise<readonly DuplicateCmid[]> =>
    this.#analyst.call("duplicates", query);

  readonly forecasts = (query: ForecastQuery): Promise<readonly ApplicationForecast[]> =>
    this.#analyst.call("forecasts", query);

  readonly activity = (query: ActivityQuery): Promise<readonly ActivityCount[]> =>
    this.#analyst.call("activity", query);

  readonly licensing = (options: LicensingOptions): Promise<LicensingReport> =>
    this.#analyst.call("licensing", options);

  readonly newClients = (query: NewClientsQuery): Promise<number> =>
    this.#analyst.call("newClients", query);

  readonly publicationFailures = (): Promise<readonly PublicationFailure[]> =>
    this.#analyst.call("publicationFailures", undefined);

  readonly retainEvents = (
    limits: RetentionLimits,
  ): Promise<Result<RetentionSlice, StoreFailure>> =>
    this.#writing(() => this.#writer.call("retainEvents", limits));

  readonly setting = (name: string): Promise<string | undefined> =>
    this.#writer.call("setting", name);

  readonly putSetting = (name: string, value: string): Promise<Result<undefined, StoreFailure>> =>
    this.#writing(() => this.#writer.call("putSetting", { name, value }));

  readonly dnsRecords = (): Promise<DnsChange> => this.#writer.call("dnsRecords", undefined);

  readonly commitDns = (change: DnsChange): Promise<Result<undefined, StoreFailure>> =>
    this.#writing(() => this.#writer.call("commitDns", change));

  readonly health = (): StoreHealth => this.#health;

  readonly onHealthChange = (listener: (health: StoreHealth) => void): (() => void) => {
    this.#healthListeners.add(listener);
    return () => this.#healthListeners.delete(listener);
  };

  readonly onStored = (listener: (stored: StoredGroup) => void): (() => void) => {
    this.#storedListeners.add(listener);
    return () => this.#storedListeners.delete(listener);
  };

  /** In a thread of its own: copying takes as long as it takes, and listings go on. */
  readonly backup = async (path: string): Promise<void> => {
    const copier = new Thread<ReaderCalls>("reader-thread", ignore, ignore);
    try {
      await copier.call("open", this.#options.path);
      await copier.call("backup", path);
    } finally {
      copier.terminate();
    }
  };

  readonly close = async (): Promise<void> => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // The writer last: whoever closes last folds the write-ahead log into the database.
    for (const reader of [this.#reader, this.#analyst]) {
      await reader.call("close", undefined).catch(ignore);
      reader.terminate();
    }
    await this.#writer.call("close", undefined).catch(ignore);
    this.#writer.terminate();
  };

  async #writing<Value>(
    write: () => Promise<Result<Value, StoreFailure>>,
  ): Promise<Result<Value, StoreFailure>> {
    if (this.#health.state === "failed") return fail(this.#health);
    try {
      return await write();
    } catch (error) {
      // The thread is gone, and with it the answer; whether the group is stored, nobody knows.
      return fail(failureOf("fault", error instanceof Error ? error.message : String(error)));
    }
  }

  #openWriter(): Promise<StoreHealth> {
    const { path, maximumPages, probeDelays = PROBE_DELAYS, chainEvents = true } = this.#options;
    return this.#writer.call("open", { path, maximumPages, probeDelays, chainEvents });
  }

  #startWriter(): Thread<WriterCalls> {
    const onNotice = (notice: unknown) => this.#setHealth(notice as StoreHealth);
    return new Thread<WriterCalls>("writer-thread", onNotice, () => void this.#replaceWriter());
  }

  /** One that dies is replaced. */
  #startReader(replace: (reader: Thread<ReaderCalls>) => void): Thread<ReaderCalls> {
    const reader = new Thread<ReaderCalls>("reader-thread", ignore, () => {
      if (!this.#isClosed) replace(this.#startReader(replace));
    });
    reader.call("open", this.#options.path).catch(ignore);
    return reader;
  }

  /** A thread that died takes no acknowledged commit with it; another one takes its place. */
  async #replaceWriter(): Promise<void> {
    if (this.#isReplacing) return;
    this.#isReplacing = true;
    const { firstMilliseconds, longestMilliseconds } = this.#options.probeDelays ?? PROBE_DELAYS;
    let delay = firstMilliseconds;
    while (!this.#isClosed) {
      const failure = failureOf("fault", "the writing thread ended");
      this.#setHealth({ state: "failed", since: this.#clock(), ...failure });
      await Bun.sleep(delay);
      if (this.#isClosed) return;
      delay = Math.min(delay * 2, longestMilliseconds);
      this.#writer = this.#startWriter();
      const health = await this.#openWriter().catch(() => undefined);
      if (health !== undefined) {
        this.#isReplacing = false;
        return this.#setHealth(health);
      }
      this.#writer.terminate();
    }
  }

  /** A file that is not sound must not be counted from (STORE-6). */
  async #check(): Promise<void> {
    const complaints = await this.#reader
      .call("check", undefined)
      .catch((error: StoreError) => [error.message]);
    if (complaints.length > 0) await this.#writer.call("condemn", complaints.join("; "));
  }

  /** Once; then each receipt says it, and both come in the writer's order. */
  async #countClients(): Promise<void> {
    const clients = await this.#writer.call("clients", undefined).catch(() => undefined);
    if (clients !== undefined) this.#clients = clients;
  }

  #setHealth(health: StoreHealth): void {
    this.#health = health;
    if (health.state === "ok") void this.#countClients();
    // Whatever file the readers have open may no longer be the one that lies there.
    this.#reader.call("open", this.#options.path).catch(ignore);
    this.#analyst.call("open", this.#options.path).catch(ignore);
    for (const listener of this.#healthListeners) listener(health);
  }
}

function ignore(): void {}

export { StoreError } from "./health.ts";
