import type { OctetBudget } from "./octet-budget.ts";
import { decodeHeader, HEADER_LENGTH, type PduHeader } from "./pdu/header.ts";

/** What {@link PduFramer.next} found. */
export type Framing =
  /** `bytes`, `start` and `header` are a PDU. */
  | "pdu"
  /** `header` has arrived, the rest not yet. */
  | "header"
  /** Not even a header. */
  | "nothing"
  /** A frag_length below its own header: what follows cannot be told apart. */
  | "unreadable"
  /** The shared budget has no room for the rest of the PDU. */
  | "overBudget";

const EMPTY = new Uint8Array(0);

/**
 * First capacity of the buffer for a PDU that arrives in pieces: room for a bind of one context.
 */
const PARTIAL_CAPACITY = 128;

/**
 * Cuts a stream of segments into PDUs. A PDU that lies in one segment is read where it is; only
 * what a segment leaves incomplete is copied, and never more than the PDU it belongs to.
 */
export class PduFramer {
  /** Where the current PDU is: valid after `next()` returned "pdu", until the next call of it. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  header: PduHeader | undefined;

  readonly #budget: OctetBudget;
  #segment: Uint8Array = EMPTY;
  #offset = 0;
  #partial: Uint8Array = EMPTY;
  #partialLength = 0;
  /** Octets of a segment charged because its rest has to wait. */
  #held = 0;
  /** Octets to skip before looking for the next PDU: those of the current one. */
  #consumed = 0;

  constructor(budget: OctetBudget) {
    this.#budget = budget;
  }

  /** Whether the beginning of a PDU waits for its rest. */
  get incomplete(): boolean {
    return this.#partialLength > 0;
  }

  /** Octets of the segment that were not looked at yet. */
  get unread(): number {
    return this.#segment.length - this.#offset;
  }

  /**
   * Takes a segment, which must not change until it is used up (`next()` returned other than
   * "pdu"). A segment that comes while the last one still waits is put behind it.
   */
  receive(segment: Uint8Array): void {
    if (this.#offset >= this.#segment.length) {
      this.#segment = segment;
      this.#offset = 0;
      return;
    }
    const joined = new Uint8Array(this.unread + segment.length);
    joined.set(this.#segment.subarray(this.#offset));
    joined.set(segment, this.unread);
    this.#segment = joined;
    this.#offset = 0;
  }

  /** Looks for the next PDU; passing over the last one found. */
  next(): Framing {
    if (this.#consumed > 0) this.#release();
    if (this.#partialLength > 0) return this.#completePartial();
    const available = this.unread;
    if (available === 0) return this.#settle("nothing");
    if (available < HEADER_LENGTH) return this.#keepRest(HEADER_LENGTH, "nothing");
    const decoded = decodeHeader(this.#segment, this.#offset);
    if (!decoded.ok) return "unreadable";
    this.header = decoded.value;
    const { fragLength } = decoded.value;
    if (available < fragLength) return this.#keepRest(fragLength, "header");
    this.bytes = this.#segment;
    this.start = this.#offset;
    this.#offset += fragLength;
    this.#consumed = fragLength;
    return "pdu";
  }

  /** Charges what waits unread to the budget; false where there is no room for it. */
  hold(): boolean {
    const unread = this.unread;
    if (unread <= this.#held) return true;
    if (!this.#budget.take(unread - this.#held, this.#held)) return false;
    this.#held = unread;
    return true;
  }

  /** Forgets everything and gives the budget back. */
  dispose(): void {
    this.#budget.giveBack(this.#partial.length + this.#held);
    this.#partial = EMPTY;
    this.#partialLength = 0;
    this.#held = 0;
    this.#segment = EMPTY;
    this.#offset = 0;
    this.#consumed = 0;
    this.bytes = EMPTY;
    this.header = undefined;
  }

  #release(): void {
    this.#consumed = 0;
    this.header = undefined;
    this.bytes = EMPTY;
    if (this.#partialLength > 0) this.#dropPartial();
  }

  #dropPartial(): void {
    this.#budget.giveBack(this.#partial.length);
    this.#partial = EMPTY;
    this.#partialLength = 0;
  }

  /** The segment is used up: what was charged for it is given back. */
  #settle(framing: Framing): Framing {
    if (this.#held > 0) this.#budget.giveBack(this.#held);
    this.#held = 0;
    this.#segment = EMPTY;
    this.#offset = 0;
    return framing;
  }

  /** Copies the rest of the segment aside, as the beginning of a PDU of `length` octets. */
  #keepRest(length: number, framing: Framing): Framing {
    return this.#append(this.unread, length) ? this.#settle(framing) : "overBudget";
  }

  #completePartial(): Framing {
    if (this.header === undefined) {
      const missing = HEADER_LENGTH - this.#partialLength;
      if (!this.#append(Math.min(missing, this.unread), HEADER_LENGTH)) return "overBudget";
      if (this.#partialLength < HEADER_LENGTH) return this.#settle("nothing");
      const decoded = decodeHeader(this.#partial, 0);
      if (!decoded.ok) return "unreadable";
      this.header = decoded.value;
    }
    const { fragLength } = this.header;
    const missing = fragLength - this.#partialLength;
    if (!this.#append(Math.min(missing, this.unread), fragLength)) return "overBudget";
    if (this.#partialLength < fragLength) return this.#settle("header");
    this.bytes = this.#partial;
    this.start = 0;
    this.#consumed = fragLength;
    return "pdu";
  }

  /**
   * Moves `count` octets of the segment to the partial PDU. Its buffer grows with what has arrived,
   * not with what the header promises.
   */
  #append(count: number, length: number): boolean {
    const needed = this.#partialLength + count;
    if (needed > this.#partial.length) {
      let capacity = Math.max(this.#partial.length, PARTIAL_CAPACITY);
      while (capacity < needed) capacity *= 2;
      if (length > PARTIAL_CAPACITY) capacity = Math.min(capacity, length);
      const { length: held } = this.#partial;
      if (!this.#budget.take(capacity - held, held)) return false;
      const grown = new Uint8Array(capacity);
      if (this.#partialLength > 0) grown.set(this.#partial.subarray(0, this.#partialLength));
      this.#partial = grown;
    }
    const whole = this.#offset === 0 && count === this.#segment.length;
    this.#partial.set(
      whole ? this.#segment : this.#segment.subarray(this.#offset, this.#offset + count),
      this.#partialLength,
    );
    this.#partialLength = needed;
    this.#offset += count;
    return true;
  }
}
