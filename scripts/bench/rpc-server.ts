/**
 * The RPC listener without an activation host: an interface that answers each call with as many
 * octets as an activation has. Prints its port once it listens.
 */
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { ACTIVATION_INTERFACE } from "../../src/protocol/interface.ts";
import type { RpcInterface } from "../../src/rpc/interface.ts";
import { DEFAULT_RPC_LIMITS } from "../../src/rpc/limits.ts";
import { listenRpc } from "../../src/rpc/listener.ts";

/** The last four are the HRESULT: 0. */
const REPLY_OCTETS = 120;

const reply = new Uint8Array(REPLY_OCTETS);
const answering: RpcInterface = {
  ...ACTIVATION_INTERFACE,
  name: "answering",
  operationCount: 1,
  invoke: (_call, complete) => complete({ kind: "response", stub: reply }),
};

const listener = await listenRpc({
  listen: [{ address: "127.0.0.1", port: 0 }],
  interfaces: [answering],
  limits: DEFAULT_RPC_LIMITS,
  clock: systemClock,
  randomBytes: systemRandomBytes,
});
process.stdout.write(`${listener.endpoints[0]?.port}\n`);
