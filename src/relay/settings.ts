import type { HostAddress } from "../client/host-address.ts";
import type { Endpoint } from "../platform/endpoint.ts";

/**
 * What becomes of genuine clients (RELAY-1). `off`: their interface is not there. `observe`: logged
 * and refused. `relay`: passed to the operator's own licensed hosts.
 */
export const RELAY_MODES = ["off", "observe", "relay"] as const;
export type RelayMode = (typeof RELAY_MODES)[number];

/** How long and how much. Times in milliseconds. */
export type RelayLimits = {
  /** For a connection to one licensed host, look-up of its name and bind included. */
  readonly connectMilliseconds: number;
  /** From the arrival of a request to its answer, whatever is tried meanwhile. */
  readonly callMilliseconds: number;
  /** Clients with a connection to a licensed host; one more is told that the server is busy. */
  readonly connections: number;
  /** Failures in a row after which a licensed host is left alone for a while. */
  readonly failures: number;
  /** For how long; then one connection at a time tries it again. */
  readonly retryMilliseconds: number;
  /** Stub octets of one reply; genuine ones have some hundred. */
  readonly replyOctets: number;
  /** How long the hosts that a look-up found are used before the next one. */
  readonly lookupMilliseconds: number;
};

export const DEFAULT_RELAY_LIMITS: RelayLimits = {
  connectMilliseconds: 3_000,
  callMilliseconds: 15_000,
  connections: 2_048,
  failures: 3,
  retryMilliseconds: 30_000,
  replyOctets: 64 * 1024,
  lookupMilliseconds: 600_000,
};

/** Licensed hosts of one relay at most, those that a look-up found included. */
export const UPSTREAMS_MAXIMUM = 16;

export type RelaySettings = {
  readonly mode: RelayMode;
  /** Licensed hosts, in the order in which they are tried. */
  readonly upstreams: readonly HostAddress[];
  /** A domain whose `_vlmcs._tcp` names further ones, tried after those. */
  readonly discover: string | undefined;
  /** Answers look-ups of that record and of names; the system does names where it is left out. */
  readonly resolver: Endpoint | undefined;
  readonly limits: RelayLimits;
};
