import { groupServes } from "../activation/groups.ts";
import type { Sha256 } from "../platform/hash.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import { hostIdOf } from "../protocol/host-id.ts";
import type { LicenceChain } from "../protocol/licence.ts";
import {
  authenticateChain,
  type ChainRefusal,
  chainTimeRefusal,
} from "../protocol/licence-chain.ts";
import { octetsEqual } from "../protocol/octets.ts";
import { type SignedReply, signedMessage } from "../protocol/reply.ts";
import type { ProductKeyGroup } from "../protocol/types.ts";

/** What verifying needs of the world: digests, and a verifier for a key parsed once. */
export type Cryptography = {
  readonly sha256: Sha256;
  /** undefined where the octets are no key. */
  readonly verifierFor: (
    publicKey: Uint8Array,
  ) => ((message: Uint8Array, signature: Uint8Array) => boolean) | undefined;
};

/** A host whose licence chain was authenticated: what its replies are verified with. */
export type TrustedHost = {
  readonly hostId: Uint8Array;
  readonly chain: LicenceChain;
  /** As fetched, for keeping. */
  readonly chainBytes: Uint8Array;
  readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
};

/** Why a host or its reply is not trusted (CLIENT-7). */
export type TrustRefusalCode =
  | ChainRefusal["code"]
  /** The reply cannot be read. */
  | "replyMalformed"
  /** The host gave no licence when asked for it. */
  | "noLicence"
  /** The licence is for another host than the one that replied. */
  | "otherHost"
  /**
   * The signature is not the host's over this reply to this request: forged, changed or replayed.
   */
  | "replySignature"
  /** Reply and licence disagree on whether the authority is self-issued. */
  | "selfIssuedMismatch"
  /** The host's product key group does not serve this client's product (HOST-6). */
  | "groupTooLow";

/** `detail` says more where there is more to say. */
export type TrustRefusal = { readonly code: TrustRefusalCode; readonly detail?: string };

/**
 * Authenticates a chain that a host gave: its authority (where one is trusted already; any
 * authority otherwise, for trust at first use), its signatures, its host.
 */
export function trustHost(
  chainBytes: Uint8Array,
  hostId: Uint8Array,
  trustedAuthorityKey: Uint8Array | undefined,
  { sha256, verifierFor }: Cryptography,
): Result<TrustedHost, TrustRefusal> {
  const authenticated = authenticateChain(
    chainBytes,
    trustedAuthorityKey,
    sha256,
    (publicKey, message, signature) => verifierFor(publicKey)?.(message, signature) ?? false,
  );
  if (!authenticated.ok) return fail(chainTrustRefusal(authenticated.error));
  const chain = authenticated.value;
  const { hostPublicKey } = chain.licence;
  if (!octetsEqual(hostIdOf(hostPublicKey, sha256), hostId)) return fail({ code: "otherHost" });
  const verify = verifierFor(hostPublicKey);
  if (verify === undefined) return fail({ code: "malformed", detail: "hostPublicKey" });
  return ok({ hostId, chain, chainBytes, verify });
}

/** The reply, and what it must be an answer to. */
export type ReplyEvidence = {
  readonly requestOctets: Uint8Array;
  readonly replyOctets: Uint8Array;
  readonly signed: SignedReply;
};

/**
 * What speaks against a reply of `host` at `now` (Unix milliseconds by the client's clock);
 * undefined where nothing does. The signature binds the reply to this request and its fresh nonce,
 * so a reply to any other request, replayed, fails here.
 */
export function replyRefusal(
  host: TrustedHost,
  { requestOctets, replyOctets, signed }: ReplyEvidence,
  productGroup: ProductKeyGroup | undefined,
  now: number,
  sha256: Sha256,
): TrustRefusal | undefined {
  if (!octetsEqual(signed.reply.hostId, host.hostId)) return { code: "otherHost" };
  const message = signedMessage(replyOctets, requestOctets, sha256);
  if (!host.verify(message, signed.signature)) return { code: "replySignature" };
  const { certificate, licence } = host.chain;
  if (signed.reply.selfIssued !== certificate.selfIssued) return { code: "selfIssuedMismatch" };
  const untimely = chainTimeRefusal(host.chain, now);
  if (untimely !== undefined) return chainTrustRefusal(untimely);
  if (productGroup !== undefined && !groupServes(licence.group, productGroup)) {
    return { code: "groupTooLow", detail: `${licence.group} < ${productGroup}` };
  }
  return undefined;
}

function chainTrustRefusal(refusal: ChainRefusal): TrustRefusal {
  if (refusal.code !== "malformed") return { code: refusal.code };
  return { code: "malformed", detail: `${refusal.at.code}: ${refusal.at.field}` };
}
