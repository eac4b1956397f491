import type { Clock } from "../platform/clock.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import type { Guid } from "../protocol/types.ts";
import type { RpcCaller } from "../rpc/caller.ts";
import type { RpcOutcome } from "../rpc/interface.ts";
import type { RelayLimits } from "./settings.ts";
import type { Upstream } from "./upstream.ts";

/** A client's call as it goes on to a licensed host. */
export type RelayedCall = {
  readonly opnum: number;
  readonly stub: Uint8Array;
  readonly littleEndian: boolean;
  readonly objectUuid: Guid | undefined;
  /** When it has to be answered, by the clock of the leg. */
  readonly deadline: number;
};

export type RelayedOutcome = { readonly outcome: RpcOutcome; readonly upstream: string };

/** Why there is no outcome of a licensed host's. */
export type RelayFailure =
  /** None was reached: the call certainly had no effect. */
  | { readonly kind: "unavailable"; readonly reason: string }
  /** It was sent, and no answer came. */
  | { readonly kind: "failed"; readonly upstream: string; readonly reason: string }
  /** The client is gone. */
  | { readonly kind: "abandoned" };

export type RelayLegOptions = {
  readonly candidates: () => Promise<readonly Upstream[]>;
  readonly limits: RelayLimits;
  readonly elapsed: Clock;
};

/** An established connection to a licensed host. */
type Established = {
  readonly upstream: Upstream;
  readonly caller: RpcCaller;
  readonly littleEndian: boolean;
};

const NO_TIME = { kind: "unavailable", reason: "no time left" } as const;
const ABANDONED = { kind: "abandoned" } as const;

/**
 * The far half of one client's connection: one connection to one licensed host, made for the first
 * call and closed with the client's. PDUs are never passed on: the call is made anew, in the
 * client's byte order, so that the stub can stay as it is.
 */
export class RelayLeg {
  readonly #options: RelayLegOptions;
  #established: Established | undefined;
  /** Calls go one after another: without multiplexing a server may refuse a second one. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: RelayLegOptions) {
    this.#options = options;
  }

  /** Never rejects. Resolves by the call's deadline, and soon after the leg is closed. */
  call(call: RelayedCall): Promise<Result<RelayedOutcome, RelayFailure>> {
    const result = this.#last.then(() => this.#call(call));
    this.#last = result;
    return result;
  }

  /** The client is gone: so is what was under way for it. */
  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  async #call(call: RelayedCall): Promise<Result<RelayedOutcome, RelayFailure>> {
    const established = await this.#establish(call);
    if (this.#isClosed) return fail(ABANDONED);
    if (established === undefined) {
      return fail({ kind: "unavailable", reason: "no licensed host can be reached" });
    }
    const timeoutMs = call.deadline - this.#options.elapsed();
    if (timeoutMs <= 0) return fail(NO_TIME);
    const { opnum, stub, objectUuid } = call;
    const { upstream, caller } = established;
    const given = objectUuid === undefined ? { timeoutMs } : { timeoutMs, objectUuid };
    const result = await caller.call(opnum, stub, given);
    if (this.#isClosed) return fail(ABANDONED);
    if (!result.ok) {
      this.#drop();
      const reason = upstream.lost(result.error);
      return fail({ kind: "failed", upstream: upstream.name, reason });
    }
    upstream.answered();
    return ok({ outcome: result.value, upstream: upstream.name });
  }

  /** The connection there is, where it still serves; a new one to the first host that takes it. */
  async #establish({ littleEndian, deadline }: RelayedCall): Promise<Established | undefined> {
    const known = this.#established;
    if (known?.caller.usable() === true && known.littleEndian === littleEndian) return known;
    this.#drop();
    const { candidates, limits, elapsed } = this.#options;
    for (const upstream of await candidates()) {
      const timeoutMs = Math.min(limits.connectMilliseconds, deadline - elapsed());
      if (this.#isClosed || timeoutMs <= 0) return undefined;
      const caller = await upstream.connect(littleEndian, timeoutMs);
      if (caller === undefined) continue;
      if (this.#isClosed) {
        caller.close();
        return undefined;
      }
      this.#established = { upstream, caller, littleEndian };
      return this.#established;
    }
    return undefined;
  }

  #drop(): void {
    this.#established?.caller.close();
    this.#established = undefined;
  }
}
