/** GUID in text form: lower-case `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`. */
export type Guid = string;

/** Licence state that a client reports (HOST-8, EVENT-1). */
export const LICENCE_STATES = [
  "unlicensed",
  "licensed",
  "initialGrace",
  "outOfTolerance",
  "nonGenuineGrace",
  "notification",
] as const;
export type LicenceStateName = (typeof LICENCE_STATES)[number];
/** 0..5, the index into {@link LICENCE_STATES}. */
export type LicenceState = 0 | 1 | 2 | 3 | 4 | 5;

/** A decoded activation request, version 1 (protocol.md). */
export type ActivationRequest = {
  readonly virtual: boolean;
  readonly licenceState: LicenceState;
  readonly minutesToExpiration: number;
  /** The client's threshold, `N policy` (COUNT-2). Untrusted: 0..2^32-1. */
  readonly requiredCount: number;
  readonly applicationId: Guid;
  readonly activationId: Guid;
  /** Client machine id. */
  readonly cmid: Guid;
  /** Unix milliseconds by the client's clock. Untrusted. */
  readonly clientTime: number;
  /** 16 octets, fresh per request. */
  readonly nonce: Uint8Array;
  /** 0..63 octets of UTF-8 on the wire. Untrusted text: may hold control characters. */
  readonly machineName: string;
};

/** What a reply says, before its signature (protocol.md, HOST-2). */
export type ActivationReply = {
  /** Host licensed by a self-issued lab authority (TRUST-3). */
  readonly selfIssued: boolean;
  readonly count: number;
  readonly activationIntervalMinutes: number;
  readonly renewalIntervalMinutes: number;
  /** Unix milliseconds by the host's clock. */
  readonly hostTime: number;
  /** 16 octets, derived from the host's public key. */
  readonly hostId: Uint8Array;
};

/**
 * Product key groups, least inclusive first: a host key serves its own group and every group
 * before it (HOST-6). The index is the group's number in licences on the wire.
 */
export const PRODUCT_KEY_GROUPS = ["clientVolume", "serverA", "serverB", "serverC"] as const;
export type ProductKeyGroup = (typeof PRODUCT_KEY_GROUPS)[number];
