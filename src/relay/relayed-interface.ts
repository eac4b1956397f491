import type { RequestEffect } from "../activation/decide.ts";
import type { Clock } from "../platform/clock.ts";
import { MICROSOFT_INTERFACE } from "../protocol/interface.ts";
import { decodeInStub } from "../protocol/stub.ts";
import type { CallConnection, RpcCall, RpcInterface, RpcOutcome } from "../rpc/interface.ts";
import { FAULT_STATUS } from "../rpc/pdu/fault.ts";
import { type RelayFailure, RelayLeg } from "./leg.ts";
import {
  hresultOfFault,
  observationOf,
  readOutcome,
  type SeenAnswer,
  type SeenRequest,
  seeRequest,
} from "./observation.ts";
import type { RelayLimits } from "./settings.ts";
import type { RelayOutcome } from "./statistics.ts";
import type { Upstream } from "./upstream.ts";

/** Octets of a request that are read for the log; what is longer is passed on all the same. */
export const REQUEST_OCTETS_MAXIMUM = 1024;

export type RelayedInterfaceOptions = {
  readonly candidates: () => Promise<readonly Upstream[]>;
  readonly limits: RelayLimits;
  /** For entries of the log. */
  readonly clock: Clock;
  /** For time-outs: never set back. */
  readonly elapsed: Clock;
  readonly observe: (effect: RequestEffect) => void;
  readonly count: (outcome: RelayOutcome) => void;
};

/** What becomes of one call that was relayed, or could not be. */
type Ending = {
  readonly outcome: RpcOutcome;
  readonly counted: RelayOutcome;
  readonly answer: SeenAnswer;
};

/** Microsoft's interface, every call of which is made anew on a licensed host (RELAY-1). */
export class RelayedInterface {
  readonly #options: RelayedInterfaceOptions;
  readonly #legs = new Map<CallConnection, RelayLeg>();
  #callsInFlight = 0;

  constructor(options: RelayedInterfaceOptions) {
    this.#options = options;
  }

  get connections(): number {
    return this.#legs.size;
  }

  get callsInFlight(): number {
    return this.#callsInFlight;
  }

  readonly offered: RpcInterface = {
    ...MICROSOFT_INTERFACE,
    invoke: (call, complete) => this.#invoke(call, complete),
  };

  /** Drops every connection to a licensed host. */
  close(): void {
    for (const leg of this.#legs.values()) leg.close();
    this.#legs.clear();
  }

  #invoke(call: RpcCall, complete: (outcome: RpcOutcome) => void): void {
    const { clock, elapsed, limits } = this.#options;
    const octets = decodeInStub(call.stub, call.littleEndian, REQUEST_OCTETS_MAXIMUM);
    const seen = seeRequest(octets, clock(), call.peer.address);
    const leg = this.#legOf(call.connection);
    if (leg === undefined) {
      this.#end(seen, BUSY, complete);
      return;
    }
    this.#callsInFlight += 1;
    const { opnum, littleEndian, objectUuid } = call;
    const deadline = elapsed() + limits.callMilliseconds;
    // The stub is the connection's: what waits for a licensed host needs octets of its own.
    const relayed = { opnum, stub: call.stub.slice(), littleEndian, objectUuid, deadline };
    void leg.call(relayed).then((result) => {
      this.#callsInFlight -= 1;
      const ending = result.ok
        ? answeredEnding(result.value.outcome, result.value.upstream, seen)
        : failedEnding(result.error);
      this.#end(seen, ending, complete);
    });
  }

  #end(seen: SeenRequest, ending: Ending, complete: (outcome: RpcOutcome) => void): void {
    const { observe, count } = this.#options;
    complete(ending.outcome);
    count(ending.counted);
    observe(observationOf(seen, ending.answer));
  }

  /** Undefined where there are too many. */
  #legOf(connection: CallConnection): RelayLeg | undefined {
    const known = this.#legs.get(connection);
    if (known !== undefined) return known;
    if (this.#legs.size >= this.#options.limits.connections) return undefined;
    const leg = new RelayLeg(this.#options);
    this.#legs.set(connection, leg);
    connection.onClose(() => {
      this.#legs.delete(connection);
      leg.close();
    });
    return leg;
  }
}

const BUSY = fault("busy", FAULT_STATUS.serverTooBusy, true, { reason: "too many clients" });

function fault(
  counted: RelayOutcome,
  status: number,
  didNotExecute: boolean,
  more: Pick<SeenAnswer, "upstream" | "reason">,
): Ending {
  return {
    outcome: { kind: "fault", status, didNotExecute },
    counted,
    answer: { source: "relayed", hresult: hresultOfFault(status), count: 0, ...more },
  };
}

function answeredEnding(outcome: RpcOutcome, upstream: string, seen: SeenRequest): Ending {
  return {
    outcome,
    counted: outcome.kind === "fault" ? "faulted" : "answered",
    answer: { source: "relayed", upstream, ...readOutcome(outcome, seen) },
  };
}

function failedEnding(failure: RelayFailure): Ending {
  switch (failure.kind) {
    case "unavailable": {
      const { reason } = failure;
      return fault("unavailable", FAULT_STATUS.serverUnavailable, true, { reason });
    }
    case "failed": {
      const { upstream, reason } = failure;
      return fault("failed", FAULT_STATUS.callFailed, false, { upstream, reason });
    }
    case "abandoned":
      // Nobody hears it any more.
      return fault("abandoned", FAULT_STATUS.callFailed, false, { reason: "the client left" });
  }
}
