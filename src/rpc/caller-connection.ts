/**
 * A client's end of one connection, without the connection: `bind()` and `call()` write to
 * `output`, segments go in with `receive()`, `next()` gives what they mean. One presentation
 * context, no multiplexing, no authentication; its bind is 72 octets (HOST-4).
 */
import type { Guid } from "../protocol/types.ts";
import type { RpcOutcome } from "./interface.ts";
import { FRAGMENT_MAX } from "./negotiation.ts";
import { OctetBudget } from "./octet-budget.ts";
import { OctetQueue } from "./octet-queue.ts";
import { appendBind } from "./pdu/bind.ts";
import { CONTEXT_RESULT, decodeBindAck } from "./pdu/bind-ack.ts";
import { decodeBindNak } from "./pdu/bind-nak.ts";
import { decodeFault } from "./pdu/fault.ts";
import { FIRST_AND_LAST, PDU_FLAG, PDU_TYPE, type PduHeader } from "./pdu/header.ts";
import { appendRequest } from "./pdu/request.ts";
import { decodeResponse } from "./pdu/response.ts";
import { NDR32, type SyntaxId } from "./pdu/syntax.ts";
import { PduFramer } from "./pdu-framer.ts";

export type CallerOptions = {
  readonly abstractSyntax: SyntaxId;
  /** Byte order of headers and stubs that go out; a stub is the caller's own matter. */
  readonly littleEndian: boolean;
  /** Stub octets of one reply, over all its fragments. */
  readonly replyOctetsMax: number;
};

/**
 * Why the server will not serve this interface: the whole bind, or its one context, with its
 * reason.
 */
export type BindRejection =
  | { readonly by: "bindNak"; readonly reason: number }
  | { readonly by: "context"; readonly result: number; readonly reason: number };

export type CallerEvent =
  | { readonly kind: "bound" }
  | { readonly kind: "rejected"; readonly rejection: BindRejection }
  | { readonly kind: "outcome"; readonly callId: number; readonly outcome: RpcOutcome }
  /** The server broke the rules: the connection is of no use any more. Nothing follows. */
  | { readonly kind: "protocolError"; readonly detail: string };

/** A reply of which the last fragment has not arrived yet. */
type PartialReply = {
  readonly callId: number;
  readonly littleEndian: boolean;
  readonly parts: Uint8Array[];
  length: number;
};

const CONTEXT_ID = 0;
/** The bind's own call id; calls count on from it. */
const BIND_CALL_ID = 1;
/** One PDU is at most 65,535 octets; its buffer at most that, next to replies under way. */
const PDU_BUFFER_OCTETS = 0x20000;
const OUTPUT_CAPACITY = 512;
/** MustRecvFragSize: everybody takes fragments of this size (C706 12.6.3.1). */
const FRAGMENT_FLOOR = 1432;

export class CallerConnection {
  readonly output = new OctetQueue(OUTPUT_CAPACITY);
  readonly #options: CallerOptions;
  readonly #framer = new PduFramer(new OctetBudget(PDU_BUFFER_OCTETS));
  readonly #calls = new Set<number>();
  #state: "new" | "binding" | "bound" | "over" = "new";
  #nextCallId = BIND_CALL_ID;
  #fragmentMax = FRAGMENT_MAX;
  #partial: PartialReply | undefined;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** Writes the bind. Once, before anything else. */
  bind(): void {
    this.#state = "binding";
    const callId = this.#takeCallId();
    const context = {
      id: CONTEXT_ID,
      abstractSyntax: this.#options.abstractSyntax,
      transferSyntaxes: [NDR32],
    };
    const body = {
      maxTransmit: FRAGMENT_MAX,
      maxReceive: FRAGMENT_MAX,
      associationGroup: 0,
      contexts: [context],
    };
    const { littleEndian } = this.#options;
    appendBind(this.output, PDU_TYPE.bind, FIRST_AND_LAST, callId, body, littleEndian);
  }

