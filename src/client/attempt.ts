import { EVENT_CODE } from "../activation/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import { HRESULT } from "../protocol/hresult.ts";
import { NONCE_LENGTH } from "../protocol/request.ts";
import type { ActivationReply, ActivationRequest } from "../protocol/types.ts";
import type { RpcCaller } from "../rpc/caller.ts";
import type { ClientEvent } from "./events.ts";
import { type ExchangeFailure, exchange, fetchLicenceChain } from "./exchange.ts";
import type { HostAddress } from "./host-address.ts";
import { boundedInterval, type LicenceRecord, minutesToExpiration } from "./licence-record.ts";
import { HOST_UNAVAILABLE_HRESULT, trustHresult, trustWords } from "./outcome.ts";
import type { ClientState } from "./state.ts";
import {
  type Cryptography,
  type ReplyEvidence,
  replyRefusal,
  type TrustedHost,
  type TrustRefusal,
  trustHost,
} from "./verification.ts";

/** All that a client uses of the world. */
export type ClientWorld = {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly cryptography: Cryptography;
  /** Connects and binds; the error says in words why not. Never rejects. */
  readonly connect: (host: HostAddress) => Promise<Result<HostCaller, string>>;
  readonly onEvent: (event: ClientEvent) => void;
};

export type HostCaller = Pick<RpcCaller, "call" | "close">;

/** What the machine says about itself in a request. */
export type Machine = {
  /** At most 63 octets of UTF-8: see `fitMachineName`. */
  readonly name: string;
  readonly virtual: boolean;
};

/** A reply that was believed, and who gave it. */
export type VerifiedReply = { readonly reply: ActivationReply; readonly host: TrustedHost };

export type AttemptFailure =
  | { readonly kind: "unreachable"; readonly detail: string }
  | { readonly kind: "refused"; readonly hresult: number }
  | { readonly kind: "notTrusted"; readonly refusal: TrustRefusal };

/** A request with a fresh nonce, for a client in `state` whose licence is `licence` at `now`. */
export function requestOf(
  state: ClientState,
  licence: LicenceRecord,
  machine: Machine,
  now: number,
  randomBytes: RandomBytes,
): ActivationRequest {
  const { product } = state;
  return {
    virtual: machine.virtual,
    licenceState: licence.state,
    minutesToExpiration: minutesToExpiration(licence, now),
    requiredCount: product.threshold,
    applicationId: product.applicationId,
    activationId: product.activationId,
    cmid: state.cmid,
    clientTime: now,
    nonce: randomBytes(NONCE_LENGTH),
    machineName: machine.name,
  };
}

/** Asks one host: connect, request, reply, verify. Enters 12288 and 12289. Never rejects. */
export async function attemptHost(
  world: ClientWorld,
  state: ClientState,
  request: ActivationRequest,
  server: HostAddress,
): Promise<Result<VerifiedReply, AttemptFailure>> {
  const connected = await world.connect(server);
  if (!connected.ok) {
    world.onEvent(requestSent(request, server, connected.error));
    return fail({ kind: "unreachable", detail: connected.error });
  }
  const connection = connected.value;
  try {
    const exchanged = await exchange(connection, request);
    const lost = !exchanged.ok && exchanged.error.kind === "noAnswer";
    world.onEvent(requestSent(request, server, ""));
    if (lost) return fail(attemptFailure(exchanged.error));
    const outcome = exchanged.ok
      ? await verified(world, state, connection, exchanged.value)
      : fail(attemptFailure(exchanged.error));
    world.onEvent(replyReceived(outcome, request.requiredCount, world.clock()));
    return outcome;
  } finally {
    connection.close();
  }
}

/**
 * Verifies a reply by the licence kept for its host, or, where none is kept or the one kept does
 * not bear the reply out (it may have been renewed since), by one that the host is asked for.
 */
