import type { Sha256 } from "../platform/hash.ts";
import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import type { Verify } from "../platform/signature.ts";
import { authorityIdOf } from "./host-id.ts";
import type { LicenceChain } from "./licence.ts";
import { authoritySignedMessage, decodeChain, licenceSignedMessage } from "./licence-codec.ts";
import { octetsEqual } from "./octets.ts";

/** Why a chain is not believed. `malformed` says where; the other codes say all there is. */
export type ChainRefusal =
  | { readonly code: "malformed"; readonly at: DecodeError }
  | {
      readonly code:
        | "untrustedAuthority"
        | "certificateSignature"
        | "otherAuthority"
        | "licenceSignature"
        | "certificateNotYetValid"
        | "certificateExpired"
        | "licenceNotYetValid"
        | "licenceExpired";
    };

/**
 * Reads a chain and checks everything about it that time does not change: that it is well-formed,
 * that its authority is the trusted one (where one is given), that the certificate is signed by
 * itself, and that the licence names this authority and is signed by it.
 */
export function authenticateChain(
  octets: Uint8Array,
  trustedAuthorityKey: Uint8Array | undefined,
  sha256: Sha256,
  verify: Verify,
): Result<LicenceChain, ChainRefusal> {
  const decoded = decodeChain(octets);
  if (!decoded.ok) return fail({ code: "malformed", at: decoded.error });
  const { certificate, licence } = decoded.value;
  const authorityKey = certificate.certificate.publicKey;
  if (trustedAuthorityKey !== undefined && !octetsEqual(authorityKey, trustedAuthorityKey)) {
    return fail({ code: "untrustedAuthority" });
  }
  const certificateMessage = authoritySignedMessage(certificate.body);
  if (!verify(authorityKey, certificateMessage, certificate.signature)) {
    return fail({ code: "certificateSignature" });
  }
  if (!octetsEqual(licence.licence.authorityId, authorityIdOf(authorityKey, sha256))) {
    return fail({ code: "otherAuthority" });
  }
  if (!verify(authorityKey, licenceSignedMessage(licence.body), licence.signature)) {
    return fail({ code: "licenceSignature" });
  }
  return ok({ certificate: certificate.certificate, licence: licence.licence });
}

/**
 * What time has to say against a chain, undefined where it is valid at `now` (Unix milliseconds).
 */
export function chainTimeRefusal(chain: LicenceChain, now: number): ChainRefusal | undefined {
  if (now < chain.certificate.validFrom) return { code: "certificateNotYetValid" };
  if (now >= chain.certificate.validUntil) return { code: "certificateExpired" };
  if (now < chain.licence.validFrom) return { code: "licenceNotYetValid" };
  if (now >= chain.licence.validUntil) return { code: "licenceExpired" };
  return undefined;
}
