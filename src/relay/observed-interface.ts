import type { RequestEffect } from "../activation/decide.ts";
import type { Clock } from "../platform/clock.ts";
import { HRESULT } from "../protocol/hresult.ts";
import { MICROSOFT_INTERFACE } from "../protocol/interface.ts";
import { decodeInStub, encodeErrorStub } from "../protocol/stub.ts";
import type { RpcInterface, RpcOutcome } from "../rpc/interface.ts";
import { FAULT_STATUS } from "../rpc/pdu/fault.ts";
import { hresultOfFault, observationOf, seeRequest } from "./observation.ts";
import { REQUEST_OCTETS_MAXIMUM } from "./relayed-interface.ts";
import type { RelayOutcome } from "./statistics.ts";

export type ObservedInterfaceOptions = {
  readonly clock: Clock;
  readonly observe: (effect: RequestEffect) => void;
  readonly count: (outcome: RelayOutcome) => void;
};

/**
 * Microsoft's interface, on which every request is logged and refused, with the error that is
 * documented for a host that does not serve the product (RELAY-1).
 */
export function observedMicrosoftInterface(options: ObservedInterfaceOptions): RpcInterface {
  const { clock, observe, count } = options;
  return {
    ...MICROSOFT_INTERFACE,
    invoke: ({ stub, littleEndian, peer }, complete) => {
      const octets = decodeInStub(stub, littleEndian, REQUEST_OCTETS_MAXIMUM);
      // Too many octets are a request still, and refused as one.
      const isRequest = octets.ok || octets.error.code === "outOfRange";
      complete(isRequest ? refusal() : BAD_STUB);
      count(isRequest ? "observed" : "malformed");
      const hresult = isRequest ? REFUSED : hresultOfFault(FAULT_STATUS.badStubData);
      const seen = seeRequest(octets, clock(), peer.address);
      observe(observationOf(seen, { source: "observed", hresult, count: 0 }));
    },
  };
}

const REFUSED = HRESULT.productNotServed;
const BAD_STUB: RpcOutcome = {
  kind: "fault",
  status: FAULT_STATUS.badStubData,
  didNotExecute: true,
};

/** Size 0, a null pointer, the error. */
function refusal(): RpcOutcome {
  return { kind: "response", stub: encodeErrorStub(REFUSED) };
}
