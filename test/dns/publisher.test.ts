/** DNS-6: the ways of an update to servers that behave as they should not. */
import { afterEach, describe, expect, test } from "bun:test";
import { Transport } from "../../src/dns/codes.ts";
import type { HandleUpdate } from "../../src/dns/hand-over.ts";
import { literalName } from "../../src/dns/name.ts";
import { Publisher, type PublisherOptions } from "../../src/dns/publisher/publisher.ts";
import type { JobOutcome } from "../../src/dns/publisher/schedule.ts";
import { wishesOf } from "../../src/dns/publisher/wishes.ts";
import { headerReply } from "../../src/dns/raw-message.ts";
import type { DnsServer } from "../../src/dns/server.ts";
import type { TsigKey } from "../../src/dns/tsig/tsig.ts";
import { systemHmac } from "../../src/platform/hmac.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { endpointOf, startServer, zoneOf } from "./support.ts";

const servers: DnsServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const ZONE = "kms.test";
const REFUSED = 5;

/** A server for kms.test that answers updates so. */
async function updating(handleUpdate: HandleUpdate): Promise<DnsServer> {
  const server = await startServer({ handleUpdate });
  servers.push(server);
  return server;
}

async function publish(
  server: DnsServer | undefined,
  options: Partial<PublisherOptions> = {},
): Promise<JobOutcome | undefined> {
  const outcomes: JobOutcome[] = [];
  const publisher = await Publisher.open({
    server: server && endpointOf(server),
    resolvers: [],
    key: undefined,
    refreshMs: 1000,
    timeoutMs: 100,
    clock: () => 1_800_000_000_000,
    randomBytes: systemRandomBytes,
    hmac: systemHmac,
    memory: { load: async () => undefined, save: async () => undefined },
    isOwn: () => false,
    report: (_job, outcome) => outcomes.push(outcome),
    ...options,
  });
  const publication = { priority: 0, weight: 0, ports: [1688] };
  const facts = { host: "box.kms.test", ttl: 60, addresses: [], publish: publication };
  publisher.tick(wishesOf({ zones: [ZONE], addresses: false }, facts));
  await publisher.settled();
  return outcomes[0];
}

describe("DNS-6: by UDP, then by TCP", () => {
  test("where the reply by UDP is cut short", async () => {
    const ways: number[] = [];
    const server = await updating((message, _peer, transport) => {
      ways.push(transport);
      const reply = headerReply(message, 0);
      if (transport === Transport.UDP) reply[2] = (reply[2] ?? 0) | 2;
      return reply;
    });
    expect(await publish(server)).toMatchObject({ ok: true });
    expect(ways).toEqual([Transport.UDP, Transport.TCP]);
  });

  test("where nothing answers by UDP", async () => {
    const server = await updating((message, _peer, transport) =>
      transport === Transport.UDP ? new Uint8Array(0) : headerReply(message, 0),
    );
    expect(await publish(server)).toMatchObject({ ok: true });
  });

  test("where nothing answers at all: so says the reason", async () => {
    const server = await updating(() => new Uint8Array(0));
    const failure = { ok: false, reason: "no answer", hresult: 0x8007_05b4, zone: "kms.test." };
    expect(await publish(server)).toMatchObject(failure);
  });
});

describe("DNS-6: what is believed", () => {
  const key: TsigKey = {
    name: literalName("box"),
    algorithm: "hmac-sha256",
    secret: new Uint8Array(32),
  };

  test("not an acknowledgement without a signature, where the request had one", async () => {
    const server = await updating((message) => headerReply(message, 0));
    expect(await publish(server, { key })).toMatchObject({
      ok: false,
      reason: "an answer without a signature",
    });
  });

  test("a refusal, with its rcode", async () => {
    const server = await updating((message) => headerReply(message, REFUSED));
    expect(await publish(server)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^REFUSED: /),
      hresult: 0x8007_232d,
    });
  });
});

describe("DNS-6: where to send it", () => {
  test("nobody to ask, and nobody who knows", async () => {
    expect(await publish(undefined)).toMatchObject({
      ok: false,
      zone: undefined,
      reason: "there is no DNS server to ask for the zone",
    });
    const server = await updating((message) => headerReply(message, 0));
    server.setZones([]);
    expect(await publish(undefined, { resolvers: [endpointOf(server)] })).toMatchObject({
      ok: false,
      reason: "no SOA of _vlmcs._tcp.kms.test.: REFUSED",
      hresult: 0x8007_232d,
    });
  });

  test("not to this appliance itself", async () => {
    const server = await updating((message) => headerReply(message, 0));
    const itself = { isOwn: () => true };
    expect(await publish(server, itself)).toMatchObject({
      ok: false,
      reason: "it is this appliance, which serves the record already",
    });
  });

  test("the next resolver, where the first one does not answer", async () => {
    const silent = await startServer();
    const gone = endpointOf(silent);
    await silent.close();
    const server = await updating((message) => headerReply(message, 0));
    const { port } = endpointOf(server);
    const resolvers = [gone, endpointOf(server)];
    const lines = "@ SOA kms h 1 1 1 1 1\n@ NS kms\nkms A 127.0.0.1";
    server.setZones([zoneOf("kms.test", lines)]);
    expect(await publish(undefined, { resolvers, updatePort: port })).toEqual({
      ok: true,
      zone: "kms.test.",
      server: `127.0.0.1:${port}`,
    });
  });
});
