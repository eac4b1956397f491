/**
 * A server's end of one connection, without the connection: segments go in, calls and replies come
 * out.
 *
 * `receive(segment)`, then `next()` until it gives undefined; `respond()` for every call it gave,
 * at once or later, then `next()` again. What is to be sent gathers in `output`.
 *
 * Nothing here reads a clock, a socket or chance, and no input makes it throw. Statuses and close
 * rules are those that Windows and Samba share; MS-RPCE section numbers stand where they come from.
 */
import type { AssociationGroups } from "./association-groups.ts";
import { ConnectionLifetime } from "./connection-lifetime.ts";
import { type ConnectionState, pduVerdict } from "./connection-states.ts";
import type { RpcCounters } from "./counters.ts";
import type { PeerAddress, RpcCall, RpcInterface, RpcOutcome } from "./interface.ts";
import type { RpcLimits } from "./limits.ts";
import {
  type ContextTable,
  FRAGMENT_MAX,
  negotiateContexts,
  negotiateFragmentMax,
} from "./negotiation.ts";
import type { OctetBudget } from "./octet-budget.ts";
import type { OctetQueue } from "./octet-queue.ts";
import { type FragmentVerdict, PartialRequest } from "./partial-request.ts";
import { AUTH_LEVEL_MAX, AUTH_LEVEL_MIN, readAuthTrailer } from "./pdu/auth-trailer.ts";
import { type Bind, decodeBind } from "./pdu/bind.ts";
import type { ContextResult } from "./pdu/bind-ack.ts";
import { NAK_REASON } from "./pdu/bind-nak.ts";
import { FAULT_STATUS } from "./pdu/fault.ts";
import { FIRST_AND_LAST, PDU_FLAG, PDU_TYPE, type PduHeader } from "./pdu/header.ts";
import { decodeRequest, type Request } from "./pdu/request.ts";
import { PduFramer } from "./pdu-framer.ts";
import type { InterfaceRegistry } from "./registry.ts";
import { OPERATION_RANGE, type PendingCall, Replies, UNKNOWN_INTERFACE } from "./replies.ts";

/** What connections of one listener share. */
export type ConnectionContext = {
  readonly registry: InterfaceRegistry;
  readonly associations: AssociationGroups;
  readonly budget: OctetBudget;
  readonly limits: RpcLimits;
  readonly counters: RpcCounters;
};

export type CloseReason =
  /** The peer closed its half and has all its replies. */
  | "peerEnded"
  /** Octets that cannot be PDUs: nothing that could be answered. */
  | "unreadable"
  /** No room in the shared budget, and no PDU that could be answered. */
  | "overBudget"
  /** A bind_nak was the last answer. */
  | "bindNak"
  /** A fault that ends the connection was the last answer. */
  | "fault"
  /** The listener is closing, and every call has its reply. */
  | "drained";

export type ConnectionEvent =
  | {
      readonly kind: "call";
      readonly pending: PendingCall;
      readonly entry: RpcInterface;
      readonly call: RpcCall;
    }
  /** Given once, as the last event: send `output`, then close. */
  | { readonly kind: "close"; readonly reason: CloseReason };

/** What the connection waits for; each has its time limit. */
export type ConnectionPhase = "bind" | "idle" | "pdu" | "request" | "call" | "closing";

export class RpcConnection {
  readonly #context: ConnectionContext;
  readonly #peer: PeerAddress;
  readonly #secondaryAddress: string;
  readonly #framer: PduFramer;
  readonly #replies: Replies;
  readonly #contexts: ContextTable = new Map();
  readonly #lifetime = new ConnectionLifetime();
  #state: ConnectionState = "unbound";
  #partial: PartialRequest | undefined;
  #associationGroup = 0;
  #inputEnded = false;
  #draining = false;
  #closeReason: CloseReason | undefined;
  #closeGiven = false;
  #progress = 0;
  /** PDUs of the turn under way. */
  #turn = 0;
  #yielding = false;

  /** `secondaryAddress` is the listener's port as text (C706 12.6.4.4). */
  constructor(context: ConnectionContext, peer: PeerAddress, secondaryAddress: string) {
    this.#context = context;
    this.#peer = peer;
    this.#secondaryAddress = secondaryAddress;
    this.#framer = new PduFramer(context.budget);
    this.#replies = new Replies(context.counters);
  }

  /** PDUs that are to be sent, in order. The shell takes from its head. */
  get output(): OctetQueue {
    return this.#replies.output;
  }

  /** Moves with every complete PDU and outcome: the time for the next one then starts anew. */
  get progress(): number {
    return this.#progress;
  }

