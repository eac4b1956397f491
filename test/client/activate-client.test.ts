import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ActivateOptions, activateClient } from "../../src/client/activate-client.ts";
import type { ClientEvent } from "../../src/client/events.ts";
import type { ClientState } from "../../src/client/state.ts";
import { buildApplianceZones } from "../../src/dns/appliance-zones.ts";
import { RecordType } from "../../src/dns/codes.ts";
import { DEFAULT_DNS_LIMITS } from "../../src/dns/limits.ts";
import { literalName } from "../../src/dns/name.ts";
import { srvRdata } from "../../src/dns/rdata.ts";
import { type DnsServer, listenDns } from "../../src/dns/server.ts";
import type { ZoneRecord } from "../../src/dns/zone.ts";
import type { RecordSource } from "../../src/dns/zone-sources.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import type { RpcListener } from "../../src/rpc/listener.ts";
import { authorityNamed, FakeHost } from "./fake-host.ts";
import { PRODUCT } from "./harness.ts";
import { LOOPBACK, listenAs, portOf } from "./loopback.ts";

/** Over real sockets of this machine: the RPC listener, the name server, the state file. */

const closers: (() => Promise<void>)[] = [];
let directory = "";
let stateFile = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "muster-client-"));
  stateFile = join(directory, "client.json");
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  rmSync(directory, { recursive: true, force: true });
});

async function serve(host: FakeHost, address = LOOPBACK): Promise<RpcListener> {
  const listener = await listenAs(host, address);
  closers.push(() => listener.close(0));
  return listener;
}

/** A name server for lab.test; the host on `preferred` stands before those on `ports`. */
async function publish(ports: readonly number[], preferred?: number): Promise<DnsServer> {
  const server = await listenDns({
    listen: [{ address: LOOPBACK, port: 0 }],
    limits: DEFAULT_DNS_LIMITS,
    clock: systemClock,
    randomBytes: systemRandomBytes,
  });
  closers.push(() => server.close());
  const zones = buildApplianceZones({
    zones: ["lab.test"],
    host: "kms",
    addresses: [LOOPBACK],
    ttl: 60,
    serial: 1,
    publish: ports.length === 0 ? undefined : { priority: 10, weight: 0, ports },
    sources: preferred === undefined ? [] : [sourceOf([serviceRecord(preferred)])],
  });
  if (!zones.ok) throw new Error(zones.error[0]?.what);
  server.setZones(zones.value);
  return server;
}

function sourceOf(records: readonly ZoneRecord[]): RecordSource {
  return { apex: undefined, records, placeOf: (index) => ({ kind: "key", path: [index] }) };
}

function serviceRecord(port: number): ZoneRecord {
  const rdata = srvRdata({ priority: 0, weight: 0, port, target: literalName("kms.lab.test") });
  return { name: literalName("_vlmcs._tcp.lab.test"), type: RecordType.SRV, ttl: 60, rdata };
}

function activate(options: Partial<ActivateOptions>) {
  return activateClient({
    defaultProduct: PRODUCT,
    machineName: "PC-1",
    timeoutMs: 2000,
    ...options,
  });
}

const kept = () => JSON.parse(readFileSync(stateFile, "utf8")) as ClientState;

describe("CLIENT-1: a client finds its host in DNS", () => {
  test("activates, and renews at the cached host without asking DNS", async () => {
    const host = new FakeHost(authorityNamed("lab authority", true));
    const port = portOf(await serve(host));
    const dns = await publish([port]);
    const dnsServer = { address: LOOPBACK, port: portOf(dns) };
    const first = await activate({ domain: "lab.test", dnsServer, stateFile });
    expect(first).toMatchObject({ activated: true, server: `kms.lab.test:${port}`, count: 25 });
    const asked = () => dns.statistics().answers.reduce((sum, { count }) => sum + count, 0);
    const before = asked();
    const second = await activate({ dnsServer, stateFile });
    expect(second).toMatchObject({ activated: true, cmid: first.cmid });
    // The name's addresses are looked up, its SRV record is not.
    expect(asked() - before).toBe(2);
    expect(host.licenceCalls).toBe(1);
    expect(kept()).toMatchObject({ domain: "lab.test", cmid: first.cmid });
  });

  test("tries the next record when a host is down", async () => {
    const gone = await serve(new FakeHost(authorityNamed("gone")));
    const dead = portOf(gone);
    await gone.close(0);
    const port = portOf(await serve(new FakeHost(authorityNamed("lab authority", true))));
    const dnsServer = { address: LOOPBACK, port: portOf(await publish([port], dead)) };
    const outcome = await activate({ domain: "lab.test", dnsServer });
    expect(outcome).toMatchObject({ activated: true, server: `kms.lab.test:${port}` });
    expect(outcome.attempts.map(({ outcome }) => outcome)).toEqual(["unreachable", "activated"]);
  });

  const lookups: readonly [string, string, readonly number[], string][] = [
    ["a host that is withdrawn", "lab.test", [], "0x8007232b"],
    ["a domain that the server does not know", "other.test", [1688], "0x8007232a"],
  ];
  for (const [name, domain, ports, result] of lookups) {
    test(`${name}: ${result}`, async () => {
      const dnsServer = { address: LOOPBACK, port: portOf(await publish(ports)) };
      const outcome = await activate({ domain, dnsServer });
      expect(outcome).toMatchObject({ outcome: "unreachable", result, server: null });
    });
  }
});

