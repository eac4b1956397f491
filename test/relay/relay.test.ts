import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { FAULT_STATUS } from "../../src/rpc/pdu/fault.ts";
import {
  bind,
  context,
  faultText,
  hex,
  joined,
  NDR32,
  octets,
  request,
  responseText,
  u32,
} from "../rpc/octets.ts";
import { until } from "../rpc/test-server.ts";
import { FakeUpstream, type FakeUpstreamOptions, NOISE, outStub } from "./fake-upstream.ts";
import {
  BIND,
  CMID,
  deafPort,
  inStub,
  MICROSOFT,
  OPAQUE_REQUEST,
  type RelayWorld,
  readableRequest,
  replyBeginning,
  type WorldOptions,
  withRelay,
} from "./harness.ts";

const OPAQUE = inStub(OPAQUE_REQUEST);
const UNAVAILABLE = { didNotExecute: true };

/** A relay with one upstream, which is gone afterwards. */
async function relayed(
  upstreamOptions: FakeUpstreamOptions,
  body: (world: RelayWorld, upstream: FakeUpstream) => Promise<void>,
  options: WorldOptions = {},
): Promise<void> {
  const upstream = new FakeUpstream(upstreamOptions);
  try {
    await withRelay({ upstreams: [upstream.address], ...options }, (world) =>
      body(world, upstream),
    );
  } finally {
    upstream.stop();
  }
}

