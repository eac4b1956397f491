import { installationIdOf } from "../../src/authority/installation-id.ts";
import { type Authority, createAuthority, issueHostLicence } from "../../src/authority/issue.ts";
import type { HostCaller } from "../../src/client/attempt.ts";
import { sha256 } from "../../src/platform/hash.ts";
import { fail, ok, type Result } from "../../src/platform/result.ts";
import { type SigningKey, signingKeyFromSeed } from "../../src/platform/signature.ts";
import { hostIdOf } from "../../src/protocol/host-id.ts";
import { OPNUM } from "../../src/protocol/interface.ts";
import { UNLIMITED_VALIDITY, type Validity } from "../../src/protocol/licence.ts";
import { encodeReply } from "../../src/protocol/reply.ts";
import { decodeRequest } from "../../src/protocol/request.ts";
import { decodeInStub, encodeErrorStub, encodeOutStub } from "../../src/protocol/stub.ts";
import type {
  ActivationReply,
  ActivationRequest,
  ProductKeyGroup,
} from "../../src/protocol/types.ts";
import type { RpcCallerError } from "../../src/rpc/caller.ts";
import type { RpcOutcome } from "../../src/rpc/interface.ts";

export const NOW = Date.UTC(2026, 7, 1);

/** Random octets that are the same in every run: a counter under SHA-256. */
function seededRandom(seed: number): (length: number) => Uint8Array {
  let drawn = 0;
  return (length) => {
    const octets = new Uint8Array(length);
    for (let offset = 0; offset < length; offset += 32) {
      drawn += 1;
      const block = sha256(new TextEncoder().encode(`${seed}/${drawn}`));
      octets.set(block.subarray(0, Math.min(32, length - offset)), offset);
    }
    return octets;
  };
}

export const RANDOM = seededRandom(1);

export function authorityNamed(name: string, selfIssued = false): Authority {
  return createAuthority({ name, selfIssued, ...UNLIMITED_VALIDITY }, RANDOM);
}

type Answer = Result<RpcOutcome, RpcCallerError>;

/**
 * A host of this domain in a few lines, made to behave and, where a test overwrites a member, to
 * misbehave. No network: a connection is a function call.
 */
export class FakeHost {
  readonly key: SigningKey;
  count = 25;
  activationIntervalMinutes = 120;
  renewalIntervalMinutes = 10_080;
  hostTime = NOW;
  chain: Uint8Array;
  readonly requests: ActivationRequest[] = [];
  licenceCalls = 0;
  closed = 0;
  /** An error to refuse every request with. */
  refusal: number | undefined;
  /** What becomes of the reply's fields before they are signed. */
  changeReply = (reply: ActivationReply): ActivationReply => reply;
  /** What becomes of the signed octets on their way. */
  tamper = (octets: Uint8Array, _requestOctets: Uint8Array): Uint8Array => octets;
  /** What becomes of a whole answer. */
  interfere = (_opnum: number, answer: Answer): Answer => answer;

  constructor(
    authority: Authority,
    options: { group?: ProductKeyGroup; validity?: Validity; seed?: Uint8Array } = {},
  ) {
    this.key = signingKeyFromSeed(options.seed ?? RANDOM(32));
    this.chain = this.licenceFrom(authority, options.group, options.validity);
    this.#selfIssued = authority.certificate.selfIssued;
  }

  readonly #selfIssued: boolean;

  licenceFrom(
    authority: Authority,
    group: ProductKeyGroup = "serverC",
    validity = UNLIMITED_VALIDITY,
  ): Uint8Array {
    const { publicKey } = this.key;
    const order = {
      hostPublicKey: publicKey,
      installationId: installationIdOf(publicKey, new Uint8Array(), sha256),
      group,
      partialProductKey: "ABCDE",
      issuedAt: NOW,
      ...validity,
    };
    return issueHostLicence(authority, order, RANDOM, sha256);
  }

  connect(): HostCaller {
    return {
      call: async (opnum, stub) => this.interfere(opnum, ok(this.#respond(opnum, stub))),
      close: () => {
        this.closed += 1;
      },
    };
  }

  #respond(opnum: number, stub: Uint8Array): RpcOutcome {
    if (opnum === OPNUM.getHostLicence) {
      this.licenceCalls += 1;
      return { kind: "response", stub: encodeOutStub(this.chain) };
    }
    const octets = decodeInStub(stub, true);
    const request = octets.ok ? decodeRequest(octets.value) : fail(octets.error);
    if (!octets.ok || !request.ok) return { kind: "response", stub: encodeErrorStub(0x8007000d) };
    this.requests.push(request.value);
    if (this.refusal !== undefined) {
      return { kind: "response", stub: encodeErrorStub(this.refusal) };
    }
    const reply = this.changeReply({
      selfIssued: this.#selfIssued,
      count: this.count,
      activationIntervalMinutes: this.activationIntervalMinutes,
      renewalIntervalMinutes: this.renewalIntervalMinutes,
      hostTime: this.hostTime,
      hostId: hostIdOf(this.key.publicKey, sha256),
    });
    const signed = encodeReply(reply, octets.value, sha256, this.key.sign);
    return { kind: "response", stub: encodeOutStub(this.tamper(signed, octets.value)) };
  }
}
