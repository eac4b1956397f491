import type { Guid } from "../protocol/types.ts";

/** Event codes: the originals' own [E], and ours from 13000 on. */
export const EVENT_CODE = {
  /** A client sent a request (EVENT-2). */
  requestSent: 12288,
  /** A client received a reply (EVENT-2). */
  replyReceived: 12289,
  /** A request reached the host (EVENT-1). */
  requestHandled: 12290,
  /** Publishing in DNS failed (EVENT-3). */
  publicationFailed: 12293,
  publicationSucceeded: 12294,
  /** An administrator reset the count (COUNT-12). */
  countReset: 13000,
  /** A licensed host that clients are relayed to cannot be reached, or can again (RELAY-3). */
  upstreamUnreachable: 13010,
  upstreamReachable: 13011,
  /** Something an operator must look at, and its end (REPORT-3). */
  alertRaised: 13020,
  alertCleared: 13021,
} as const;

/** Where a client's request went: to this host, or to a genuine host's interface (RELAY-4). */
export const CLIENT_SOURCES = ["own", "observed", "relayed"] as const;
export type ClientSource = (typeof CLIENT_SOURCES)[number];

/**
 * 12290: a request that reached the host, in the original's fields and order, and what we add:
 * the count answered, the application, where it came from (EVENT-1). Of a request that could not
 * be read, the ids are zero and `detail` says why.
 */
export type RequestEvent = {
  /** Unix milliseconds by the host's clock. */
  readonly time: number;
  readonly hresult: number;
  readonly requiredCount: number;
  /** Untrusted text. */
  readonly machineName: string;
  readonly cmid: Guid;
  /** Unix milliseconds by the client's clock. Untrusted; within the range of ECMAScript dates. */
  readonly clientTime: number;
  readonly virtual: boolean;
  /** As reported: 0..5 have names in LICENCE_STATES. */
  readonly licenceState: number;
  readonly minutesToExpiration: number;
  readonly activationId: Guid;
  readonly applicationId: Guid;
  /** 0 where the request failed. */
  readonly count: number;
  /** Numeric, without port. */
  readonly peerAddress: string;
  /** Empty, or what the fields cannot say. */
  readonly detail: string;
};

/** Any other entry of the event log. */
export type GeneralEvent = {
  readonly code: number;
  readonly time: number;
  readonly hresult: number;
  readonly detail: string;
};
