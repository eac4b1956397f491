import type { Sha256 } from "../platform/hash.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { SEED_LENGTH, signingKeyFromSeed } from "../platform/signature.ts";
import { randomGuid } from "../protocol/guid.ts";
import { authorityIdOf } from "../protocol/host-id.ts";
import type { AuthorityCertificate, Validity } from "../protocol/licence.ts";
import { encodeCertificate, encodeChain, encodeLicence } from "../protocol/licence-codec.ts";
import type { ProductKeyGroup } from "../protocol/types.ts";
import { formatExtendedPid } from "./extended-pid.ts";

/** An authority that can sign: its secret, and the certificate that others know it by. */
export type Authority = {
  readonly seed: Uint8Array;
  readonly certificate: AuthorityCertificate;
  /** As it stands in chains. */
  readonly certificateBytes: Uint8Array;
};

/** What an authority is asked to license. */
export type LicenceOrder = Validity & {
  readonly hostPublicKey: Uint8Array;
  readonly installationId: string;
  readonly group: ProductKeyGroup;
  readonly partialProductKey: string;
  /** Unix milliseconds, in the extended PID. */
  readonly issuedAt: number;
};

export type AuthorityOrder = Validity & {
  readonly name: string;
  readonly selfIssued: boolean;
};

/** Draws a root key pair and signs its certificate. */
export function createAuthority(order: AuthorityOrder, randomBytes: RandomBytes): Authority {
  const seed = randomBytes(SEED_LENGTH);
  const { publicKey, sign } = signingKeyFromSeed(seed);
  const certificate = { ...order, serial: randomGuid(randomBytes), publicKey };
  return { seed, certificate, certificateBytes: encodeCertificate(certificate, sign) };
}

/** Signs a host licence and puts the chain together that the host will answer with. */
export function issueHostLicence(
  authority: Authority,
  order: LicenceOrder,
  randomBytes: RandomBytes,
  sha256: Sha256,
): Uint8Array {
  const { certificate } = authority;
  const { issuedAt, ...licence } = order;
  const serial = randomGuid(randomBytes);
  const { sign } = signingKeyFromSeed(authority.seed);
  const licenceBytes = encodeLicence(
    {
      ...licence,
      serial,
      authorityId: authorityIdOf(certificate.publicKey, sha256),
      extendedPid: formatExtendedPid(order.group, serial, certificate.selfIssued, issuedAt),
    },
    sign,
  );
  return encodeChain(authority.certificateBytes, licenceBytes);
}
