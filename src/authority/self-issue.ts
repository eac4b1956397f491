import type { Sha256 } from "../platform/hash.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { SEED_LENGTH, signingKeyFromSeed } from "../platform/signature.ts";
import { UNLIMITED_VALIDITY } from "../protocol/licence.ts";
import type { ProductKeyGroup } from "../protocol/types.ts";
import { installationIdOf } from "./installation-id.ts";
import { type Authority, createAuthority, issueHostLicence, type LicenceOrder } from "./issue.ts";

/** All that a box makes for itself at its first start (TRUST-3). */
export type SelfIssued = {
  readonly authority: Authority;
  readonly hostSeed: Uint8Array;
  readonly licenceChainBytes: Uint8Array;
};

const LAB_AUTHORITY_NAME = "lab authority";
/** There is no product key behind a self-issued licence, and its report says so. */
const LAB_PARTIAL_PRODUCT_KEY = "LAB00";

export function selfIssue(
  group: ProductKeyGroup,
  issuedAt: number,
  randomBytes: RandomBytes,
  sha256: Sha256,
): SelfIssued {
  const authority = createAuthority(
    { name: LAB_AUTHORITY_NAME, selfIssued: true, ...UNLIMITED_VALIDITY },
    randomBytes,
  );
  const hostSeed = randomBytes(SEED_LENGTH);
  const { publicKey } = signingKeyFromSeed(hostSeed);
  const order: LicenceOrder = {
    hostPublicKey: publicKey,
    installationId: installationIdOf(publicKey, new Uint8Array(), sha256),
    group,
    partialProductKey: LAB_PARTIAL_PRODUCT_KEY,
    issuedAt,
    ...UNLIMITED_VALIDITY,
  };
  const licenceChainBytes = issueHostLicence(authority, order, randomBytes, sha256);
  return { authority, hostSeed, licenceChainBytes };
}