describe("RELAY-1: the call is made anew, its stub and the reply's unchanged", () => {
  test("one bind and one request upstream, whatever the client's call ids and contexts are", () =>
    relayed({}, async ({ client }, upstream) => {
      const peer = await client();
      await peer.send(bind([context(9, MICROSOFT, NDR32)], { callId: 77 }));
      await peer.pdu();
      await peer.send(request(0, OPAQUE, { callId: 4711, contextId: 9 }));
      expect(await peer.pdu()).toBe(responseText(4711, NOISE, 9));
      expect(upstream.binds).toHaveLength(1);
      const stub = hex(OPAQUE);
      const fragments = [24 + OPAQUE.length];
      expect(upstream.calls).toEqual([
        { drep: "10000000", opnum: 0, object: undefined, stub, fragments },
      ]);
    }));

  test("P0-61 a big-endian client: the upstream sees its byte order and the identical stub", () =>
    relayed({}, async ({ client }, upstream) => {
      const stub = inStub(OPAQUE_REQUEST, "big");
      const peer = await client();
      await peer.send(bind([context(0, MICROSOFT, NDR32)], { order: "big" }));
      await peer.pdu();
      await peer.send(request(0, stub, { order: "big" }));
      expect(await peer.pdu()).toBe(responseText(1, NOISE));
      expect(upstream.calls[0]).toMatchObject({ drep: "00000000", stub: hex(stub) });
      expect(upstream.binds[0]?.slice(8, 16)).toBe("00000000");
    }));

  test("the reply keeps the byte order of the upstream", () =>
    relayed({ answer: () => ({ stub: NOISE, order: "big" }) }, async ({ caller }) => {
      const result = await (await caller({ littleEndian: false })).call(0, OPAQUE);
      const outcome = { kind: "response", littleEndian: false } as const;
      expect(result).toMatchObject({ ok: true, value: outcome });
      expect(result.ok && result.value.kind === "response" && hex(result.value.stub)).toBe(
        hex(NOISE),
      );
    }));

  test("a client that changes its byte order gets a connection of that order", () =>
    relayed({}, async ({ client }, upstream) => {
      const peer = await client();
      await peer.send(BIND, request(0, OPAQUE), request(0, OPAQUE, { order: "big", callId: 2 }));
      for (const _ of [0, 1, 2]) await peer.pdu();
      expect(upstream.calls.map(({ drep }) => drep)).toEqual(["10000000", "00000000"]);
      await until(() => upstream.open === 1);
    }));

  test("the object UUID goes with the call", () =>
    relayed({}, async ({ client }, upstream) => {
      const peer = await client();
      const object = "01020304-0506-0708-090a-0b0c0d0e0f10";
      await peer.send(BIND, request(0, OPAQUE, { object }));
      for (const _ of [0, 1]) await peer.pdu();
      expect(upstream.calls[0]?.object).toBe("0403020106050807090a0b0c0d0e0f10");
      expect(upstream.calls[0]?.stub).toBe(hex(OPAQUE));
    }));

  test("an opnum that the interface does not have asks nobody", () =>
    relayed({}, async ({ client }, upstream) => {
      const peer = await client();
      await peer.send(BIND, request(1, OPAQUE));
      await peer.pdu();
      expect(await peer.pdu()).toBe(faultText(1, FAULT_STATUS.operationRange, UNAVAILABLE));
      expect(upstream.accepted).toBe(0);
    }));

  test("P0-64 fragments are made anew: 5840 octets from the client, 2048 to the upstream", () => {
    const stub = inStub(new Uint8Array(9000).map((_, index) => index));
    const reply = outStub(new Uint8Array(7000).map((_, index) => index * 3));
    return relayed(
      { fragmentMax: 2048, answer: () => ({ stub: reply }) },
      async ({ caller }, upstream) => {
        const result = await (await caller()).call(0, stub);
        expect(result.ok && result.value.kind === "response" && hex(result.value.stub)).toBe(
          hex(reply),
        );
        const [call] = upstream.calls;
        expect(call?.stub).toBe(hex(stub));
        expect(call?.fragments).toEqual([2048, 2048, 2048, 2048, 24 + (9008 - 4 * 2024)]);
      },
    );
  });

  test("calls of one client share its connection; another client has one of its own", () =>
    relayed({}, async ({ client, relay }, upstream) => {
      const [one, other] = [await client(), await client()];
      await one.send(BIND, request(0, OPAQUE), request(0, OPAQUE, { callId: 2 }));
      for (const _ of [0, 1, 2]) await one.pdu();
      expect(upstream.accepted).toBe(1);
      await other.send(BIND, request(0, OPAQUE));
      for (const _ of [0, 1]) await other.pdu();
      expect([upstream.accepted, upstream.open]).toEqual([2, 2]);
      one.close();
      await until(() => upstream.open === 1);
      expect(relay.statistics().connections).toBe(1);
    }));

  test("a connection that the upstream closed between calls is made again", () =>
    relayed({}, async ({ client, relay }, upstream) => {
      const peer = await client();
      await peer.send(BIND, request(0, OPAQUE));
      for (const _ of [0, 1]) await peer.pdu();
      upstream.dropConnections();
      await until(() => upstream.open === 0);
      await peer.send(request(0, OPAQUE, { callId: 2 }));
      expect(await peer.pdu()).toBe(responseText(2, NOISE));
      expect(upstream.accepted).toBe(2);
      expect(relay.statistics().upstreams[0]?.failures).toBe(0);
    }));

  test("without multiplexing a second call waits for the answer to the first", () =>
    relayed({ answer: () => "hold" }, async ({ client, relay }, upstream) => {
      const [peer, other] = [await client(), await client()];
      await peer.send(BIND, request(0, OPAQUE), request(0, OPAQUE, { callId: 2 }));
      await peer.pdu();
      await until(() => upstream.held.length === 1 && relay.statistics().callsInFlight === 2);
      // Another client's whole call goes past: the second one of the first still waits.
      await other.send(BIND, request(0, OPAQUE));
      await until(() => upstream.held.length === 2);
      upstream.held.pop()?.();
      for (const _ of [0, 1]) await other.pdu();
      expect(upstream.calls).toHaveLength(2);
      upstream.held.pop()?.();
      expect(await peer.pdu()).toBe(responseText(1, NOISE));
      await until(() => upstream.held.length === 1);
      upstream.held.pop()?.();
      expect(await peer.pdu()).toBe(responseText(2, NOISE));
    }));

  test("RELAY-3: a call that waited all its time behind another is not sent", () => {
    let time = 0;
    return relayed(
      { answer: () => "hold" },
      async ({ client, relay }, upstream) => {
        const peer = await client();
        await peer.send(BIND, request(0, OPAQUE), request(0, OPAQUE, { callId: 2 }));
        await peer.pdu();
        await until(() => upstream.held.length === 1 && relay.statistics().callsInFlight === 2);
        time += 15_000;
        upstream.held.pop()?.();
        expect(await peer.pdu()).toBe(responseText(1, NOISE));
        expect(await peer.pdu()).toBe(faultText(2, FAULT_STATUS.serverUnavailable, UNAVAILABLE));
        expect(upstream.calls).toHaveLength(1);
      },
      { options: { elapsed: () => time } },
    );
  });
});