async function verified(
  world: ClientWorld,
  state: ClientState,
  connection: HostCaller,
  evidence: ReplyEvidence,
): Promise<Result<VerifiedReply, AttemptFailure>> {
  const { reply } = evidence.signed;
  const hostId = reply.hostId.toHex();
  const kept = state.licences.find((licence) => licence.hostId === hostId);
  if (kept !== undefined) {
    const host = judged(world, state, Uint8Array.fromBase64(kept.chain), evidence);
    if (host.ok) return ok({ reply, host: host.value });
  }
  const fetched = await fetchLicenceChain(connection);
  if (!fetched.ok) {
    const { error } = fetched;
    if (error.kind !== "refused") return notTrusted({ code: "noLicence", detail: error.detail });
    return notTrusted({ code: "noLicence" });
  }
  const host = judged(world, state, fetched.value, evidence);
  return host.ok ? ok({ reply, host: host.value }) : notTrusted(host.error);
}

function judged(
  world: ClientWorld,
  { trustedAuthorityKey, product }: ClientState,
  chainBytes: Uint8Array,
  evidence: ReplyEvidence,
): Result<TrustedHost, TrustRefusal> {
  const { hostId } = evidence.signed.reply;
  const authorityKey =
    trustedAuthorityKey === null ? undefined : Uint8Array.fromHex(trustedAuthorityKey);
  const host = trustHost(chainBytes, hostId, authorityKey, world.cryptography);
  if (!host.ok) return host;
  const { sha256 } = world.cryptography;
  const group = product.group ?? undefined;
  const refusal = replyRefusal(host.value, evidence, group, world.clock(), sha256);
  return refusal === undefined ? host : fail(refusal);
}

function notTrusted(refusal: TrustRefusal): Result<never, AttemptFailure> {
  return fail({ kind: "notTrusted", refusal });
}

function attemptFailure(failure: ExchangeFailure): AttemptFailure {
  switch (failure.kind) {
    case "noAnswer":
      return { kind: "unreachable", detail: failure.detail };
    case "refused":
      return { kind: "refused", hresult: failure.hresult };
    case "malformed":
      return { kind: "notTrusted", refusal: { code: "replyMalformed", detail: failure.detail } };
  }
}

function requestSent(request: ActivationRequest, server: HostAddress, detail: string): ClientEvent {
  return {
    code: EVENT_CODE.requestSent,
    time: request.clientTime,
    hresult: detail === "" ? HRESULT.success : HOST_UNAVAILABLE_HRESULT,
    server,
    cmid: request.cmid,
    virtual: request.virtual,
    licenceState: request.licenceState,
    minutesToExpiration: request.minutesToExpiration,
    activationId: request.activationId,
    requiredCount: request.requiredCount,
    detail,
  };
}

function replyReceived(
  outcome: Result<VerifiedReply, AttemptFailure>,
  threshold: number,
  time: number,
): ClientEvent {
  const code = EVENT_CODE.replyReceived;
  if (!outcome.ok) {
    const { hresult, detail } = failureOf(outcome.error);
    const nothing = { count: 0, activationIntervalMinutes: 0, renewalIntervalMinutes: 0 };
    return { code, time, hresult, activated: false, ...nothing, detail };
  }
  const { reply } = outcome.value;
  const activated = reply.count >= threshold;
  return {
    code,
    time,
    hresult: activated ? HRESULT.success : HRESULT.countInsufficient,
    activated,
    count: reply.count,
    activationIntervalMinutes: boundedInterval(reply.activationIntervalMinutes),
    renewalIntervalMinutes: boundedInterval(reply.renewalIntervalMinutes),
    detail: activated ? "" : `the threshold is ${threshold}`,
  };
}

function failureOf(failure: AttemptFailure): { hresult: number; detail: string } {
  switch (failure.kind) {
    case "unreachable":
      return { hresult: HOST_UNAVAILABLE_HRESULT, detail: failure.detail };
    case "refused":
      return { hresult: failure.hresult, detail: "refused by the host" };
    case "notTrusted":
      return { hresult: trustHresult(failure.refusal), detail: trustWords(failure.refusal) };
  }
}
