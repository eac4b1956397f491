import type { Sha256 } from "../platform/hash.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import { type Sign, signingKeyFromSeed, type Verify } from "../platform/signature.ts";
import { hostIdOf } from "../protocol/host-id.ts";
import type { LicenceChain } from "../protocol/licence.ts";
import {
  authenticateChain,
  type ChainRefusal,
  chainTimeRefusal,
} from "../protocol/licence-chain.ts";
import { octetsEqual } from "../protocol/octets.ts";
import type { Guid, ProductKeyGroup } from "../protocol/types.ts";
import { hostProductOf } from "./host-product.ts";
import { installationIdOf } from "./installation-id.ts";

/** Whether a host may serve (HOST-5, HOST-7), and if not, why. */
type HostLicenceStatus =
  | { readonly licensed: true }
  | {
      readonly licensed: false;
      /** `otherMachine`: the licence was given to another machine (TRUST-2). */
      readonly reason: "otherMachine" | ChainRefusal["code"];
      /** A sentence for status and log. */
      readonly words: string;
    };

/** Who a host is: everything that its replies, its report and its status say about it. */
export type HostIdentity = {
  /** 16 octets, in every reply. */
  readonly hostId: Uint8Array;
  /** 32 octets, Ed25519. */
  readonly publicKey: Uint8Array;
  /** Signs with the host key, which stays inside. */
  readonly sign: Sign;
  /** What GetHostLicence (opnum 1) answers with. */
  readonly licenceChainBytes: Uint8Array;
  readonly chain: LicenceChain;
  readonly group: ProductKeyGroup;
  /** By a lab authority of the box's own (TRUST-3); said in every reply. */
  readonly selfIssued: boolean;
  readonly name: string;
  readonly description: string;
  readonly activationId: Guid;
  readonly applicationId: Guid;
  readonly extendedPid: string;
  readonly installationId: string;
  readonly partialProductKey: string;
  readonly authorityName: string;
  /** 32 octets: what an operator gives to clients so that they trust no other authority. */
  readonly authorityPublicKey: Uint8Array;
  /** `now` in Unix milliseconds. Cheap: every request may ask. */
  readonly licenceStatusAt: (now: number) => HostLicenceStatus;
};

export type IdentityRefusal =
  | { readonly code: "chain"; readonly refusal: ChainRefusal }
  /** The licence is for another host key. */
  | { readonly code: "otherHostKey" };

/**
 * Puts a host key and a licence chain together. A licence that is out of time or for another
 * machine still makes an identity, one that is not licensed: the host goes on to say so (HOST-7).
 * One that is forged, damaged or for another key does not.
 *
 * `machineId`: octets that name this machine, empty where licences are not bound to one. A
 * self-issued licence never is: a box on a stick may move.
 */
export function hostIdentityOf(
  hostSeed: Uint8Array,
  licenceChainBytes: Uint8Array,
  machineId: Uint8Array,
  sha256: Sha256,
  verify: Verify,
): Result<HostIdentity, IdentityRefusal> {
  const authenticated = authenticateChain(licenceChainBytes, undefined, sha256, verify);
  if (!authenticated.ok) return fail({ code: "chain", refusal: authenticated.error });
  const chain = authenticated.value;
  const { certificate, licence } = chain;
  const { publicKey, sign } = signingKeyFromSeed(hostSeed);
  if (!octetsEqual(licence.hostPublicKey, publicKey)) return fail({ code: "otherHostKey" });
  const boundTo = certificate.selfIssued ? new Uint8Array() : machineId;
  const isThisMachine = licence.installationId === installationIdOf(publicKey, boundTo, sha256);
  return ok({
    hostId: hostIdOf(publicKey, sha256),
    publicKey,
    sign,
    licenceChainBytes,
    chain,
    group: licence.group,
    selfIssued: certificate.selfIssued,
    ...hostProductOf(licence.group, certificate.selfIssued),
    extendedPid: licence.extendedPid,
    installationId: licence.installationId,
    partialProductKey: licence.partialProductKey,
    authorityName: certificate.name,
    authorityPublicKey: certificate.publicKey,
    licenceStatusAt: (now) => (isThisMachine ? statusAt(chain, now) : OTHER_MACHINE),
  });
}

const LICENSED: HostLicenceStatus = { licensed: true };
const OTHER_MACHINE: HostLicenceStatus = {
  licensed: false,
  reason: "otherMachine",
  words: "the host licence was given to another machine: activate this host again",
};

function statusAt(chain: LicenceChain, now: number): HostLicenceStatus {
  const refusal = chainTimeRefusal(chain, now);
  if (refusal === undefined) return LICENSED;
  const late = refusal.code === "licenceExpired" || refusal.code === "certificateExpired";
  const words = late
    ? "the host licence has expired: activate this host again, or check its clock"
    : "the host licence is not valid yet: check this host's clock";
  return { licensed: false, reason: refusal.code, words };
}
