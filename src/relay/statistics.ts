import type { BreakerState } from "./circuit-breaker.ts";
import type { RelayMode } from "./settings.ts";

/** What became of a call on Microsoft's interface. */
const RELAY_OUTCOMES = [
  /** Logged and refused (observe). */
  "observed",
  /** The stub is not what the operation takes: a fault of ours. */
  "malformed",
  /** A licensed host's response was passed on. */
  "answered",
  /** A licensed host's fault was passed on. */
  "faulted",
  /** No licensed host could be reached. */
  "unavailable",
  /** The licensed host was lost, or did not answer in time, with the call on its way. */
  "failed",
  /** Too many clients at once. */
  "busy",
  /** The client left before there was an answer. */
  "abandoned",
] as const;
export type RelayOutcome = (typeof RELAY_OUTCOMES)[number];

export type UpstreamStatistics = {
  /** `name:port`. */
  readonly name: string;
  readonly breaker: BreakerState;
  /** By the last attempt; undefined before the first. */
  readonly reachable: boolean | undefined;
  /** Why not, in words; undefined where it is. */
  readonly reason: string | undefined;
  /** Connections made, and attempts and calls that failed. */
  readonly connected: number;
  readonly failures: number;
};

/** A relay's figures since its start. */
export type RelayStatistics = {
  readonly mode: RelayMode;
  readonly calls: Readonly<Record<RelayOutcome, number>>;
  /** Calls that wait for a licensed host. */
  readonly callsInFlight: number;
  /** Clients with a connection to a licensed host. */
  readonly connections: number;
  readonly upstreams: readonly UpstreamStatistics[];
};

export function newOutcomeCounts(): Record<RelayOutcome, number> {
  const counts = RELAY_OUTCOMES.map((outcome) => [outcome, 0]);
  return Object.fromEntries(counts) as Record<RelayOutcome, number>;
}
