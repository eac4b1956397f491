import { describe, expect, test } from "bun:test";
import { BindError, type Endpoint } from "../../src/platform/endpoint.ts";
import { DEFAULT_RPC_LIMITS } from "../../src/rpc/limits.ts";
import { listenRpc, type RpcListener, type RpcListenOptions } from "../../src/rpc/listener.ts";
import { ECHO_OPERATION, echoInterface } from "./echo-interface.ts";
import { bind, context, ECHO, FIRST, NDR32, octets, request, responseText, u32 } from "./octets.ts";
import { RawClient } from "./raw-client.ts";
import { until, withServer } from "./test-server.ts";

const BIND = bind([context(0, ECHO, NDR32)]);
const { addOne, hold, sourceData } = ECHO_OPERATION;

function listen(
  endpoints: readonly Endpoint[],
  options: Partial<RpcListenOptions> = {},
): Promise<RpcListener> {
  return listenRpc({
    listen: endpoints,
    interfaces: [echoInterface()],
    limits: DEFAULT_RPC_LIMITS,
    clock: () => 0,
    randomBytes: (length) => new Uint8Array(length),
    ...options,
  });
}

async function expectService(port: number, host: string): Promise<void> {
  const client = await RawClient.connect(port, host);
  await client.send(BIND, request(addOne, u32(1)));
  await client.pdu();
  expect(await client.pdu()).toBe(responseText(1, u32(2)));
  client.close();
}

describe("where it listens", () => {
  test("HOST-11 IPv4 and IPv6 on the same port", async () => {
    const four = await listen([{ address: "127.0.0.1", port: 0 }]);
    const port = four.endpoints[0]?.port ?? 0;
    const six = await listen([{ address: "::1", port }]);
    await expectService(port, "127.0.0.1");
    await expectService(port, "::1");
    await four.close(0);
    await six.close(0);
  });

  test("port 0 becomes the port that is listened on, for each endpoint", async () => {
    const listener = await listen([
      { address: "127.0.0.1", port: 0 },
      { address: "127.0.0.2", port: 0 },
      { address: "::1", port: 0 },
    ]);
    expect(listener.endpoints.map(({ address }) => address)).toEqual([
      "127.0.0.1",
      "127.0.0.2",
      "::1",
    ]);
    for (const { address, port } of listener.endpoints) await expectService(port, address);
    await listener.close(0);
  });

  test("an endpoint in use is a BindError with its place, and nothing stays open", async () => {
    const first = await listen([{ address: "127.0.0.1", port: 0 }]);
    const taken = { address: "127.0.0.1", port: first.endpoints[0]?.port ?? 0 };
    const free = await listen([{ address: "127.0.0.2", port: 0 }]);
    const other = { address: "127.0.0.2", port: free.endpoints[0]?.port ?? 0 };
    await free.close(0);
    const failure = await listen([other, taken]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BindError);
    expect(failure).toMatchObject({ part: "rpc", endpoint: taken, code: "EADDRINUSE" });
    const again = await listen([other]);
    await again.close(0);
    await first.close(0);
  });

  test("where wanted, an endpoint that cannot be opened is left out and named", async () => {
    const said: unknown[] = [];
    const missing = { address: "192.0.2.1", port: 0 };
    const listener = await listen([missing, { address: "127.0.0.1", port: 0 }], {
      onUnbindable: "continue",
      log: (level, message, fields) => said.push({ level, message, fields }),
    });
    expect(listener.endpoints).toHaveLength(1);
    expect(listener.healthy()).toBe(true);
    expect(said).toEqual([
      {
        level: "warning",
        message: "cannot listen",
        fields: { endpoint: "192.0.2.1:0", code: "EADDRNOTAVAIL" },
      },
    ]);
    expect(listener.notices).toEqual(["rpc does not listen on 192.0.2.1:0: EADDRNOTAVAIL"]);
    await listener.close(0);
    const none = listen([missing], { onUnbindable: "continue" });
    await expect(none).rejects.toBeInstanceOf(BindError);
  });
});

