import { ACTIVATION_INTERFACE, OPNUM } from "../protocol/interface.ts";
import { decodeInStub, encodeErrorStub, encodeOutStub } from "../protocol/stub.ts";
import type { RpcCall, RpcInterface, RpcOutcome } from "../rpc/interface.ts";
import { FAULT_STATUS } from "../rpc/pdu/fault.ts";
import type { ActivationHost } from "./activation-host.ts";
import type { HostAnswer } from "./work.ts";

/** This domain's activation interface (protocol.md), for the RPC listener. */
export function activationInterface(host: ActivationHost): RpcInterface {
  return {
    ...ACTIVATION_INTERFACE,
    invoke: (call, complete) => {
      const answer = (given: HostAnswer) => complete(respond(given));
      if (call.opnum === OPNUM.getHostLicence) answer(host.hostLicence());
      else invokeWithOctets(host, call, answer, complete);
    },
  };
}

function invokeWithOctets(
  host: ActivationHost,
  call: RpcCall,
  answer: (given: HostAnswer) => void,
  complete: (outcome: RpcOutcome) => void,
): void {
  const { address } = call.peer;
  const octets = decodeInStub(call.stub, call.littleEndian);
  if (octets.ok) {
    if (call.opnum === OPNUM.probe) answer(host.probe(octets.value, address));
    // The stub is the connection's: what waits for a commit needs octets of its own.
    else host.activate(octets.value.slice(), address, answer);
  } else if (octets.error.code === "outOfRange" && call.opnum === OPNUM.activate) {
    host.refuseUnreadable("outOfRange: more octets than a request has", address, answer);
  } else {
    complete({ kind: "fault", status: FAULT_STATUS.badStubData, didNotExecute: true });
  }
}

function respond({ hresult, octets }: HostAnswer): RpcOutcome {
  const stub = octets === undefined ? encodeErrorStub(hresult) : encodeOutStub(octets);
  return { kind: "response", stub };
}
