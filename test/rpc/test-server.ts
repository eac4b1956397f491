import { systemClock } from "../../src/platform/clock.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { DEFAULT_RPC_LIMITS, type RpcLimits } from "../../src/rpc/limits.ts";
import { listenRpc, type RpcListener, type RpcListenOptions } from "../../src/rpc/listener.ts";
import { echoInterface, HeldCalls } from "./echo-interface.ts";
import { RawClient } from "./raw-client.ts";

export type TestServer = {
  readonly listener: RpcListener;
  readonly port: number;
  readonly held: HeldCalls;
  readonly client: () => Promise<RawClient>;
};

/** Runs `body` beside a server with the echo interface; clients and server are gone afterwards. */
export async function withServer(
  body: (server: TestServer) => Promise<void>,
  limits: Partial<RpcLimits> = {},
  options: Partial<RpcListenOptions> = {},
): Promise<void> {
  const held = new HeldCalls();
  const listener = await listenRpc({
    listen: [{ address: "127.0.0.1", port: 0 }],
    interfaces: [echoInterface(held)],
    limits: { ...DEFAULT_RPC_LIMITS, ...limits },
    clock: systemClock,
    randomBytes: systemRandomBytes,
    ...options,
  });
  const port = listener.endpoints[0]?.port ?? 0;
  const clients: RawClient[] = [];
  const client = async (): Promise<RawClient> => {
    const made = await RawClient.connect(port);
    clients.push(made);
    return made;
  };
  try {
    await body({ listener, port, held, client });
  } finally {
    for (const made of clients) made.close();
    await listener.close(0);
  }
}

/** Waits for what no event announces: a figure of the listener, mostly. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(1);
}
