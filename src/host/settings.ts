import type { Catalogue } from "../activation/catalogue.ts";
import type { HostStanding, Policy } from "../activation/policy.ts";
import type { Sign } from "../platform/signature.ts";

/** What the host signs with, and what vouches for it. */
type HostIdentity = {
  /** 16 octets, from the public key (HOST-2). */
  readonly hostId: Uint8Array;
  readonly sign: Sign;
  /** The licence chain that clients fetch; undefined where there is none (HOST-5). */
  readonly licenceChain: Uint8Array | undefined;
};

/** What may change while the host runs: asked anew for each group of requests. */
export type HostSettings = {
  readonly policy: Policy;
  readonly catalogue: Catalogue;
  readonly standing: HostStanding;
  /** Sends its clients to other hosts (HOST-12). */
  readonly draining: boolean;
  readonly identity: HostIdentity;
  readonly activationIntervalMinutes: number;
  readonly renewalIntervalMinutes: number;
};

/** Limits of a host's queue. */
export type HostLimits = {
  /** Requests that wait for a commit; one more is answered 0x800700AA. */
  readonly waiting: number;
  /** Requests in one commit: signing so many takes about three milliseconds. */
  readonly group: number;
};

export const HOST_LIMITS: HostLimits = { waiting: 4096, group: 256 };
