/**
 * What is to be sent to other DNS servers, and when (DNS-6): facts and time in, jobs out. What this
 * host put there is remembered record by record, for nothing else may be taken away: the SRV set
 * belongs to all hosts together.
 */
import { type Name, nameToText } from "../name.ts";

/** Data of a record that this host stands for. */
export type OwnData = { readonly type: number; readonly rdata: Uint8Array };

/** The records of this host under one name; none: they are withdrawn. */
export type Wish = {
  readonly name: Name;
  readonly ttl: number;
  readonly records: readonly OwnData[];
};

/** Take these away and put those there, in one update. */
export type Job = {
  readonly name: Name;
  readonly ttl: number;
  readonly remove: readonly OwnData[];
  readonly add: readonly OwnData[];
};

export type PublicationFailure = {
  /** As far as they were found. */
  readonly zone: string | undefined;
  readonly server: string | undefined;
  /** `REFUSED`, or words. */
  readonly reason: string;
  /** The same as Windows says it: 0x8007232D. */
  readonly hresult: number;
};

export type JobOutcome =
  | { readonly ok: true; readonly zone: string; readonly server: string }
  | ({ readonly ok: false } & PublicationFailure);

export type ScheduleOptions = {
  /** Everything is sent again as often, as the originals do. */
  readonly refreshMs: number;
  /** From 0 up to 1: spreads hosts that failed together. */
  readonly random: () => number;
};

/** How a name stands, for reports. */
export type PublicationStanding = {
  readonly name: string;
  readonly state: "published" | "withdrawn" | "failed" | "pending";
  /** Of the last attempt. */
  readonly zone: string | undefined;
  readonly server: string | undefined;
  /** Why it failed. */
  readonly reason: string | undefined;
  /** Unix milliseconds of the last success; undefined before. */
  readonly succeededAt: number | undefined;
  readonly failures: number;
};

/** Delay after the first failure; doubled with each, and shortened by up to half at random. */
export const FIRST_RETRY_MS = 5000;
export const LONGEST_RETRY_MS = 3_600_000;

type Unit = {
  readonly name: Name;
  wish: Wish;
  /** What may be there of ours: sent at some time, and not seen to be gone. */
  present: readonly OwnData[];
  running: Job | undefined;
  dueAt: number;
  failures: number;
  outcome: JobOutcome | undefined;
  succeededAt: number | undefined;
};

export class PublicationSchedule {
  readonly #options: ScheduleOptions;
  readonly #units = new Map<string, Unit>();

  /** `remembered`: what an earlier run left, by name. */
  constructor(options: ScheduleOptions, remembered: readonly Wish[] = []) {
    this.#options = options;
    for (const { name, ttl, records } of remembered) {
      this.#units.set(nameToText(name).toLowerCase(), {
        ...this.#unit({ name, ttl, records: [] }),
        present: records,
      });
    }
  }

  #unit(wish: Wish): Unit {
    return {
      name: wish.name,
      wish,
      present: [],
      running: undefined,
      dueAt: Number.POSITIVE_INFINITY,
      failures: 0,
      outcome: undefined,
      succeededAt: undefined,
    };
  }

  /** The facts of now, all of them: a name that is no longer among them is withdrawn. */
  want(wishes: readonly Wish[], now: number): void {
    const wanted = new Map(wishes.map((wish) => [nameToText(wish.name).toLowerCase(), wish]));
    for (const [key, wish] of wanted) {
      const unit = this.#units.get(key) ?? this.#unit({ ...wish, records: [] });
      this.#units.set(key, unit);
      this.#wish(unit, wish, now);
    }
    for (const [key, unit] of this.#units) {
      if (!wanted.has(key)) this.#wish(unit, { ...unit.wish, records: [] }, now);
    }
  }

  #wish(unit: Unit, wish: Wish, now: number): void {
    const isNew = !isSameData(unit.wish.records, wish.records) || unit.wish.ttl !== wish.ttl;
    const isLeft = unit.dueAt === Number.POSITIVE_INFINITY && unit.running === undefined;
    const isUnsettled = isLeft && !isSameData(unit.present, wish.records);
    unit.wish = wish;
    if (!isNew && !isUnsettled) return;
    unit.failures = 0;
    unit.dueAt = wish.records.length === 0 && unit.present.length === 0 ? unit.dueAt : now;
  }

  /** Jobs that are due; each runs until {@link settle} hears of it. */
  take(now: number): readonly Job[] {
    const jobs: Job[] = [];
    for (const unit of this.#units.values()) {
      if (unit.running !== undefined || unit.dueAt > now) continue;
      const { name, ttl, records } = unit.wish;
      const remove = unit.present.filter((data) => !includes(records, data));
      unit.dueAt = Number.POSITIVE_INFINITY;
      if (remove.length === 0 && records.length === 0) continue;
      unit.running = { name, ttl, remove, add: records };
      // Whatever the answer will be, or if none comes: it may be there.
      unit.present = [...remove, ...records];
      jobs.push(unit.running);
    }
    return jobs;
  }

  settle(job: Job, outcome: JobOutcome, now: number): void {
    const unit = this.#units.get(nameToText(job.name).toLowerCase());
    if (unit?.running !== job) return;
    unit.running = undefined;
    unit.outcome = outcome;
    const hasChanged = unit.dueAt <= now;
    if (outcome.ok) {
      unit.present = job.add;
      unit.failures = 0;
      unit.succeededAt = now;
      if (!hasChanged && job.add.length > 0) unit.dueAt = now + this.#options.refreshMs;
      return;
    }
    unit.failures += 1;
    if (!hasChanged) unit.dueAt = now + this.#retryDelay(unit.failures);
  }

  #retryDelay(failures: number): number {
    const longest = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    return longest * (1 - this.#options.random() / 2);
  }

  /** What may be at other servers of this host, to be remembered over a restart. */
  present(): readonly Wish[] {
    return [...this.#units.values()].flatMap(({ name, wish, present }) =>
      present.length === 0 ? [] : [{ name, ttl: wish.ttl, records: present }],
    );
  }

  /** Whether anything of what is wanted was not achieved yet. */
  isSettled(): boolean {
    return [...this.#units.values()].every(
      ({ running, wish, present }) =>
        running === undefined && (wish.records.length > 0 || present.length === 0),
    );
  }

  standings(): readonly PublicationStanding[] {
    return [...this.#units.values()].map(({ name, wish, outcome, succeededAt, failures }) => {
      const done = wish.records.length > 0 ? "published" : "withdrawn";
      const state = outcome === undefined ? "pending" : outcome.ok ? done : "failed";
      return {
        name: nameToText(name),
        state,
        zone: outcome?.zone,
        server: outcome?.server,
        reason: outcome?.ok === false ? outcome.reason : undefined,
        succeededAt,
        failures,
      };
    });
  }
}

function includes(records: readonly OwnData[], { type, rdata }: OwnData): boolean {
  return records.some((other) => other.type === type && Buffer.compare(other.rdata, rdata) === 0);
}

function isSameData(first: readonly OwnData[], second: readonly OwnData[]): boolean {
  return first.length === second.length && first.every((data) => includes(second, data));
}
