/**
 * When the count falls below what clients need, if the clients that are silent stay so (COUNT-11):
 * "in labs with high turnover it is important to monitor the count" [P].
 */
import type { Guid } from "../protocol/types.ts";
import { type ClientIntervals, silentFrom } from "./intervals.ts";

/** A client that counts. */
export type ForecastRecord = {
  readonly cmid: Guid;
  /** When the record was made: it lives so long from here (COUNT-6). */
  readonly time: number;
  /** Untrusted text. */
  readonly machineName: string;
  readonly address: string;
  /** Whether the count sufficed when it last asked, so that it comes back as late as it may. */
  readonly isActivated: boolean;
};

/** What a forecast needs to know of an application besides its records. */
export type ForecastFrame = {
  readonly applicationId: Guid;
  readonly now: number;
  readonly intervals: ClientIntervals;
  /** How long a record counts. */
  readonly recordMilliseconds: number;
  /** Records that the cache holds at most (COUNT-7). */
  readonly capacity: number;
  /**
   * Clients that ask regularly and found no room in the cache: they take the room that others
   * leave.
   */
  readonly reserve: number;
  /** Counts that clients need. */
  readonly thresholds: readonly number[];
};

export type LeavingMachine = ForecastRecord & { readonly leavesAt: number };

export type ThresholdForecast = {
  readonly threshold: number;
  /** `below`: it is not reached now. `holds`: whoever is silent, it stays reached. */
  readonly outlook: "holds" | "falls" | "below";
  /** When it falls; undefined unless it does. */
  readonly at: number | undefined;
  /** How many silent machines go until then. */
  readonly leavingTotal: number;
  /** Those machines, the first to go first; named up to a limit. */
  readonly leaving: readonly LeavingMachine[];
};

export type Forecast = {
  readonly applicationId: Guid;
  readonly count: number;
  readonly capacity: number;
  /** Machines that have not asked in their interval. */
  readonly silent: number;
  /** The largest threshold first. */
  readonly thresholds: readonly ThresholdForecast[];
};

/** Machines named in one forecast. */
const LEAVING_NAMED_MAXIMUM = 1000;

/** Takes records as they are read, in any order; a million of them need not be at hand at once. */
export class Forecaster {
  readonly #frame: ForecastFrame;
  readonly #silent: LeavingMachine[] = [];
  #counting = 0;

  constructor(frame: ForecastFrame) {
    this.#frame = frame;
  }

  take(record: ForecastRecord): void {
    const { now, intervals, recordMilliseconds } = this.#frame;
    const leavesAt = record.time + recordMilliseconds;
    if (leavesAt <= now) return;
    this.#counting += 1;
    // From the moment on: a machine on its last minute may still come.
    if (silentFrom(record.time, record.isActivated, intervals) > now) return;
    this.#silent.push({ ...record, leavesAt });
  }

  finish(): Forecast {
    const { applicationId, capacity, reserve, thresholds } = this.#frame;
    this.#silent.sort((one, other) => one.leavesAt - other.leavesAt);
    const count = Math.min(this.#counting, capacity);
    return {
      applicationId,
      count,
      capacity,
      silent: this.#silent.length,
      thresholds: [...new Set(thresholds)]
        .sort((one, other) => other - one)
        .map((threshold) => this.#outlook(threshold, count, reserve)),
    };
  }

  #outlook(threshold: number, count: number, reserve: number): ThresholdForecast {
    const none = { threshold, at: undefined, leavingTotal: 0, leaving: [] };
    if (count < threshold) return { ...none, outlook: "below" };
    const staying = this.#counting - this.#silent.length + reserve;
    if (staying >= threshold) return { ...none, outlook: "holds" };
    const leavingTotal = this.#counting + reserve - threshold + 1;
    const last = this.#silent[leavingTotal - 1];
    const leaving = this.#silent.slice(0, Math.min(leavingTotal, LEAVING_NAMED_MAXIMUM));
    return { threshold, outlook: "falls", at: last?.leavesAt, leavingTotal, leaving };
  }
}

export function forecast(frame: ForecastFrame, records: Iterable<ForecastRecord>): Forecast {
  const forecaster = new Forecaster(frame);
  for (const record of records) forecaster.take(record);
  return forecaster.finish();
}
