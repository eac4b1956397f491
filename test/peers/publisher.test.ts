/** DNS-6, EVENT-3: publishing into BIND and Knot, as an appliance and alone. */
import { afterEach, describe, expect } from "bun:test";
import { askServer, servicesOf } from "../../src/dns/ask.ts";
import { RecordType } from "../../src/dns/codes.ts";
import { literalName, nameToText } from "../../src/dns/name.ts";
import { Publisher, type PublisherOptions } from "../../src/dns/publisher/publisher.ts";
import type { Job, JobOutcome } from "../../src/dns/publisher/schedule.ts";
import { wishesOf } from "../../src/dns/publisher/wishes.ts";
import type { TsigKey } from "../../src/dns/tsig/tsig.ts";
import type { Endpoint } from "../../src/platform/endpoint.ts";
import { systemHmac } from "../../src/platform/hmac.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import {
  type ForeignServer,
  KEY_NAME,
  KEY_SECRET,
  type Policy,
  startBind,
  startKnot,
  ZONE,
} from "../support/foreign-dns.ts";
import { peerTest } from "../support/peers.ts";

const servers: ForeignServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const KEY: TsigKey = {
  name: literalName(KEY_NAME),
  algorithm: "hmac-sha256",
  secret: Uint8Array.fromBase64(KEY_SECRET),
};
const SERVICE = literalName(`_vlmcs._tcp.${ZONE}`);

type Setting = {
  readonly key?: TsigKey;
  /** Finds zone and server by the SOA, through the server as resolver. */
  readonly bySoa?: boolean;
  readonly memory?: { text: string | undefined };
};

async function open({ endpoint }: ForeignServer, setting: Setting = {}) {
  const outcomes: JobOutcome[] = [];
  const { key, bySoa = false, memory = { text: undefined } } = setting;
  const options: PublisherOptions = {
    server: bySoa ? undefined : endpoint,
    resolvers: [endpoint],
    updatePort: endpoint.port,
    key,
    refreshMs: 86_400_000,
    clock: () => Date.now(),
    randomBytes: systemRandomBytes,
    hmac: systemHmac,
    memory: {
      load: async () => memory.text,
      save: async (text) => {
        memory.text = text;
      },
    },
    isOwn: () => false,
    report: (_job: Job, outcome) => outcomes.push(outcome),
  };
  const publisher = await Publisher.open(options);
  const publish = async (ports: readonly number[], addresses: readonly string[] = []) => {
    const facts = { host: `box.${ZONE}`, ttl: 60, addresses };
    const settings = { zones: [ZONE], addresses: addresses.length > 0 };
    publisher.tick(wishesOf(settings, { ...facts, publish: { priority: 1, weight: 2, ports } }));
    await publisher.settled();
    return outcomes.splice(0);
  };
  return publish;
}

/** The service record as the server has it. */
async function services(server: Endpoint): Promise<readonly string[]> {
  const asked = { name: SERVICE, type: RecordType.SRV, recursive: false, timeoutMs: 5000 };
  const answer = await askServer({ server, ...asked, randomBytes: systemRandomBytes });
  if (!answer.ok) throw new Error(answer.error);
  return servicesOf(answer.value, SERVICE)
    .map(
      ({ priority, weight, port, target }) =>
        `${priority} ${weight} ${port} ${nameToText(target).toLowerCase()}`,
    )
    .toSorted();
}

const OTHERS = `5 6 1688 other.${ZONE}.`;
const own = (port: number) => `1 2 ${port} box.${ZONE}.`;

const PEERS: readonly (readonly [
  name: string,
  program: string,
  start: (path: string, policy: Policy) => Promise<ForeignServer>,
])[] = [
  ["BIND", "named", startBind],
  ["Knot", "knotd", startKnot],
];

for (const [name, program, start] of PEERS) {
  describe(`DNS-6: ${name}`, () => {
    const run = async (path: string, policy: Policy): Promise<ForeignServer> => {
      const server = await start(path, policy);
      servers.push(server);
      return server;
    };

    peerTest(
      [program],
      "the record appears, changes and goes; that of others stays",
      async (path) => {
        const server = await run(path, "anybody");
        const publish = await open(server);
        expect(await publish([1688])).toMatchObject([{ ok: true, zone: `${ZONE}.` }]);
        expect(await services(server.endpoint)).toEqual([own(1688), OTHERS]);
        expect(await publish([1688])).toEqual([]);
        expect(await publish([1689])).toMatchObject([{ ok: true }]);
        expect(await services(server.endpoint)).toEqual([own(1689), OTHERS]);
        expect(await publish([])).toMatchObject([{ ok: true }]);
        expect(await services(server.endpoint)).toEqual([OTHERS]);
      },
    );

    peerTest([program], "zone and server by the SOA of the name; addresses too", async (path) => {
      const server = await run(path, "anybody");
      const publish = await open(server, { bySoa: true });
      const outcomes = await publish([1688], ["192.0.2.7", "2001:db8::7"]);
      const { port } = server.endpoint;
      expect(outcomes).toMatchObject([
        { ok: true, zone: `${ZONE}.`, server: `127.0.0.1:${port}` },
        { ok: true, zone: `${ZONE}.` },
      ]);
      for (const type of [RecordType.A, RecordType.AAAA]) {
        const asked = { name: literalName(`box.${ZONE}`), type, recursive: false };
        const options = { ...asked, timeoutMs: 5000, randomBytes: systemRandomBytes };
        const answer = await askServer({ server: server.endpoint, ...options });
        expect(answer.ok && answer.value.answers).toHaveLength(1);
      }
    });

    peerTest(
      [program],
      "under TSIG; without the key, or with another secret: why not",
      async (path) => {
        const server = await run(path, "key");
        expect(await (await open(server, { key: KEY }))([1688])).toMatchObject([{ ok: true }]);
        expect(await services(server.endpoint)).toEqual([own(1688), OTHERS]);
        const [unsigned] = await (await open(server))([1689]);
        expect(unsigned).toMatchObject({
          ok: false,
          reason: expect.stringMatching(/^(REFUSED|NOTAUTH)/),
        });
        const wrong = { ...KEY, secret: new Uint8Array(32) };
        const [badSignature] = await (await open(server, { key: wrong }))([1689]);
        expect(badSignature).toMatchObject({ ok: false, hresult: 0x8007_2338 });
        const stranger = { ...KEY, name: literalName("nobody") };
        const [badKey] = await (await open(server, { key: stranger }))([1689]);
        expect(badKey).toMatchObject({ ok: false, hresult: 0x8007_2339 });
        expect(await services(server.endpoint)).toEqual([own(1688), OTHERS]);
      },
    );

    peerTest(
      [program],
      "a server that takes no updates: the reason, and nothing changed",
      async (path) => {
        const server = await run(path, "nobody");
        const [outcome] = await (await open(server))([1688]);
        expect(outcome).toMatchObject({
          ok: false,
          zone: `${ZONE}.`,
          server: `127.0.0.1:${server.endpoint.port}`,
          reason: expect.stringMatching(/^(REFUSED|NOTAUTH): the server takes no updates/),
        });
        expect(await services(server.endpoint)).toEqual([OTHERS]);
      },
    );

    peerTest([program], "what an ended run left is taken away by the next", async (path) => {
      const server = await run(path, "anybody");
      const memory = { text: undefined };
      await (await open(server, { memory }))([1688]);
      expect(await (await open(server, { memory }))([1690])).toMatchObject([{ ok: true }]);
      expect(await services(server.endpoint)).toEqual([own(1690), OTHERS]);
    });
  });
}
