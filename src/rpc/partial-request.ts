import type { RpcLimits } from "./limits.ts";
import type { OctetBudget } from "./octet-budget.ts";
import type { PduHeader } from "./pdu/header.ts";
import type { Request } from "./pdu/request.ts";

/** What became of a fragment: taken, or the limit that it breaks. */
export type FragmentVerdict = "taken" | "tooLarge" | "overBudget" | "mismatch";

const FIRST_CAPACITY = 256;

/** A request of which the last fragment has not arrived yet. */
export class PartialRequest {
  readonly callId: number;
  readonly littleEndian: boolean;
  /** The first fragment: context, operation and object of the call. */
  readonly request: Request;
  readonly #budget: OctetBudget;
  #stub = new Uint8Array(0);
  #length = 0;
  #fragments = 0;

  constructor(header: PduHeader, request: Request, budget: OctetBudget) {
    this.callId = header.callId;
    this.littleEndian = header.littleEndian;
    this.request = request;
    this.#budget = budget;
  }

  /** The stub so far, without copying. */
  get stub(): Uint8Array {
    return this.#stub.subarray(0, this.#length);
  }

  /** Adds the stub of a fragment. alloc_hint plays no part: memory follows what has arrived. */
  add(bytes: Uint8Array, header: PduHeader, request: Request, limits: RpcLimits): FragmentVerdict {
    if (
      header.littleEndian !== this.littleEndian ||
      request.contextId !== this.request.contextId ||
      request.opnum !== this.request.opnum
    ) {
      return "mismatch";
    }
    const needed = this.#length + request.stubEnd - request.stubStart;
    this.#fragments += 1;
    if (needed > limits.requestOctets || this.#fragments > limits.requestFragments) {
      return "tooLarge";
    }
    if (!this.#reserve(needed, limits.requestOctets)) return "overBudget";
    this.#stub.set(bytes.subarray(request.stubStart, request.stubEnd), this.#length);
    this.#length = needed;
    return "taken";
  }

  /** Gives the budget back; the stub stays readable. */
  dispose(): void {
    this.#budget.giveBack(this.#stub.length);
  }

  #reserve(needed: number, maximum: number): boolean {
    if (needed <= this.#stub.length) return true;
    let capacity = Math.max(this.#stub.length, FIRST_CAPACITY);
    while (capacity < needed) capacity *= 2;
    capacity = Math.max(needed, Math.min(capacity, maximum));
    const { length: held } = this.#stub;
    if (!this.#budget.take(capacity - held, held)) return false;
    const grown = new Uint8Array(capacity);
    grown.set(this.#stub.subarray(0, this.#length));
    this.#stub = grown;
    return true;
  }
}
