import { systemClock } from "../../src/platform/clock.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { ACTIVATION_INTERFACE } from "../../src/protocol/interface.ts";
import { DEFAULT_RPC_LIMITS } from "../../src/rpc/limits.ts";
import { listenRpc, type RpcListener } from "../../src/rpc/listener.ts";
import type { FakeHost } from "./fake-host.ts";

export const LOOPBACK = "127.0.0.1";

export function portOf(server: {
  readonly endpoints: readonly { readonly port: number }[];
}): number {
  return server.endpoints[0]?.port ?? 0;
}

/** Serves a fake host over the real RPC listener; the caller closes it. */
export async function listenAs(host: FakeHost, address = LOOPBACK): Promise<RpcListener> {
  return listenRpc({
    listen: [{ address, port: 0 }],
    interfaces: [
      {
        ...ACTIVATION_INTERFACE,
        invoke: ({ opnum, stub }, complete) => {
          void host
            .connect()
            .call(opnum, stub.slice())
            .then((answer) => {
              if (answer.ok) complete(answer.value);
            });
        },
      },
    ],
    limits: DEFAULT_RPC_LIMITS,
    clock: systemClock,
    randomBytes: systemRandomBytes,
  });
}
