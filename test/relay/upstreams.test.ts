import { describe, expect, test } from "bun:test";
import { lookup } from "node:dns/promises";
import type { DnsServer } from "../../src/dns/server.ts";
import type { RelayStatistics } from "../../src/relay/statistics.ts";
import { endpointOf, startServer, zoneOf } from "../dns/support.ts";
import { faultText, request, responseText } from "../rpc/octets.ts";
import type { RawClient } from "../rpc/raw-client.ts";
import { until } from "../rpc/test-server.ts";
import { FakeUpstream, NOISE } from "./fake-upstream.ts";
import { BIND, deafPort, inStub, OPAQUE_REQUEST, type RelayWorld, withRelay } from "./harness.ts";

const OPAQUE = inStub(OPAQUE_REQUEST);
const UNAVAILABLE = faultText(1, 0x6ba, { didNotExecute: true });
const ANSWER = responseText(1, NOISE);

/** Upstreams for one test, gone afterwards. */
async function withUpstreams(
  upstreams: readonly FakeUpstream[],
  body: () => Promise<void>,
): Promise<void> {
  try {
    await body();
  } finally {
    for (const upstream of upstreams) upstream.stop();
  }
}

/** A client of its own for one call; what it was answered. */
async function ask({ client }: RelayWorld): Promise<string> {
  const peer: RawClient = await client();
  await peer.send(BIND, request(0, OPAQUE));
  await peer.pdu();
  const answer = await peer.pdu();
  peer.close();
  return answer;
}

const breakers = (statistics: RelayStatistics) => statistics.upstreams.map((one) => one.breaker);

describe("RELAY-3: upstreams are tried in order", () => {
  test("the first one as long as it answers", () => {
    const [one, other] = [new FakeUpstream(), new FakeUpstream()];
    return withUpstreams([one, other], () =>
      withRelay({ upstreams: [one.address, other.address] }, async (world) => {
        for (let round = 0; round < 3; round += 1) expect(await ask(world)).toBe(ANSWER);
        expect([one.calls.length, other.accepted]).toEqual([3, 0]);
      }),
    );
  });

  test("the second where the first is down, and the first one again when it is back", async () => {
    const port = deafPort();
    const other = new FakeUpstream();
    const upstreams = [{ host: "127.0.0.1", port }, other.address];
    await withUpstreams([other], () =>
      withRelay({ upstreams, limits: { retryMilliseconds: 20 } }, async (world) => {
        expect(await ask(world)).toBe(ANSWER);
        expect(other.calls).toHaveLength(1);
        const one = new FakeUpstream({ port });
        await until(() => world.relay.statistics().upstreams[0]?.reachable === true);
        expect(await ask(world)).toBe(ANSWER);
        expect([one.calls.length, other.calls.length]).toEqual([1, 1]);
        one.stop();
      }),
    );
  });

  test("the second where the first rejects the bind or takes no connection in time", () => {
    const rejecting = new FakeUpstream({ rejects: true });
    // Takes the connection and says nothing.
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const last = new FakeUpstream();
    const mute = { host: "127.0.0.1", port: silent.port };
    const upstreams = [rejecting.address, mute, last.address];
    return withUpstreams([rejecting, last], () =>
      withRelay({ upstreams, limits: { connectMilliseconds: 50 } }, async (world) => {
        expect(await ask(world)).toBe(ANSWER);
        expect(world.relay.statistics().upstreams.map(({ reason }) => reason)).toEqual([
          "does not offer activation of genuine clients",
          "no connection in time",
          undefined,
        ]);
        silent.stop(true);
      }),
    );
  });

  test("a request has its answer by its time, however many are tried", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const mute = { host: "127.0.0.1", port: silent.port };
    const limits = { connectMilliseconds: 3_600_000, callMilliseconds: 50 };
    await withRelay({ upstreams: [mute, mute, mute], limits }, async (world) => {
      // The first one takes all the time there is; the test's own time-out is the proof.
      expect(await ask(world)).toBe(UNAVAILABLE);
    });
    silent.stop(true);
  });
});

