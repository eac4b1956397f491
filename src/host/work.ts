import type { RequestEffect } from "../activation/decide.ts";
import type { Result } from "../platform/result.ts";
import type { ActivationRequest, Guid } from "../protocol/types.ts";
import type { StoreFailure } from "../store/health.ts";

/** What a request is answered with: octets and success, or no octets and an error. */
export type HostAnswer = { readonly hresult: number; readonly octets: Uint8Array | undefined };
export type Deliver = (answer: HostAnswer) => void;

/** A request in the queue. */
export type RequestWork = {
  readonly kind: "request";
  /** undefined where the octets are no request; `detail` says why. */
  readonly request: ActivationRequest | undefined;
  readonly detail: string;
  readonly octets: Uint8Array;
  readonly peerAddress: string;
  readonly deliver: Deliver;
};

/** Something seen on another interface, to be kept and not counted (RELAY-4). */
type ObservationWork = { readonly kind: "observation"; readonly effect: RequestEffect };

/** An administrator's reset of the count (COUNT-12); undefined: of every application. */
export type ResetWork = {
  readonly kind: "reset";
  readonly applicationId: Guid | undefined;
  readonly done: (outcome: Result<readonly Guid[], StoreFailure>) => void;
};

export type Work = RequestWork | ObservationWork | ResetWork;

/** Work in the order of its arrival. Taking from the front costs the same however long it is. */
export class WorkQueue {
  #items: Work[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(work: Work): void {
    this.#items.push(work);
  }

  /** The next group: as much as arrived, up to `maximum`; a reset is a group of its own. */
  takeGroup(maximum: number): readonly Work[] {
    const end = Math.min(this.#items.length, this.#first + maximum);
    let last = this.#first;
    while (last < end && this.#items[last]?.kind !== "reset") last += 1;
    if (last === this.#first && last < end) last += 1;
    const group = this.#items.slice(this.#first, last);
    this.#first = last;
    if (this.#first === this.#items.length) {
      this.#items = [];
      this.#first = 0;
    } else if (this.#first > maximum) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return group;
  }
}