  /** Writes a request, in fragments no larger than the server takes, and returns its call id. */
  call(opnum: number, stub: Uint8Array, objectUuid: Guid | undefined): number {
    const callId = this.#takeCallId();
    this.#calls.add(callId);
    const { littleEndian } = this.#options;
    const call = { callId, contextId: CONTEXT_ID, opnum, objectUuid, littleEndian };
    appendRequest(this.output, call, stub, this.#fragmentMax);
    return callId;
  }

  /** Takes a segment from the server, which must stay unchanged from now on. */
  receive(segment: Uint8Array): void {
    if (this.#state !== "over") this.#framer.receive(segment);
  }

  /** The next thing that the server said, or undefined where more of it is needed. */
  next(): CallerEvent | undefined {
    while (this.#state !== "over") {
      const framing = this.#framer.next();
      if (framing === "unreadable") return this.#broken("frag_length below its header");
      if (framing === "overBudget") return this.#broken("PDU too large");
      const { header } = this.#framer;
      if (framing === "nothing" || header === undefined) return undefined;
      if (header.defect !== undefined) return this.#broken(`header: ${header.defect}`);
      if (framing === "header") return undefined;
      const event = this.#handle(header);
      if (event !== undefined) return event;
    }
    return undefined;
  }

  #handle(header: PduHeader): CallerEvent | undefined {
    if (header.authLength > 0) return this.#broken("authentication nobody asked for");
    if (this.#state === "binding") {
      if (header.type === PDU_TYPE.bindAck) return this.#handleBindAck(header);
      if (header.type === PDU_TYPE.bindNak) return this.#handleBindNak(header);
    } else if (this.#state === "bound") {
      if (header.type === PDU_TYPE.response) return this.#handleResponse(header);
      if (header.type === PDU_TYPE.fault) return this.#handleFault(header);
      // A server may ask its clients to leave (C706 12.6.4.11); those with calls under way stay.
      if (header.type === PDU_TYPE.shutdown) return undefined;
    }
    return this.#broken(`PDU type ${header.type} out of place`);
  }

  #handleBindAck(header: PduHeader): CallerEvent {
    const decoded = decodeBindAck(this.#framer.bytes, this.#framer.start, header);
    if (!decoded.ok) return this.#broken(`bind_ack: ${decoded.error.field}`);
    const [result] = decoded.value.results;
    if (result === undefined) return this.#broken("bind_ack without a result");
    if (result.result !== CONTEXT_RESULT.acceptance) {
      this.#end();
      const rejection = { by: "context", result: result.result, reason: result.reason } as const;
      return { kind: "rejected", rejection };
    }
    const { maxReceive } = decoded.value;
    if (maxReceive < FRAGMENT_FLOOR) return this.#broken(`fragments of ${maxReceive} octets`);
    this.#fragmentMax = Math.min(maxReceive, FRAGMENT_MAX);
    this.#state = "bound";
    return { kind: "bound" };
  }

  #handleBindNak(header: PduHeader): CallerEvent {
    const decoded = decodeBindNak(this.#framer.bytes, this.#framer.start, header);
    if (!decoded.ok) return this.#broken("bind_nak cut short");
    this.#end();
    return { kind: "rejected", rejection: { by: "bindNak", reason: decoded.value.reason } };
  }

  #handleFault(header: PduHeader): CallerEvent {
    const decoded = decodeFault(this.#framer.bytes, this.#framer.start, header);
    if (!decoded.ok) return this.#broken("fault cut short");
    if (!this.#calls.delete(header.callId)) return this.#broken("fault to no call of ours");
    if (this.#partial?.callId === header.callId) this.#partial = undefined;
    const { status, didNotExecute } = decoded.value;
    const outcome = { kind: "fault", status, didNotExecute } as const;
    return { kind: "outcome", callId: header.callId, outcome };
  }

  #handleResponse(header: PduHeader): CallerEvent | undefined {
    const { bytes, start } = this.#framer;
    const decoded = decodeResponse(bytes, start, header);
    if (!decoded.ok) return this.#broken("response cut short");
    const { callId, littleEndian } = header;
    if (!this.#calls.has(callId)) return this.#broken("response to no call of ours");
    const isFirst = (header.flags & PDU_FLAG.first) !== 0;
    if (isFirst !== (this.#partial === undefined)) return this.#broken("fragment out of place");
    // A view, not a copy: segments are never written again.
    const part = bytes.subarray(decoded.value.stubStart, decoded.value.stubEnd);
    const partial = this.#partial ?? { callId, littleEndian, parts: [], length: 0 };
    if (partial.callId !== callId || partial.littleEndian !== littleEndian) {
      return this.#broken("fragment of another reply");
    }
    partial.length += part.length;
    if (partial.length > this.#options.replyOctetsMax) return this.#broken("reply too large");
    // An empty fragment that is not the only one carries nothing and would never end.
    if (part.length > 0) partial.parts.push(part);
    else if ((header.flags & PDU_FLAG.last) === 0) return this.#broken("empty fragment");
    if ((header.flags & PDU_FLAG.last) === 0) {
      this.#partial = partial;
      return undefined;
    }
    this.#partial = undefined;
    this.#calls.delete(callId);
    const outcome = { kind: "response", stub: joinParts(partial), littleEndian } as const;
    return { kind: "outcome", callId, outcome };
  }

  #takeCallId(): number {
    const callId = this.#nextCallId;
    this.#nextCallId = (this.#nextCallId + 1) >>> 0;
    return callId;
  }

  #broken(detail: string): CallerEvent {
    this.#end();
    return { kind: "protocolError", detail };
  }

  #end(): void {
    this.#state = "over";
    this.#partial = undefined;
    this.#calls.clear();
    this.#framer.dispose();
  }
}

function joinParts({ parts, length }: PartialReply): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const stub = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    stub.set(part, offset);
    offset += part.length;
  }
  return stub;
}