describe("RELAY-3: an upstream that keeps failing is left alone", () => {
  const limits = { failures: 2, retryMilliseconds: 3_600_000 };

  test("after so many failures no connection is tried any more: the fault comes at once", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const mute = { host: "127.0.0.1", port: silent.port };
    const settings = { upstreams: [mute], limits: { ...limits, connectMilliseconds: 20 } };
    await withRelay(settings, async (world) => {
      for (let round = 0; round < 5; round += 1) expect(await ask(world)).toBe(UNAVAILABLE);
      const { upstreams, calls } = world.relay.statistics();
      expect(upstreams[0]).toMatchObject({ breaker: "open", failures: 2, reachable: false });
      expect(calls.unavailable).toBe(5);
      expect(world.events).toHaveLength(1);
    });
    silent.stop(true);
  });

  test("one that takes connections and answers no call, too", () => {
    const upstream = new FakeUpstream({ answer: () => "hangUp" });
    return withUpstreams([upstream], () =>
      withRelay({ upstreams: [upstream.address], limits }, async (world) => {
        const answers: string[] = [];
        for (let round = 0; round < 4; round += 1) answers.push(await ask(world));
        expect(answers).toEqual([
          faultText(1, 0x6be),
          faultText(1, 0x6be),
          UNAVAILABLE,
          UNAVAILABLE,
        ]);
        expect(breakers(world.relay.statistics())).toEqual(["open"]);
      }),
    );
  });

  test("it is tried again by itself, and serves as soon as it is back", async () => {
    const port = deafPort();
    const upstreams = [{ host: "127.0.0.1", port }];
    const soon = { failures: 1, retryMilliseconds: 10 };
    await withRelay({ upstreams, limits: soon }, async (world) => {
      expect(await ask(world)).toBe(UNAVAILABLE);
      const failures = () => world.relay.statistics().upstreams[0]?.failures ?? 0;
      // Nobody asks meanwhile.
      await until(() => failures() >= 3);
      const upstream = new FakeUpstream({ port });
      await until(() => breakers(world.relay.statistics())[0] === "closed");
      expect(world.events.map(({ code }) => code)).toEqual([13010, 13011]);
      expect(await ask(world)).toBe(ANSWER);
      upstream.stop();
    });
  });

  test("health is known before the first client comes", async () => {
    const upstream = new FakeUpstream();
    const upstreams = [{ host: "127.0.0.1", port: deafPort() }, upstream.address];
    await withUpstreams([upstream], () =>
      withRelay({ upstreams }, async ({ relay }) => {
        expect(relay.statistics().upstreams.map((one) => one.reachable)).toEqual([
          undefined,
          undefined,
        ]);
        await relay.start();
        expect(relay.statistics().upstreams.map((one) => one.reachable)).toEqual([false, true]);
        expect(relay.failure()).toBeUndefined();
        await until(() => upstream.open === 0);
        expect(upstream.calls).toEqual([]);
      }),
    );
  });
});

