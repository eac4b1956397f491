import type { RequestEffect } from "../../src/activation/decide.ts";
import type { GeneralEvent } from "../../src/activation/events.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { createRelay, type Relay, type RelayOptions } from "../../src/relay/relay.ts";
import {
  DEFAULT_RELAY_LIMITS,
  type RelayLimits,
  type RelaySettings,
} from "../../src/relay/settings.ts";
import { connectRpc, type RpcCaller, type RpcConnectOptions } from "../../src/rpc/caller.ts";
import { DEFAULT_RPC_LIMITS, type RpcLimits } from "../../src/rpc/limits.ts";
import { listenRpc, type RpcListener } from "../../src/rpc/listener.ts";
import { bind, context, joined, NDR32, octets, type Syntax, u32 } from "../rpc/octets.ts";
import { RawClient } from "../rpc/raw-client.ts";

export const MICROSOFT: Syntax = ["51c82175-844e-4750-b0d8-ec255555bc06", 1];
export const BIND = bind([context(0, MICROSOFT, NDR32)]);

type Order = "little" | "big";

/** The stub of a request: size, count, octets. */
export function inStub(data: Uint8Array, order: Order = "little"): Uint8Array {
  return joined(u32(data.length, order), u32(data.length, order), data);
}

/** Of version 6: what follows the version is noise, as it is to everyone without a key. */
export const OPAQUE_REQUEST = joined(octets("00000600"), new Uint8Array(256).fill(0x5a));

export const CMID = "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5";
const CMID_OCTETS = octets("279c2d676c0c374f9ea5d8bd768d55b5");

/** Of version 6: behind the version stands noise, as it is to everyone without a key. */
export function readableRequest(
  name = "LAB-PC-1",
  fields: {
    readonly requiredCount?: number;
    readonly cmid?: Uint8Array;
    readonly previousCmid?: Uint8Array;
  } = {},
): Uint8Array {
  const { requiredCount = 25, cmid = CMID_OCTETS, previousCmid = new Uint8Array(16) } = fields;
  const text = new Uint8Array(128);
  text.set(Buffer.from(name, "utf16le"));
  return joined(
    octets("00000400 00000000 02000000 c0a80000"),
    octets("11111111222233334444555555555555"),
    octets("66666666777788889999aaaaaaaaaaaa"),
    octets("bbbbbbbbccccddddeeeeffffffffffff"),
    cmid,
    u32(requiredCount),
    octets("d2e44847ad21dd01"),
    previousCmid,
    text,
    new Uint8Array(16),
  );
}

/**
 * The beginning of a version 4 reply, as far as its count, and no further: what would make it a
 * reply is not there.
 */
export function replyBeginning(count: number, cmid: Uint8Array = CMID_OCTETS): Uint8Array {
  const id = new Uint8Array(Buffer.from("made-up host id\0", "utf16le"));
  return joined(octets("00000400"), u32(id.length), id, cmid, new Uint8Array(8), u32(count));
}

export type RelayWorld = {
  readonly relay: Relay;
  readonly listener: RpcListener;
  readonly port: number;
  readonly effects: readonly RequestEffect[];
  readonly events: readonly GeneralEvent[];
  readonly client: () => Promise<RawClient>;
  readonly caller: (options?: Partial<RpcConnectOptions>) => Promise<RpcCaller>;
};

export type WorldOptions = Partial<Omit<RelaySettings, "limits">> & {
  readonly limits?: Partial<RelayLimits>;
  readonly rpcLimits?: Partial<RpcLimits>;
  readonly options?: Partial<RelayOptions>;
};

/** Runs `body` beside a relay of its own, of mode `relay` unless it says otherwise. */
export async function withRelay(
  { limits, rpcLimits, options, ...settings }: WorldOptions,
  body: (world: RelayWorld) => Promise<void>,
): Promise<void> {
  const [effects, events]: [RequestEffect[], GeneralEvent[]] = [[], []];
  const relay = createRelay({
    settings: {
      mode: "relay",
      upstreams: [],
      discover: undefined,
      resolver: undefined,
      ...settings,
      limits: { ...DEFAULT_RELAY_LIMITS, ...limits },
    },
    observe: (effect) => effects.push(effect),
    logEvent: (event) => events.push(event),
    isOwn: () => false,
    ...options,
  });
  const listener = await listenRpc({
    listen: [{ address: "127.0.0.1", port: 0 }],
    interfaces: relay.interfaces,
    limits: { ...DEFAULT_RPC_LIMITS, ...rpcLimits },
    clock: systemClock,
    randomBytes: systemRandomBytes,
  });
  const port = listener.endpoints[0]?.port ?? 0;
  const clients: { close: () => void }[] = [];
  const client = async () => {
    const made = await RawClient.connect(port);
    clients.push(made);
    return made;
  };
  const caller = async (more: Partial<RpcConnectOptions> = {}) => {
    const made = await connectMicrosoft(port, more);
    clients.push(made);
    return made;
  };
  try {
    await body({ relay, listener, port, effects, events, client, caller });
  } finally {
    for (const made of clients) made.close();
    await listener.close(0);
    relay.stop();
  }
}

export async function connectMicrosoft(
  port: number,
  more: Partial<RpcConnectOptions> = {},
): Promise<RpcCaller> {
  const [interfaceUuid, versionMajor] = MICROSOFT;
  const address = { host: "127.0.0.1", port, timeoutMs: 30_000 };
  const version = { interfaceUuid, versionMajor, versionMinor: 0 };
  const connected = await connectRpc({ ...address, ...version, ...more });
  if (!connected.ok) throw new Error(JSON.stringify(connected.error));
  return connected.value;
}

/** A port of loopback on which nobody listens. */
export function deafPort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