describe("P0-62 a fault of the upstream is passed on with its status and flag", () => {
  const faults: readonly (readonly [number, boolean])[] = [
    [0x1c010014, true],
    [0x1c010002, true],
    [0x000006f7, false],
    [0xc0000017, false],
    [0x00000005, true],
  ];
  for (const [status, didNotExecute] of faults) {
    test(`${status.toString(16)}${didNotExecute ? ", did not execute" : ""}`, () =>
      relayed(
        { answer: () => ({ fault: status, didNotExecute }) },
        async ({ client, relay, effects }) => {
          const peer = await client();
          await peer.send(BIND, request(0, OPAQUE));
          await peer.pdu();
          expect(await peer.pdu()).toBe(faultText(1, status, { didNotExecute }));
          expect(relay.statistics().calls.faulted).toBe(1);
          const hresult = status < 0x10000 ? 0x80070000 + status : status;
          expect(effects[0]?.event.hresult).toBe(hresult);
          // It answered: nothing is wrong with the way there.
          expect(relay.statistics().upstreams[0]?.failures).toBe(0);
        },
      ));
  }
});

describe("P0-63 RELAY-3: an upstream that is down", () => {
  test("fault 6ba, did not execute; the connection stays, and serves once the upstream does", async () => {
    const port = deafPort();
    const upstreams = [{ host: "127.0.0.1", port }];
    await withRelay({ upstreams }, async ({ client, relay, events, effects }) => {
      const peer = await client();
      await peer.send(BIND, request(0, OPAQUE));
      await peer.pdu();
      expect(await peer.pdu()).toBe(faultText(1, 0x6ba, UNAVAILABLE));
      expect(events.map(({ code, hresult }) => [code, hresult])).toEqual([[13010, 0x800706ba]]);
      const reason = "cannot connect: ECONNREFUSED";
      expect(JSON.parse(events[0]?.detail ?? "")).toEqual({
        upstream: `127.0.0.1:${port}`,
        reason,
      });
      expect(effects[0]).toMatchObject({ source: "relayed", event: { hresult: 0x800706ba } });
      expect(relay.failure()).toBe(`127.0.0.1:${port}: ${reason}`);
      const upstream = new FakeUpstream({ port });
      await peer.send(request(0, OPAQUE, { callId: 2 }));
      expect(await peer.pdu()).toBe(responseText(2, NOISE));
      expect(events.map(({ code }) => code)).toEqual([13010, 13011]);
      expect(relay.failure()).toBeUndefined();
      const { calls } = relay.statistics();
      expect(calls).toMatchObject({ unavailable: 1, answered: 1 });
      upstream.stop();
    });
  });

  test("one that does not offer the interface is no upstream", () =>
    relayed({ rejects: true }, async ({ client, events, relay }, upstream) => {
      const peer = await client();
      await peer.send(BIND, request(0, OPAQUE));
      await peer.pdu();
      expect(await peer.pdu()).toBe(faultText(1, 0x6ba, UNAVAILABLE));
      expect(events[0]?.detail).toContain("does not offer");
      await until(() => upstream.open === 0);
      expect(relay.statistics().upstreams[0]?.reachable).toBe(false);
    }));

  test("one that is this appliance itself is not called", () =>
    relayed(
      {},
      async ({ client, events }, upstream) => {
        const peer = await client();
        await peer.send(BIND, request(0, OPAQUE));
        await peer.pdu();
        expect(await peer.pdu()).toBe(faultText(1, 0x6ba, UNAVAILABLE));
        expect(events[0]?.detail).toContain("this appliance itself");
        expect(upstream.accepted).toBe(0);
      },
      { options: { isOwn: ({ address }) => address === "127.0.0.1" } },
    ));

  const losses: readonly (readonly [string, "hold" | "hangUp", string])[] = [
    ["does not answer in time", "hold", "no answer in time"],
    ["closes with the call under way", "hangUp", "closed the connection before it answered"],
  ];
  for (const [name, answer, reason] of losses) {
    test(`one that ${name}: fault 6be, and the call may have been executed`, () =>
      relayed(
        { answer: (_call, index) => (index === 0 ? answer : { stub: NOISE }) },
        async ({ client, relay, effects }, upstream) => {
          const peer = await client();
          await peer.send(BIND, request(0, OPAQUE));
          await peer.pdu();
          expect(await peer.pdu()).toBe(faultText(1, 0x6be));
          expect(effects[0]?.event.hresult).toBe(0x800706be);
          expect(effects[0]?.event.detail).toContain(reason);
          expect(relay.statistics().calls.failed).toBe(1);
          await until(() => upstream.open === 0);
          await peer.send(request(0, OPAQUE, { callId: 2 }));
          expect(await peer.pdu()).toBe(responseText(2, NOISE));
        },
        { limits: { callMilliseconds: 200 } },
      ));
  }
});