describe("how it ends", () => {
  test("stopAccepting: no new connections, open ones go on", () =>
    withServer(async ({ client, listener, port }) => {
      const peer = await client();
      await peer.send(BIND);
      await peer.pdu();
      expect(listener.healthy()).toBe(true);
      listener.stopAccepting();
      expect(listener.healthy()).toBe(false);
      await expect(RawClient.connect(port)).rejects.toThrow();
      await peer.send(request(addOne, u32(1)));
      expect(await peer.pdu()).toBe(responseText(1, u32(2)));
    }));

  test("close: calls under way get their replies, new ones are not taken", () =>
    withServer(async ({ client, listener, held }) => {
      const [busy, idle] = [await client(), await client()];
      await idle.send(BIND);
      await idle.pdu();
      await busy.send(BIND, request(hold));
      await busy.pdu();
      const complete = await held.next();
      const closed = listener.close(10_000);
      expect(await idle.pdu()).toBe("end");
      await busy.send(request(addOne, u32(1), { callId: 2 }));
      complete({ kind: "response", stub: octets("aa") });
      expect(await busy.pdu()).toBe(responseText(1, octets("aa")));
      expect(await busy.pdu()).toBe("end");
      await closed;
      expect(listener.statistics().connectionsOpen).toBe(0);
    }));

  test("close: what is not done within its time is cut, and a late outcome harms nobody", () =>
    withServer(async ({ client, listener, held }) => {
      const peer = await client();
      await peer.send(BIND, request(hold), request(addOne, u32(1), { flags: FIRST, callId: 2 }));
      await peer.pdu();
      const complete = await held.next();
      await listener.close(20);
      expect(await peer.pdu()).toBe("end");
      complete({ kind: "response", stub: octets("aa") });
      expect(listener.statistics()).toMatchObject({
        connectionsOpen: 0,
        callsInFlight: 0,
        associationGroups: 0,
        reassemblyOctets: 0,
      });
    }));

  test("close: a peer that has its last answer and does not leave keeps nobody waiting", () =>
    withServer(async ({ client, listener }) => {
      const peer = await client();
      await peer.send(bind([]));
      await peer.pdu();
      expect(await peer.pdu()).toBe("end");
      expect(listener.statistics().connectionsOpen).toBe(1);
      await listener.close(60_000);
      expect(listener.statistics().connectionsEnded).toEqual(new Map([["bindNak", 1]]));
    }));

  test("close: the port is free at once, and closing again is no mistake", async () => {
    const first = await listen([{ address: "127.0.0.1", port: 0 }]);
    const endpoint = { address: "127.0.0.1", port: first.endpoints[0]?.port ?? 0 };
    await expectService(endpoint.port, endpoint.address);
    await first.close(1000);
    await first.close(1000);
    const second = await listen([endpoint]);
    await expectService(endpoint.port, endpoint.address);
    await second.close(0);
  });
});

test("statistics: what came, what went, and why connections ended", () =>
  withServer(async ({ client, listener }) => {
    const peer = await client();
    await peer.send(BIND, request(addOne, u32(1)), request(0xffff), request(addOne, octets("")));
    for (let count = 0; count < 4; count += 1) await peer.pdu();
    peer.shutdown();
    expect(await peer.pdu()).toBe("end");
    const refused = await client();
    await refused.send(bind([]));
    await refused.pdu();
    refused.shutdown();
    expect(await refused.pdu()).toBe("end");
    await until(() => listener.statistics().connectionsOpen === 0);
    expect(listener.statistics()).toMatchObject({
      connectionsAccepted: 2,
      connectionsRefused: { admission: 0, connections: 0, perAddress: 0 },
      connectionsEnded: new Map([
        ["peerEnded", 1],
        ["bindNak", 1],
      ]),
      pdusReceived: 5,
      pdusSent: 5,
      octetsReceived: 72 + 28 + 24 + 24 + 28,
      calls: 2,
      callsInFlight: 0,
      contextsAccepted: 1,
      contextsRejected: 0,
      faults: new Map([
        [0x1c010002, 1],
        [0x6f7, 1],
      ]),
      bindNaks: new Map([[4, 1]]),
    });
  }));

test("more connections than there are descriptors for: cut, and said", async () => {
  const said: unknown[] = [];
  const listener = await listen([{ address: "127.0.0.1", port: 0 }], {
    limits: { ...DEFAULT_RPC_LIMITS, connections: 5000, sparedDescriptors: 100 },
    descriptors: 1024,
    log: (...line) => said.push(line),
  });
  const figures = {
    connections: 923,
    configured: 5000,
    openFiles: 1024,
    openFilesNeeded: 5101,
  };
  const message = "fewer connections than configured: open files are limited";
  expect(said).toEqual([["warning", message, figures]]);
  expect(listener.notices).toEqual([
    "rpc takes 923 connections, not 5000: 1024 open files are allowed (ulimit -n), 5101 are needed",
  ]);
  await listener.close(0);
});

test("a jump of the clock cuts nobody off", () => {
  let now = 1_000_000;
  return withServer(
    async ({ client }) => {
      const peer = await client();
      await peer.send(BIND);
      await peer.pdu();
      now += 86_400_000;
      const patient = await client();
      await patient.send(BIND, request(ECHO_OPERATION.sleep, u32(50)));
      await patient.pdu();
      await patient.pdu();
      now -= 86_400_000;
      await peer.send(request(addOne, u32(1)));
      expect(await peer.pdu()).toBe(responseText(1, u32(2)));
    },
    { tickMilliseconds: 5, idleMilliseconds: 1000 },
    { clock: () => now },
  );
});

test("a reply larger than the socket's buffer arrives whole, however slowly it is read", () =>
  withServer(async ({ client }) => {
    const peer = await client();
    const length = 1024 * 1024;
    await peer.send(BIND, ...Array(8).fill(request(sourceData, u32(length))));
    await peer.pdu();
    let octetsRead = 0;
    for (let replies = 0; replies < 8; ) {
      const fragment = octets(await peer.pdu());
      octetsRead += fragment.length - 24;
      if (((fragment[3] ?? 0) & 2) !== 0) replies += 1;
      if (octetsRead % 7 === 0) {
        peer.socket.pause();
        await new Promise<void>((resolve) => setImmediate(resolve));
        peer.socket.resume();
      }
    }
    expect(octetsRead).toBe(8 * (length + 4));
  }));