describe("CLIENT-2: a client that is told its host", () => {
  for (const address of [LOOPBACK, "::1"]) {
    test(`HOST-11: asks it at ${address}`, async () => {
      const port = portOf(await serve(new FakeHost(authorityNamed("a", true)), address));
      const events: ClientEvent[] = [];
      const outcome = await activate({
        server: { host: address, port },
        onEvent: (event) => events.push(event),
      });
      expect(outcome.activated).toBe(true);
      expect(events.map(({ code }) => code)).toEqual([12288, 12289]);
    });
  }

  test("keeps asking it until it is told a domain", async () => {
    const port = portOf(await serve(new FakeHost(authorityNamed("a", true))));
    const server = { host: LOOPBACK, port };
    await activate({ server, stateFile });
    expect((await activate({ stateFile })).server).toBe(`${LOOPBACK}:${port}`);
    const dnsServer = { address: LOOPBACK, port: portOf(await publish([port])) };
    const outcome = await activate({ domain: "lab.test", dnsServer, stateFile });
    expect(outcome.server).toBe(`kms.lab.test:${port}`);
    expect(kept().fixedHost).toBeNull();
  });

  test("says 0xc004f074 where nothing listens", async () => {
    const listener = await serve(new FakeHost(authorityNamed("a")));
    const port = portOf(listener);
    await listener.close(0);
    const outcome = await activate({ server: { host: LOOPBACK, port } });
    expect(outcome).toMatchObject({ outcome: "unreachable", result: "0xc004f074" });
  });
});

describe("what is given is kept", () => {
  test("CMID, threshold, product and trusted authority", async () => {
    const authority = authorityNamed("operator");
    const port = portOf(await serve(new FakeHost(authority)));
    const cmid = "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5";
    const { publicKey } = authority.certificate;
    const server = { host: LOOPBACK, port };
    const product = { ...PRODUCT, name: "Other" };
    const given = { cmid, threshold: 3, product, trustedAuthorityKey: publicKey };
    await activate({ server, stateFile, ...given });
    const outcome = await activate({ stateFile });
    expect(outcome).toMatchObject({ cmid, threshold: 3, activated: true });
    expect(kept()).toMatchObject({
      product: { name: "Other", threshold: 3 },
      trustedAuthorityKey: publicKey.toHex(),
    });
  });

  test("the CMID is on the medium before the first request", async () => {
    const host = new FakeHost(authorityNamed("a", true));
    let seen: string | undefined;
    host.changeReply = (reply) => {
      seen = kept().cmid;
      return reply;
    };
    const port = portOf(await serve(host));
    const outcome = await activate({ server: { host: LOOPBACK, port }, stateFile });
    expect(seen).toBe(outcome.cmid);
  });

  test("a damaged state file is an error before anything is sent", async () => {
    const host = new FakeHost(authorityNamed("a", true));
    const port = portOf(await serve(host));
    writeFileSync(stateFile, "{");
    const run = activate({ server: { host: LOOPBACK, port }, stateFile });
    await expect(run).rejects.toMatchObject({ name: "ClientStateError", code: "corrupt" });
    expect(host.requests).toEqual([]);
  });
});

test("HOST-4: a renewal is 204 octets up and 204 down for a name of 15 characters", async () => {
  const host = new FakeHost(authorityNamed("a", true));
  const target = portOf(await serve(host));
  const octets = { up: 0, down: 0 };
  const proxy = Bun.listen<{ upstream?: Bun.Socket }>({
    hostname: LOOPBACK,
    port: 0,
    data: {},
    socket: {
      async open(client) {
        client.pause();
        client.data = {};
        client.data.upstream = await Bun.connect({
          hostname: LOOPBACK,
          port: target,
          socket: {
            data(_, chunk) {
              octets.down += chunk.length;
              client.write(chunk);
            },
            close: () => void client.end(),
          },
        });
        client.resume();
      },
      data(client, chunk) {
        octets.up += chunk.length;
        client.data.upstream?.write(chunk);
      },
      close: (client) => void client.data.upstream?.end(),
    },
  });
  closers.push(async () => proxy.stop(true));
  const server = { host: LOOPBACK, port: proxy.port };
  const machineName = "LAB-PC-00000001";
  await activate({ server, stateFile, machineName });
  octets.up = 0;
  octets.down = 0;
  expect((await activate({ stateFile, machineName })).activated).toBe(true);
  expect(octets).toEqual({ up: 204, down: 204 });
});