describe("P0-65 a client that leaves", () => {
  test("mid-call by a reset: the upstream call is dropped at once, nothing stays", () =>
    relayed({ answer: () => "hold" }, async ({ client, relay, effects }, upstream) => {
      const peer = await client();
      await peer.send(BIND, request(0, OPAQUE), request(0, OPAQUE, { callId: 2 }));
      await until(() => upstream.calls.length === 1);
      peer.close();
      await until(() => upstream.open === 0);
      await until(() => relay.statistics().callsInFlight === 0);
      const { connections, calls, upstreams } = relay.statistics();
      expect([connections, calls.abandoned]).toEqual([0, 2]);
      // The client's leaving says nothing of the upstream.
      expect(upstreams[0]).toMatchObject({ failures: 0, reachable: true });
      expect(effects.map(({ event }) => JSON.parse(event.detail).reason)).toEqual([
        "the client left",
        "the client left",
      ]);
    }));

  test("by shutting its half: it has its answer, then both connections end", () =>
    relayed({}, async ({ client, listener }, upstream) => {
      const peer = await client();
      await peer.send(BIND, request(0, OPAQUE));
      peer.shutdown();
      await peer.pdu();
      expect(await peer.pdu()).toBe(responseText(1, NOISE));
      await until(() => upstream.open === 0 && listener.statistics().connectionsOpen === 0);
    }));

  test("before the upstream took the connection: it is closed when it comes", async () => {
    const upstream = new FakeUpstream();
    const gate = Promise.withResolvers<void>();
    const resolver = Bun.udpSocket({
      hostname: "127.0.0.1",
      socket: { data: () => gate.resolve() },
    });
    const { port } = await resolver;
    const settings = {
      upstreams: [{ host: "kms.corp.example", port: upstream.port }],
      resolver: { address: "127.0.0.1", port },
    };
    await withRelay({ ...settings, limits: { connectMilliseconds: 50 } }, async (world) => {
      const peer = await world.client();
      await peer.send(BIND, request(0, OPAQUE));
      await gate.promise;
      peer.close();
      await until(() => world.relay.statistics().callsInFlight === 0);
      expect(world.relay.statistics().calls.abandoned).toBe(1);
      expect(upstream.accepted).toBe(0);
    });
    (await resolver).close();
    upstream.stop();
  });
});

test("a relay that stops drops what is under way: the clients have a fault", () =>
  relayed({ answer: () => "hold" }, async ({ client, relay }, upstream) => {
    const peer = await client();
    await peer.send(BIND, request(0, OPAQUE));
    await peer.pdu();
    await until(() => upstream.held.length === 1);
    relay.stop();
    expect(await peer.pdu()).toBe(faultText(1, 0x6be));
    await until(() => upstream.open === 0);
  }));