  get phase(): ConnectionPhase {
    if (this.#state === "closing") return "closing";
    if (this.#replies.inFlight > 0) return "call";
    if (this.#state === "unbound") return "bind";
    if (this.#partial !== undefined) return "request";
    return this.#framer.incomplete ? "pdu" : "idle";
  }

  /**
   * Whether it takes no more input for now: too many calls in flight, or too much output waiting.
   */
  get blocked(): boolean {
    const { callsInFlight, outputOctets } = this.#context.limits;
    return this.#replies.inFlight >= callsInFlight || this.output.length >= outputOctets;
  }

  /** Whether `next()` has more to give and only lets others have their turn first. */
  get yielding(): boolean {
    return this.#yielding;
  }

  /** Takes a segment from the peer, which must stay unchanged from now on. */
  receive(segment: Uint8Array): void {
    this.#context.counters.octetsReceived += segment.length;
    if (this.#state !== "closing") this.#framer.receive(segment);
  }

  /** The peer sends no more. Calls in flight still get their replies. */
  receiveEnd(): void {
    this.#inputEnded = true;
  }

  /** Takes no new calls; closes once those in flight have their replies. */
  drain(): void {
    this.#draining = true;
  }

  /**
   * The next thing to do, or undefined where more input, outcomes or room for output are needed, or
   * others have waited long enough: then `yielding` is set.
   */
  next(): ConnectionEvent | undefined {
    this.#yielding = false;
    while (this.#state !== "closing" && !this.#draining) {
      if (this.blocked) {
        if (!this.#framer.hold()) this.#close("overBudget");
        break;
      }
      if (this.#turn >= this.#context.limits.pdusPerTurn && this.#framer.unread > 0) {
        this.#turn = 0;
        this.#yielding = this.#framer.hold();
        if (this.#yielding) return undefined;
        this.#close("overBudget");
        break;
      }
      const framing = this.#framer.next();
      if (framing === "nothing") {
        this.#turn = 0;
        break;
      }
      if (framing === "unreadable") {
        this.#close("unreadable");
        break;
      }
      const { header } = this.#framer;
      if (framing === "overBudget" || header === undefined) {
        this.#refuseForBudget(header);
        break;
      }
      if (!this.#headerAcceptable(header) || framing === "header") break;
      const event = this.#handle(header);
      if (event !== undefined) return event;
    }
    return this.#closeEvent();
  }

  /**
   * Gives a call its outcome. A second outcome of the same call, or one after the end, changes
   * nothing. Without multiplexing replies leave in the order of their requests.
   */
  respond(pending: PendingCall, outcome: RpcOutcome): void {
    if (this.#replies.respond(pending, outcome)) this.#progress += 1;
  }

  /** The connection is gone: gives back everything that is shared. */
  dispose(): void {
    this.#state = "closing";
    this.#closeGiven = true;
    this.#release();
    this.output.clear();
  }

  #handle(header: PduHeader): ConnectionEvent | undefined {
    this.#context.counters.pdusReceived += 1;
    this.#turn += 1;
    // The fragments of a request share the time of the whole request.
    if (this.#partial === undefined) this.#progress += 1;
    switch (pduVerdict(this.#state, header.type)) {
      case "bind":
        return this.#handleBind(header);
      case "alterContext":
        return this.#handleAlterContext(header);
      case "request":
        return this.#handleRequest(header);
      case "ignore":
        return undefined;
      case "secondBind":
        return this.#rejectBind(header, NAK_REASON.notSpecified);
      case "protocolError":
        return this.#refuse(header, FAULT_STATUS.protocolError, false);
    }
  }

  /** What a header alone can break; the rest of such a PDU is not waited for. */
  #headerAcceptable(header: PduHeader): boolean {
    const isBind = header.type === PDU_TYPE.bind;
    if (header.defect !== undefined) {
      if (isBind) this.#rejectBind(header, NAK_REASON.protocolVersionNotSupported);
      else this.#refuse(header, FAULT_STATUS.protocolError, false);
      return false;
    }
    // Bind and alter_context may need more than a fragment for their contexts; nothing else may.
    if (isBind || header.type === PDU_TYPE.alterContext) return true;
    if (header.fragLength <= FRAGMENT_MAX) return true;
    this.#refuse(header, FAULT_STATUS.protocolError, false);
    return false;
  }

  #handleBind(header: PduHeader): undefined {
    const { bytes, start } = this.#framer;
    if (header.authLength > 0) {
      // Anonymous only: every authentication type is one that we do not know (MS-RPCE 2.2.2.5).
      const { level } = readAuthTrailer(bytes, start, header);
      const exists = level >= AUTH_LEVEL_MIN && level <= AUTH_LEVEL_MAX;
      const { authenticationTypeNotRecognized, notSpecified } = NAK_REASON;
      return this.#rejectBind(header, exists ? authenticationTypeNotRecognized : notSpecified);
    }
    const bind = decodeBind(bytes, start, header);
    if (!bind.ok) return this.#rejectBind(header, NAK_REASON.protocolVersionNotSupported);
    const { registry, associations, limits } = this.#context;
    const { contexts, associationGroup } = bind.value;
    const results = negotiateContexts(contexts, this.#contexts, registry, limits.contexts);
    if (!results.ok) {
      const { protocolVersionNotSupported, notSpecified } = NAK_REASON;
      const reason = results.error === "noContexts" ? protocolVersionNotSupported : notSpecified;
      return this.#rejectBind(header, reason);
    }
    if (associationGroup === 0) this.#associationGroup = associations.create();
    else if (associations.join(associationGroup)) this.#associationGroup = associationGroup;
    else return this.#rejectBind(header, NAK_REASON.notSpecified);
    this.#acceptBind(header, bind.value, results.value);
  }

  #acceptBind(header: PduHeader, bind: Bind, results: readonly ContextResult[]): void {
    this.#state = "bound";
    this.#replies.multiplexed = (header.flags & PDU_FLAG.concurrentMultiplexing) !== 0;
    this.#replies.fragmentMax = negotiateFragmentMax(bind.maxTransmit, bind.maxReceive);
    const echoed = PDU_FLAG.headerSigning | PDU_FLAG.concurrentMultiplexing;
    this.#acknowledge(header, PDU_TYPE.bindAck, echoed, this.#secondaryAddress, results);
  }

  /** Adds contexts; the fragment sizes and association group it carries are of no effect. */
  #handleAlterContext(header: PduHeader): undefined {
    if (header.authLength > 0) return this.#refuse(header, FAULT_STATUS.accessDenied, true);
    const alter = decodeBind(this.#framer.bytes, this.#framer.start, header);
    if (!alter.ok) return this.#refuse(header, FAULT_STATUS.protocolError, true);
    const { registry, limits } = this.#context;
    const { contexts } = alter.value;
    const results = negotiateContexts(contexts, this.#contexts, registry, limits.contexts);
    if (!results.ok) return this.#refuse(header, FAULT_STATUS.protocolError, true);
    const { headerSigning } = PDU_FLAG;
    this.#acknowledge(header, PDU_TYPE.alterContextResponse, headerSigning, "", results.value);
  }

  #acknowledge(
    header: PduHeader,
    type: number,
    echoedFlags: number,
    secondaryAddress: string,
    results: readonly ContextResult[],
  ): void {
    const flags = FIRST_AND_LAST | (header.flags & echoedFlags);
    this.#replies.acknowledge(type, flags, header.callId, {
      maxTransmit: this.#replies.fragmentMax,
      maxReceive: this.#replies.fragmentMax,
      associationGroup: this.#associationGroup,
      secondaryAddress,
      results,
    });
  }

  #handleRequest(header: PduHeader): ConnectionEvent | undefined {
    const { bytes, start } = this.#framer;
    const decoded = decodeRequest(bytes, start, header);
    if (!decoded.ok) return this.#refuse(header, FAULT_STATUS.protocolError, false);
    const request = decoded.value;
    const { contextId } = request;
    if (header.authLength > 0) {
      return this.#refuse(header, FAULT_STATUS.accessDenied, false, contextId);
    }
    const isFirst = (header.flags & PDU_FLAG.first) !== 0;
    if (isFirst !== (this.#partial === undefined)) return this.#misplacedFragment(header);
    if (isFirst && (header.flags & PDU_FLAG.pendingCancel) !== 0) {
      return this.#refuse(header, FAULT_STATUS.noCallActive, true, contextId);
    }
    if ((header.flags & FIRST_AND_LAST) !== FIRST_AND_LAST) {
      return this.#handleFragment(header, request);
    }
    if (request.stubEnd - request.stubStart > this.#context.limits.requestOctets) {
      return this.#refuse(header, FAULT_STATUS.accessDenied, false, contextId);
    }
    const stub = bytes.subarray(request.stubStart, request.stubEnd);
    return this.#dispatch(header.callId, header.littleEndian, request, stub);
  }

  #handleFragment(header: PduHeader, request: Request): ConnectionEvent | undefined {
    const { limits, budget } = this.#context;
    if (this.#partial === undefined) {
      if (request.allocHint > limits.requestOctets) {
        return this.#refuse(header, FAULT_STATUS.accessDenied, false, request.contextId);
      }
      this.#partial = new PartialRequest(header, request, budget);
    } else if (header.callId !== this.#partial.callId) {
      return this.#misplacedFragment(header);
    }
    const partial = this.#partial;
    const verdict = partial.add(this.#framer.bytes, header, request, limits);
    if (verdict !== "taken") return this.#refuseFragment(header, partial, verdict);
    if ((header.flags & PDU_FLAG.last) === 0) return undefined;
    this.#dropPartial();
    return this.#dispatch(partial.callId, partial.littleEndian, partial.request, partial.stub);
  }

  #refuseFragment(
    header: PduHeader,
    partial: PartialRequest,
    verdict: Exclude<FragmentVerdict, "taken">,
  ): undefined {
    const { contextId } = partial.request;
    switch (verdict) {
      case "tooLarge":
        return this.#refuse(header, FAULT_STATUS.accessDenied, false, contextId);
      case "overBudget":
        return this.#refuse(header, FAULT_STATUS.serverTooBusy, true, contextId);
      case "mismatch":
        return this.#refuse(header, FAULT_STATUS.protocolError, false, contextId);
    }
  }

  /**
   * A fragment out of its place. At most one request may be incomplete, even with multiplexing.
   * Without it the fault names the incomplete call; with it, the new one, and context 0.
   */
  #misplacedFragment(header: PduHeader): undefined {
    const partial = this.#partial;
    if (this.#replies.multiplexed || partial === undefined) {
      return this.#refuse(header, FAULT_STATUS.protocolError, false);
    }
    const { contextId } = partial.request;
    return this.#endWithFault(partial.callId, FAULT_STATUS.protocolError, false, contextId);
  }

  #dispatch(
    callId: number,
    littleEndian: boolean,
    request: Request,
    stub: Uint8Array,
  ): ConnectionEvent | undefined {
    const { contextId, opnum, objectUuid } = request;
    const entry = this.#contexts.get(contextId);
    if (entry === undefined) {
      this.respond(this.#replies.open(callId, 0), UNKNOWN_INTERFACE);
      return undefined;
    }
    const pending = this.#replies.open(callId, contextId);
    if (opnum >= entry.operationCount) {
      this.respond(pending, OPERATION_RANGE);
      return undefined;
    }
    this.#context.counters.calls += 1;
    const connection = this.#lifetime;
    const call = { opnum, stub, littleEndian, objectUuid, peer: this.#peer, connection };
    return { kind: "call", pending, entry, call };
  }

  /** No room in the shared budget: this peer has to come again later. */
  #refuseForBudget(header: PduHeader | undefined): void {
    if (header === undefined) this.#close("overBudget");
    else if (this.#state === "unbound") this.#rejectBind(header, NAK_REASON.localLimitExceeded);
    else this.#refuse(header, FAULT_STATUS.serverTooBusy, true);
  }

  /** bind_nak, close. */
  #rejectBind(header: PduHeader, reason: number): undefined {
    this.#replies.bindNak(header.callId, reason);
    this.#close("bindNak");
  }

  /** A fault that ends the connection. */
  #refuse(header: PduHeader, status: number, didNotExecute: boolean, contextId = 0): undefined {
    this.#endWithFault(header.callId, status, didNotExecute, contextId);
  }

  #endWithFault(
    callId: number,
    status: number,
    didNotExecute: boolean,
    contextId: number,
  ): undefined {
    this.#replies.fault(callId, { contextId, status, didNotExecute });
    this.#close("fault");
  }

  #close(reason: CloseReason): void {
    this.#state = "closing";
    this.#closeReason = reason;
    this.#release();
  }

  #closeEvent(): ConnectionEvent | undefined {
    if (this.#closeGiven) return undefined;
    if (this.#state !== "closing" && this.#replies.inFlight === 0) {
      if (this.#draining) this.#close("drained");
      else if (this.#inputEnded && !this.blocked) this.#close("peerEnded");
    }
    if (this.#closeReason === undefined) return undefined;
    this.#closeGiven = true;
    return { kind: "close", reason: this.#closeReason };
  }

  #dropPartial(): void {
    this.#partial?.dispose();
    this.#partial = undefined;
  }

  #release(): void {
    this.#dropPartial();
    this.#framer.dispose();
    this.#replies.end();
    if (this.#associationGroup !== 0) this.#context.associations.leave(this.#associationGroup);
    this.#associationGroup = 0;
    this.#lifetime.end();
  }
}
