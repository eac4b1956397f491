import { countFault, countIn, type RpcCounters } from "./counters.ts";
import type { RpcOutcome } from "./interface.ts";
import { FRAGMENT_MAX } from "./negotiation.ts";
import { OctetQueue } from "./octet-queue.ts";
import { appendBindAck, type BindAck, CONTEXT_RESULT } from "./pdu/bind-ack.ts";
import { appendBindNak } from "./pdu/bind-nak.ts";
import { appendFault, FAULT_STATUS, type Fault } from "./pdu/fault.ts";
import { appendResponse } from "./pdu/response.ts";

/** A call that awaits its outcome: handed out with the call, given back to `respond`. */
export type PendingCall = {
  readonly callId: number;
  readonly contextId: number;
  state: "waiting" | "done";
  /** Set while earlier calls of the connection have to be answered first. */
  outcome: RpcOutcome | undefined;
};

export const UNKNOWN_INTERFACE: RpcOutcome = {
  kind: "fault",
  status: FAULT_STATUS.unknownInterface,
  didNotExecute: true,
};
export const OPERATION_RANGE: RpcOutcome = {
  kind: "fault",
  status: FAULT_STATUS.operationRange,
  didNotExecute: true,
};

/** Room for a bind_ack and a reply of this domain's protocol (HOST-4). */
const OUTPUT_CAPACITY = 512;

/** The sending half of a server connection: which calls are open, and the PDUs that answer them. */
export class Replies {
  /** PDUs that are to be sent, in order. */
  readonly output = new OctetQueue(OUTPUT_CAPACITY);
  /** As negotiated by the bind. */
  fragmentMax = FRAGMENT_MAX;
  /** Whether replies may leave in another order than their requests came (C706 9.3.3, MPX). */
  multiplexed = false;

  readonly #counters: RpcCounters;
  /** Without multiplexing: calls in the order they came, for their replies to leave in it. */
  readonly #order: PendingCall[] = [];
  #inFlight = 0;
  #ended = false;

  constructor(counters: RpcCounters) {
    this.#counters = counters;
  }

  /** Calls without an outcome. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Opens a call. */
  open(callId: number, contextId: number): PendingCall {
    const pending: PendingCall = { callId, contextId, state: "waiting", outcome: undefined };
    this.#inFlight += 1;
    this.#counters.callsInFlight += 1;
    if (!this.multiplexed) this.#order.push(pending);
    return pending;
  }

  /** Gives a call its outcome; false where it already has one. After the end nothing is sent. */
  respond(pending: PendingCall, outcome: RpcOutcome): boolean {
    if (pending.state === "done") return false;
    pending.state = "done";
    if (this.#ended) return true;
    this.#inFlight -= 1;
    this.#counters.callsInFlight -= 1;
    if (this.multiplexed) {
      this.#answer(pending, outcome);
    } else {
      pending.outcome = outcome;
      this.#answerInOrder();
    }
    return true;
  }

  acknowledge(type: number, flags: number, callId: number, body: BindAck): void {
    for (const { result } of body.results) {
      if (result === CONTEXT_RESULT.acceptance) this.#counters.contextsAccepted += 1;
      else if (result === CONTEXT_RESULT.providerRejection) this.#counters.contextsRejected += 1;
    }
    this.#counters.pdusSent += 1;
    appendBindAck(this.output, type, flags, callId, body, true);
  }

  bindNak(callId: number, reason: number): void {
    countIn(this.#counters.bindNaks, reason);
    this.#counters.pdusSent += 1;
    appendBindNak(this.output, callId, reason);
  }

  fault(callId: number, fault: Fault): void {
    countFault(this.#counters.faults, fault.status);
    this.#counters.pdusSent += 1;
    appendFault(this.output, callId, fault, true);
  }

  /** Gives up every open call: what their outcome will be is of no interest any more. */
  end(): void {
    this.#ended = true;
    this.#counters.callsInFlight -= this.#inFlight;
    this.#inFlight = 0;
    this.#order.length = 0;
  }

  #answerInOrder(): void {
    let answered = 0;
    for (const pending of this.#order) {
      if (pending.outcome === undefined) break;
      this.#answer(pending, pending.outcome);
      answered += 1;
    }
    if (answered === this.#order.length) this.#order.length = 0;
    else if (answered > 0) this.#order.splice(0, answered);
  }

  #answer(pending: PendingCall, outcome: RpcOutcome): void {
    const { callId, contextId } = pending;
    if (outcome.kind === "fault") {
      const { didNotExecute } = outcome;
      // A fault of status 0 would be no fault to its reader (MS-RPCE 3.1.1.5.5).
      const status = outcome.status === 0 ? FAULT_STATUS.unspecified : outcome.status;
      this.fault(callId, { contextId, status, didNotExecute });
      return;
    }
    this.#counters.pdusSent += appendResponse(
      this.output,
      callId,
      contextId,
      outcome.stub,
      this.fragmentMax,
      outcome.littleEndian ?? true,
    );
  }
}