describe("RELAY-3: upstreams by name", () => {
  const CORP = "corp.test";

  async function withDns(
    records: string,
    body: (server: DnsServer) => Promise<void>,
  ): Promise<void> {
    const server = await startServer();
    setRecords(server, records);
    try {
      await body(server);
    } finally {
      await server.close();
    }
  }

  function setRecords(server: DnsServer, records: string): void {
    server.setZones([
      zoneOf(CORP, `@ SOA ns hostmaster 1 3600 900 604800 300\n@ NS ns\n${records}`),
    ]);
  }

  test("a name of the list, by the resolver", () => {
    const upstream = new FakeUpstream();
    const upstreams = [{ host: `kms.${CORP}`, port: upstream.port }];
    return withUpstreams([upstream], () =>
      withDns("kms A 127.0.0.1", (server) =>
        withRelay({ upstreams, resolver: endpointOf(server) }, async (world) => {
          expect(await ask(world)).toBe(ANSWER);
          setRecords(server, "");
          expect(await ask(world)).toBe(UNAVAILABLE);
          const [one] = world.relay.statistics().upstreams;
          expect(one).toMatchObject({
            name: `kms.${CORP}:${upstream.port}`,
            reason: "its name has no address in DNS (nxdomain)",
          });
        }),
      ),
    );
  });

  test("a name by the system, whichever of its addresses takes the connection", async () => {
    const addresses = (await lookup("localhost", { all: true })).map(({ address }) => address);
    expect(addresses).toContain("127.0.0.1");
    const upstream = new FakeUpstream();
    const upstreams = [{ host: "localhost", port: upstream.port }];
    await withUpstreams([upstream], () =>
      withRelay({ upstreams }, async (world) => expect(await ask(world)).toBe(ANSWER)),
    );
  });

  test("the hosts of an SRV record: lower priority first, listed ones before", () => {
    const [listed, first, second] = [new FakeUpstream(), new FakeUpstream(), new FakeUpstream()];
    const records = `kms A 127.0.0.1
_vlmcs._tcp SRV 20 0 ${second.port} kms
_vlmcs._tcp SRV 10 0 ${first.port} kms`;
    return withUpstreams([listed, first, second], () =>
      withDns(records, (server) => {
        const settings = { discover: CORP, resolver: endpointOf(server) };
        return withRelay({ ...settings, upstreams: [listed.address] }, async (world) => {
          await world.relay.start();
          await until(() => world.relay.statistics().upstreams.length === 3);
          expect(world.relay.statistics().upstreams.map(({ name }) => name)).toEqual([
            listed.name,
            `kms.${CORP}:${first.port}`,
            `kms.${CORP}:${second.port}`,
          ]);
          for (const [gone, next] of [
            [undefined, listed],
            [listed, first],
            [first, second],
          ] as const) {
            gone?.stop();
            expect(await ask(world)).toBe(ANSWER);
            expect(next.calls).toHaveLength(1);
          }
        });
      }),
    );
  });

  test("the first client waits for the look-up; its result is kept for its time", () => {
    const [one, other] = [new FakeUpstream(), new FakeUpstream()];
    const record = (port: number): string => `kms A 127.0.0.1\n_vlmcs._tcp SRV 0 0 ${port} kms`;
    return withUpstreams([one, other], () =>
      withDns(record(one.port), (server) => {
        const settings = { discover: CORP, resolver: endpointOf(server) };
        let time = 0;
        const options = { elapsed: () => time };
        return withRelay({ ...settings, options }, async (world) => {
          expect(await ask(world)).toBe(ANSWER);
          setRecords(server, record(other.port));
          expect(await ask(world)).toBe(ANSWER);
          expect([one.calls.length, other.calls.length]).toEqual([2, 0]);
          time += 600_000;
          // What was found before serves until the look-up is done.
          expect(await ask(world)).toBe(ANSWER);
          await until(
            () => world.relay.statistics().upstreams[0]?.name.endsWith(`${other.port}`) === true,
          );
          const before = other.calls.length;
          expect(await ask(world)).toBe(ANSWER);
          expect(other.calls.length).toBe(before + 1);
        });
      }),
    );
  });

  test("a look-up that finds nothing: the fault, the reason, and no look-up for each client", () =>
    withDns("", (server) => {
      const settings = { discover: CORP, resolver: endpointOf(server) };
      return withRelay(settings, async (world) => {
        const queries = (): number =>
          server.statistics().answers.reduce((sum, { count }) => sum + count, 0);
        expect(await ask(world)).toBe(UNAVAILABLE);
        const asked = queries();
        expect(asked).toBeGreaterThan(0);
        expect(await ask(world)).toBe(UNAVAILABLE);
        expect(queries()).toBe(asked);
        expect(world.relay.failure()).toBe(`_vlmcs._tcp.${CORP}: nxdomain`);
      });
    }));
});
