/**
 * What the relay's benchmark relays to: answers every call with the same octets, which mean
 * nothing. Prints its port.
 */
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { MICROSOFT_INTERFACE } from "../../src/protocol/interface.ts";
import { DEFAULT_RPC_LIMITS } from "../../src/rpc/limits.ts";
import { listenRpc } from "../../src/rpc/listener.ts";

const STUB_OCTETS = 200;

const stub = new Uint8Array(STUB_OCTETS).fill(0xa5);
const listener = await listenRpc({
  listen: [{ address: "127.0.0.1", port: 0 }],
  interfaces: [
    { ...MICROSOFT_INTERFACE, invoke: (_call, complete) => complete({ kind: "response", stub }) },
  ],
  limits: { ...DEFAULT_RPC_LIMITS, connectionsPerAddress: DEFAULT_RPC_LIMITS.connections },
  clock: systemClock,
  randomBytes: systemRandomBytes,
});
process.stdout.write(`${listener.endpoints[0]?.port}\n`);
