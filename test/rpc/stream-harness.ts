import { AssociationGroups } from "../../src/rpc/association-groups.ts";
import { type CloseReason, RpcConnection } from "../../src/rpc/connection.ts";
import { newCounters, type RpcCounters } from "../../src/rpc/counters.ts";
import type { RpcOutcome } from "../../src/rpc/interface.ts";
import { DEFAULT_RPC_LIMITS, type RpcLimits } from "../../src/rpc/limits.ts";
import { managementInterface } from "../../src/rpc/management.ts";
import { OctetBudget } from "../../src/rpc/octet-budget.ts";
import { InterfaceRegistry } from "../../src/rpc/registry.ts";
import { echoInterface } from "./echo-interface.ts";
import { hex } from "./octets.ts";

/** What a connection made of a stream of octets. */
export type Conversation = {
  /** Everything sent, as hexadecimal text. */
  readonly output: string;
  /** Calls in the order they were handed out: operation and stub. */
  readonly calls: readonly string[];
  readonly closed: CloseReason | undefined;
  readonly counters: RpcCounters;
  /** What is still held of the shared budget and groups after the connection is gone: 0 each. */
  readonly left: readonly number[];
};

/** Feeds the segments to a fresh connection; every call is answered at once with its own stub. */
export function converse(
  segments: readonly Uint8Array[],
  limits: Partial<RpcLimits> = {},
): Conversation {
  const budget = new OctetBudget(limits.reassemblyOctets ?? DEFAULT_RPC_LIMITS.reassemblyOctets);
  const associations = new AssociationGroups(0x1000);
  const counters = newCounters();
  const management = managementInterface([], () => NO_STATISTICS);
  const context = {
    registry: new InterfaceRegistry([echoInterface(), management]),
    associations,
    budget,
    limits: { ...DEFAULT_RPC_LIMITS, ...limits },
    counters,
  };
  const connection = new RpcConnection(context, { address: "192.0.2.1", port: 4711 }, "1688");
  const calls: string[] = [];
  let output = "";
  let closed: CloseReason | undefined;
  for (const segment of segments) {
    connection.receive(segment);
    for (let moved = true; moved || connection.yielding; ) {
      moved = false;
      for (let event = connection.next(); event !== undefined; event = connection.next()) {
        moved = true;
        if (event.kind === "close") {
          closed = event.reason;
          continue;
        }
        calls.push(`${event.entry.name}/${event.call.opnum} ${hex(event.call.stub)}`);
        connection.respond(event.pending, echoed(event.call.stub));
      }
      if (connection.output.length > 0) moved = true;
      output += hex(connection.output.toBytes());
      connection.output.clear();
    }
  }
  connection.dispose();
  const left = [budget.used, associations.size, counters.callsInFlight];
  return { output, calls, closed, counters, left };
}

const NO_STATISTICS = { callsReceived: 0, callsSent: 0, pdusReceived: 0, pdusSent: 0 };

function echoed(stub: Uint8Array): RpcOutcome {
  return { kind: "response", stub: stub.slice() };
}

/** The stream cut at the given places; places outside of it are left out. */
export function cutAt(stream: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const inside = places.filter((place) => place > 0 && place < stream.length);
  const sorted = [...new Set(inside)].sort((left, right) => left - right);
  const starts = [0, ...sorted];
  return starts.map((start, index) => stream.slice(start, starts[index + 1] ?? stream.length));
}
