import { fail, ok, type Result } from "../platform/result.ts";
import { HRESULT } from "../protocol/hresult.ts";
import { OPNUM } from "../protocol/interface.ts";
import { decodeReply } from "../protocol/reply.ts";
import { encodeRequest } from "../protocol/request.ts";
import { decodeOutStub, encodeInStub, type StubAnswer } from "../protocol/stub.ts";
import type { ActivationRequest } from "../protocol/types.ts";
import { describeCallerError, type RpcCaller, type RpcCallerError } from "../rpc/caller.ts";
import type { ReplyEvidence } from "./verification.ts";

/** What an exchange needs of a connection; an in-process host offers the same. */
export type HostConnection = Pick<RpcCaller, "call">;

/** Why there is no reply to verify. */
export type ExchangeFailure =
  /** The host answered with an error (protocol.md). Unsigned: anyone can refuse. */
  | { readonly kind: "refused"; readonly hresult: number }
  /** No answer, or none that this protocol knows. */
  | { readonly kind: "noAnswer"; readonly detail: string }
  /** An answer whose octets are no reply. */
  | { readonly kind: "malformed"; readonly detail: string };

/** Calls of the protocol that a client makes with a request. */
export type RequestOperation = "activate" | "probe";

/**
 * One request, one reply, not yet verified: {@link ReplyEvidence} for `replyRefusal`. Never
 * rejects.
 */
export async function exchange(
  connection: HostConnection,
  request: ActivationRequest,
  operation: RequestOperation = "activate",
): Promise<Result<ReplyEvidence, ExchangeFailure>> {
  const requestOctets = encodeRequest(request);
  const answer = await call(connection, OPNUM[operation], encodeInStub(requestOctets));
  if (!answer.ok) return answer;
  const { octets, hresult } = answer.value;
  if (hresult !== HRESULT.success) return fail({ kind: "refused", hresult });
  if (octets === undefined) return fail({ kind: "malformed", detail: "no octets" });
  const decoded = decodeReply(octets);
  if (!decoded.ok) {
    const { code, field } = decoded.error;
    return fail({ kind: "malformed", detail: `${code}: ${field}` });
  }
  return ok({ requestOctets, replyOctets: octets, signed: decoded.value });
}

/** The licence chain of a host (opnum 1), not yet authenticated. Never rejects. */
export async function fetchLicenceChain(
  connection: HostConnection,
): Promise<Result<Uint8Array, ExchangeFailure>> {
  const answer = await call(connection, OPNUM.getHostLicence, new Uint8Array());
  if (!answer.ok) return answer;
  const { octets, hresult } = answer.value;
  if (hresult !== HRESULT.success) return fail({ kind: "refused", hresult });
  if (octets === undefined) return fail({ kind: "malformed", detail: "no octets" });
  // A copy: a view would keep the whole stub alive in a cache.
  return ok(octets.slice());
}

async function call(
  connection: HostConnection,
  opnum: number,
  stub: Uint8Array,
): Promise<Result<StubAnswer, ExchangeFailure>> {
  const called = await connection.call(opnum, stub);
  if (!called.ok) return fail({ kind: "noAnswer", detail: callerErrorWords(called.error) });
  const outcome = called.value;
  if (outcome.kind === "fault") {
    const status = outcome.status.toString(16).padStart(8, "0");
    return fail({ kind: "noAnswer", detail: `fault 0x${status}` });
  }
  const decoded = decodeOutStub(outcome.stub, outcome.littleEndian ?? true);
  if (!decoded.ok) {
    const { code, field } = decoded.error;
    return fail({ kind: "malformed", detail: `${code}: ${field}` });
  }
  return decoded;
}

/** What went wrong with a connection, in a few words. */
export function callerErrorWords(error: RpcCallerError): string {
  return describeCallerError(error, "activation of this domain");
}