test("P0-66 octets of HTTP on the port touch nobody else", () =>
  relayed({}, async ({ client }, upstream) => {
    const [peer, other] = [await client(), await client()];
    await peer.send(BIND);
    await peer.pdu();
    await other.send(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: kms\r\n\r\n"));
    expect(await other.pdu()).not.toStartWith("050002");
    await peer.send(request(0, OPAQUE));
    expect(await peer.pdu()).toBe(responseText(1, NOISE));
    expect(upstream.calls).toHaveLength(1);
  }));

describe("RELAY-4: what is relayed is logged, and marked so", () => {
  test("version 4: every field, and the count that stands in clear in the answer", () =>
    relayed(
      { answer: () => ({ stub: outStub(replyBeginning(27)) }) },
      async ({ caller, effects }, upstream) => {
        await (await caller()).call(0, inStub(readableRequest("LAB-PC-9")));
        expect(effects).toHaveLength(1);
        expect(effects[0]).toMatchObject({
          source: "relayed",
          inInventory: true,
          recordSequence: undefined,
          replacedSequence: undefined,
          event: { hresult: 0, cmid: CMID, machineName: "LAB-PC-9", requiredCount: 25, count: 27 },
        });
        expect(JSON.parse(effects[0]?.event.detail ?? "")).toEqual({
          version: "4.0",
          octets: 252,
          countedId: "bbbbbbbb-cccc-dddd-eeee-ffffffffffff",
          upstream: upstream.name,
        });
      },
    ));

  test("version 6: version and size, and the result that the answer ends with", () =>
    relayed(
      { answer: () => ({ stub: joined(u32(0), u32(0), octets("42f004c0")) }) },
      async ({ caller, effects }, upstream) => {
        await (await caller()).call(0, OPAQUE);
        expect(effects[0]?.event).toMatchObject({ hresult: 0xc004f042, machineName: "", count: 0 });
        expect(effects[0]?.inInventory).toBe(false);
        const detail = { version: "6.0", octets: 260, upstream: upstream.name };
        expect(JSON.parse(effects[0]?.event.detail ?? "")).toEqual(detail);
      },
    ));

  test("a stub that is no request is passed on all the same, and said to be unreadable", () =>
    relayed({}, async ({ caller, effects }, upstream) => {
      await (await caller()).call(0, octets("0102"));
      expect(upstream.calls[0]?.stub).toBe("0102");
      expect(effects[0]?.event.detail).toContain("truncated");
    }));
});

describe("bounds", () => {
  test("one client too many: busy, did not execute, and served when another has left", () =>
    relayed(
      {},
      async ({ client, relay }) => {
        const [one, other] = [await client(), await client()];
        await one.send(BIND, request(0, OPAQUE));
        for (const _ of [0, 1]) await one.pdu();
        await other.send(BIND, request(0, OPAQUE));
        await other.pdu();
        expect(await other.pdu()).toBe(faultText(1, FAULT_STATUS.serverTooBusy, UNAVAILABLE));
        expect(relay.statistics().calls.busy).toBe(1);
        one.close();
        await until(() => relay.statistics().connections === 0);
        await other.send(request(0, OPAQUE, { callId: 2 }));
        expect(await other.pdu()).toBe(responseText(2, NOISE));
      },
      { limits: { connections: 1 } },
    ));

  test("a reply larger than the limit is a broken upstream", () =>
    relayed(
      { answer: () => ({ stub: new Uint8Array(5000) }) },
      async ({ caller, relay }) => {
        const result = await (await caller()).call(0, OPAQUE);
        const fault = { kind: "fault", status: 0x6be, didNotExecute: false } as const;
        expect(result).toEqual({ ok: true, value: fault });
        expect(relay.statistics().upstreams[0]?.reason).toContain("too large");
      },
      { limits: { replyOctets: 4096 } },
    ));
});

describe("a thousand clients at once, one of two upstreams dying half-way", () => {
  const CLIENTS = 1000;
  const descriptors = (): number => readdirSync("/proc/self/fd").length;

  test("each has an answer or a fault, and nothing stays open", async () => {
    const survivor = new FakeUpstream();
    // Every second call of the first stays unanswered until it dies.
    const dying: FakeUpstream = new FakeUpstream({
      answer: (_call, index) => {
        if (index === CLIENTS / 2) queueMicrotask(() => dying.stop());
        return index % 2 === 0 ? "hold" : { stub: NOISE };
      },
    });
    const upstreams = [dying.address, survivor.address];
    const rpcLimits = { connections: 2 * CLIENTS, connectionsPerAddress: 2 * CLIENTS };
    const tally = new Map<string, number>();
    await withRelay({ upstreams, rpcLimits }, async ({ caller, relay, effects, listener }) => {
      const before = descriptors();
      const outcomes = await Promise.all(
        Array.from({ length: CLIENTS }, async () => {
          const made = await caller();
          const result = await made.call(0, OPAQUE);
          made.close();
          if (!result.ok) return `error ${result.error.kind}`;
          const { value } = result;
          return value.kind === "response" ? hex(value.stub) : value.status.toString(16);
        }),
      );
      for (const outcome of outcomes) tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      expect([...tally.keys()].filter((key) => key !== hex(NOISE) && key !== "6be")).toEqual([]);
      expect(tally.get(hex(NOISE)) ?? 0).toBeGreaterThan(0);
      expect(tally.get("6be") ?? 0).toBeGreaterThan(0);
      await until(() => listener.statistics().connectionsOpen === 0);
      await until(() => survivor.open === 0 && descriptors() <= before);
      expect(survivor.calls.length).toBeGreaterThan(0);
      expect(effects).toHaveLength(CLIENTS);
      const { connections, callsInFlight, calls } = relay.statistics();
      expect([connections, callsInFlight]).toEqual([0, 0]);
      expect(calls.answered + calls.failed).toBe(CLIENTS);
    });
    survivor.stop();
  }, 30_000);
});
