import type { RpcCall, RpcInterface, RpcOutcome } from "../../src/rpc/interface.ts";
import { NdrReader, NdrWriter } from "../../src/rpc/ndr.ts";
import { FAULT_STATUS } from "../../src/rpc/pdu/fault.ts";

/**
 * Operations of the echo interface, in the numbers of the interface that Samba's clients test with.
 */
export const ECHO_OPERATION = {
  addOne: 0,
  echoData: 1,
  sinkData: 2,
  sourceData: 3,
  sleep: 6,
  /** Ours alone: its reply waits until the test lets it go. */
  hold: 10,
  /** Ours alone: throws. */
  broken: 11,
  /** Ours alone: answers with the object UUID of the call. */
  objectUuid: 12,
} as const;

const SOURCE_OCTETS_MAX = 1024 * 1024;

/** Calls to `hold`, oldest first; `next` waits for one that has not come yet. */
export class HeldCalls {
  readonly #waiting: ((outcome: RpcOutcome) => void)[] = [];
  readonly #takers: ((complete: (outcome: RpcOutcome) => void) => void)[] = [];

  /** Calls that came and were not taken by `next`. */
  get count(): number {
    return this.#waiting.length;
  }

  add(complete: (outcome: RpcOutcome) => void): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#waiting.push(complete);
    else taker(complete);
  }

  next(): Promise<(outcome: RpcOutcome) => void> {
    const complete = this.#waiting.shift();
    if (complete !== undefined) return Promise.resolve(complete);
    return new Promise((resolve) => this.#takers.push(resolve));
  }
}

/** The echo interface: the peers' own test interface, for tests alone. */
export function echoInterface(held: HeldCalls = new HeldCalls()): RpcInterface {
  return {
    name: "echo",
    uuid: "60a15ec5-4de8-11d7-a637-005056a20182",
    versionMajor: 1,
    versionMinor: 0,
    operationCount: 13,
    invoke: (call, complete) => {
      if (call.opnum === ECHO_OPERATION.hold) held.add(complete);
      else if (call.opnum === ECHO_OPERATION.broken) throw new Error("broken on purpose");
      else if (call.opnum === ECHO_OPERATION.sleep) sleep(call, complete);
      else complete(answer(call));
    },
  };
}

function answer(call: RpcCall): RpcOutcome {
  const reader = new NdrReader(call.stub, call.littleEndian);
  switch (call.opnum) {
    case ECHO_OPERATION.addOne: {
      const value = reader.finish(reader.u32("in_data"));
      return value.ok ? respond(new NdrWriter().u32(value.value + 1)) : BAD_STUB;
    }
    case ECHO_OPERATION.echoData: {
      const data = reader.finish(reader.conformantOctets(reader.u32("len"), "in_data"));
      return data.ok ? respond(new NdrWriter().conformantOctets(data.value)) : BAD_STUB;
    }
    case ECHO_OPERATION.sinkData: {
      const data = reader.finish(reader.conformantOctets(reader.u32("len"), "data"));
      return data.ok ? respond(new NdrWriter()) : BAD_STUB;
    }
    case ECHO_OPERATION.sourceData: {
      const length = reader.finish(reader.u32("len"));
      if (!length.ok || length.value > SOURCE_OCTETS_MAX) return BAD_STUB;
      const data = Uint8Array.from({ length: length.value }, (_, index) => index);
      return respond(new NdrWriter().conformantOctets(data));
    }
    case ECHO_OPERATION.objectUuid:
      return respond(new NdrWriter().guid(call.objectUuid ?? NO_OBJECT));
    default:
      return { kind: "fault", status: FAULT_STATUS.operationRange, didNotExecute: true };
  }
}

const NO_OBJECT = "00000000-0000-0000-0000-000000000000";

/**
 * Completes later, as its argument says in thousandths rather than in seconds: tests are in a
 * hurry.
 */
function sleep(call: RpcCall, complete: (outcome: RpcOutcome) => void): void {
  const reader = new NdrReader(call.stub, call.littleEndian);
  const duration = reader.finish(reader.u32("seconds"));
  if (!duration.ok) complete(BAD_STUB);
  else setTimeout(() => complete(respond(new NdrWriter().u32(duration.value))), duration.value);
}

function respond(writer: NdrWriter): RpcOutcome {
  return { kind: "response", stub: writer.finish() };
}

const BAD_STUB: RpcOutcome = {
  kind: "fault",
  status: FAULT_STATUS.badStubData,
  didNotExecute: false,
};
