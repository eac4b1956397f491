import { TIME_MAXIMUM } from "./octets.ts";
import type { Guid, ProductKeyGroup } from "./types.ts";

/**
 * Who may serve: an authority says by its self-signed certificate who it is, and by a host licence
 * that a host key may serve a product key group (HOST-5, HOST-6, TRUST-2). The octets are in
 * licence-codec.ts; licence-chain.ts says when a chain of the two is believed.
 */

/** Unix milliseconds; from inclusive, until exclusive. */
export type Validity = { readonly validFrom: number; readonly validUntil: number };

/**
 * Without an end on either side. A lab authority vouches for its own box alone: an end would
 * protect nobody, and would stop a box without a battery clock the day its clock is set.
 */
export const UNLIMITED_VALIDITY: Validity = { validFrom: 0, validUntil: TIME_MAXIMUM };

export type AuthorityCertificate = Validity & {
  /** A lab authority that a box made for itself at its first start (TRUST-3). */
  readonly selfIssued: boolean;
  /** 1..63 octets of UTF-8, no control characters. */
  readonly name: string;
  readonly serial: Guid;
  /** 32 octets, Ed25519. */
  readonly publicKey: Uint8Array;
};

export type HostLicence = Validity & {
  readonly group: ProductKeyGroup;
  readonly serial: Guid;
  /** 16 octets, from the authority's public key. */
  readonly authorityId: Uint8Array;
  /** 32 octets, Ed25519. */
  readonly hostPublicKey: Uint8Array;
  /** Printable ASCII, 1..63 octets, as are the next two. */
  readonly extendedPid: string;
  readonly installationId: string;
  /** The last five characters of the key that the host was activated with. */
  readonly partialProductKey: string;
};

export type SignedCertificate = {
  readonly certificate: AuthorityCertificate;
  /** What the signature covers, without its label. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
};

export type SignedLicence = {
  readonly licence: HostLicence;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
};

export type LicenceChain = {
  readonly certificate: AuthorityCertificate;
  readonly licence: HostLicence;
};
