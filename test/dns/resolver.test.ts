import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { encode, type Packet } from "dns-packet";
import { type LookupError, lookupAddresses, lookupSrv } from "../../src/dns/resolver.ts";
import type { DnsServer } from "../../src/dns/server.ts";
import type { Endpoint } from "../../src/platform/endpoint.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { endpointOf, LOOPBACK, octets, startServer, testZones, zoneOf } from "./support.ts";

const SERVICE = "_vlmcs._tcp.kms.test";
const many = Array.from(
  { length: 40 },
  (_, index) => `_many._tcp SRV ${index} 0 1688 host${index}\nhost${index} A 192.0.2.${index}`,
);

let server: DnsServer;
const options = (name: string, timeoutMs = 3000) => ({
  server: endpointOf(server),
  name,
  timeoutMs,
  randomBytes: systemRandomBytes,
});

beforeAll(async () => {
  server = await startServer({ listen: [LOOPBACK, { address: "::1", port: 0 }] });
  const more = zoneOf(
    "more.test",
    `@ SOA a b 1 1 1 1 60
@ NS a
_away._tcp SRV 0 0 0 .
_alias._tcp CNAME _many._tcp
${many.join("\n")}`,
  );
  server.setZones([...testZones(), more]);
});
afterAll(async () => {
  await server.close();
});

describe("against our own server", () => {
  const host = { priority: 0, weight: 0, port: 1688, target: "kms.kms.test" };

  test.each([SERVICE, `${SERVICE}.`, SERVICE.toUpperCase()])("SRV of %s", async (name) => {
    expect(await lookupSrv(options(name))).toEqual({
      ok: true,
      value: [{ ...host, addresses: ["192.0.2.1", "2001:db8::1"] }],
    });
  });

  test("by IPv6", async () => {
    const [, six] = server.endpoints;
    const asked = { ...options(SERVICE), server: six ?? LOOPBACK };
    expect(await lookupSrv(asked)).toMatchObject({ ok: true, value: [host] });
  });

  test("more than UDP carries comes by TCP", async () => {
    const before = server.statistics().tcp.accepted;
    const found = await lookupSrv(options("_many._tcp.more.test"));
    expect(found.ok && found.value).toHaveLength(40);
    expect(found.ok && found.value[0]?.addresses).toEqual(["192.0.2.0"]);
    expect(server.statistics().tcp.accepted).toBe(before + 1);
  });

  test("an alias of the service is followed", async () => {
    const found = await lookupSrv(options("_alias._tcp.more.test"));
    expect(found.ok && found.value).toHaveLength(40);
  });

  test.each<[string, string, LookupError]>([
    ["nxdomain", "nope.kms.test", { code: "nxdomain", rcode: 3 }],
    ["nodata", "kms.kms.test", { code: "nodata" }],
    ["refused", "_vlmcs._tcp.example.com", { code: "refused", rcode: 5 }],
    ["unavailable", "_away._tcp.more.test", { code: "unavailable" }],
    ["bad-name", "a..b", { code: "bad-name" }],
    ["bad-name", "a\\.b.test", { code: "bad-name" }],
    ["bad-name", ".", { code: "bad-name" }],
  ])("%s: %s", async (_, name, error) => {
    expect(await lookupSrv(options(name))).toEqual({ ok: false, error });
  });

  test.each<[string, string, unknown]>([
    ["both families", "kms.kms.test", { ok: true, value: ["192.0.2.1", "2001:db8::1"] }],
    ["an alias", "alias.kms.test", { ok: true, value: ["192.0.2.1", "2001:db8::1"] }],
    ["one family", "a.b.c.kms.test", { ok: true, value: ["192.0.2.3"] }],
    ["none", "kms.test", { ok: false, error: { code: "nodata" } }],
    ["no name", "nope.kms.test", { ok: false, error: { code: "nxdomain", rcode: 3 } }],
  ])("addresses: %s", async (_, name, expected) => {
    const found: unknown = await lookupAddresses(options(name));
    expect(found).toEqual(expected);
  });
});

/** A server that answers each datagram with what the test makes of it. */
async function answering(reply: (asked: Uint8Array) => readonly Uint8Array[]) {
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: 0,
    binaryType: "uint8array",
    socket: {
      data: (own, message, port, address) => {
        for (const one of reply(message)) own.send(one, port, address);
      },
    },
  });
  const endpoint: Endpoint = { address: "127.0.0.1", port: socket.port };
  return { endpoint, close: () => socket.close() };
}

async function lookUpAt(reply: (asked: Uint8Array) => readonly Uint8Array[], timeoutMs = 3000) {
  const other = await answering(reply);
  const found = await lookupSrv({ ...options(SERVICE, timeoutMs), server: other.endpoint });
  other.close();
  return found;
}

/** The header and question of a query as those of a reply. */
function headOf(asked: Uint8Array, rcode: number, answers = 0, questions = 1): Uint8Array {
  const questionEnd = asked.indexOf(0, 12) + 5;
  const question = questions === 0 ? octets() : asked.subarray(12, questionEnd);
  const counts = [0, questions, 0, answers, 0, 0, 0, 0];
  return octets(asked.subarray(0, 2), 0x84, rcode, ...counts, question);
}

const srv = (target: string) => ({
  type: "SRV" as const,
  name: SERVICE,
  ttl: 1,
  data: { priority: 1, weight: 2, port: 3, target },
});

function packet(asked: Uint8Array, parts: Packet): Uint8Array {
  return encode({
    type: "response",
    id: ((asked[0] ?? 0) << 8) | (asked[1] ?? 0),
    questions: [{ type: "SRV", name: SERVICE }],
    ...parts,
  });
}

describe("against servers that err, or lie", () => {
  test.each([
    [1, "formerr"],
    [2, "servfail"],
    [4, "notimp"],
    [5, "refused"],
    [9, "other"],
  ] as const)("rcode %d is %s, with or without the question", async (rcode, code) => {
    for (const questions of [0, 1]) {
      const found = await lookUpAt((asked) => [headOf(asked, rcode, 0, questions)]);
      expect(found).toEqual({ ok: false, error: { code, rcode } });
    }
  });

  test("replies to something else are passed over until the true one comes (RFC 5452)", async () => {
    const found = await lookUpAt((asked) => [
      octets("00"),
      headOf(asked, 3).with(0, (asked[0] ?? 0) ^ 1),
      headOf(asked, 3).with(2, 0x04),
      headOf(asked, 3).with(13, 0x78),
      headOf(asked, 3).with(asked.indexOf(0, 12) + 2, 1),
      headOf(asked, 0, 0, 0),
      packet(asked, { answers: [srv("a.test")] }),
    ]);
    expect(found).toMatchObject({ ok: true, value: [{ target: "a.test", addresses: [] }] });
  });

  test("silence is a timeout, after the query was repeated", async () => {
    let asked = 0;
    const found = await lookUpAt(() => {
      asked += 1;
      return [];
    }, 120);
    expect(found).toEqual({ ok: false, error: { code: "timeout" } });
    expect(asked).toBeGreaterThan(1);
  });

  test("an answer to the repetition counts", async () => {
    let asked = 0;
    const found = await lookUpAt((message) => {
      asked += 1;
      return asked === 1 ? [] : [packet(message, { answers: [srv("a.test")] })];
    }, 600);
    expect(found).toMatchObject({ ok: true });
  });

  test("nobody there", async () => {
    const other = await answering(() => []);
    other.close();
    const asked = { ...options(SERVICE, 2000), server: other.endpoint };
    expect(await lookupSrv(asked)).toEqual({ ok: false, error: { code: "unreachable" } });
  });

  test("truncated, and no TCP to be had", async () => {
    const found = await lookUpAt((asked) => [headOf(asked, 0).with(2, 0x86)]);
    expect(found).toEqual({ ok: false, error: { code: "unreachable" } });
  });

  test.each([
    ["says nothing", octets(), "timeout"],
    ["says something else", octets("000c 0000 8000 0000 0000 0000 0000"), "malformed"],
  ] as const)("truncated, and TCP %s", async (_, reply, code) => {
    const tcp = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data: (own) => {
          own.write(reply);
        },
      },
    });
    const udp = await Bun.udpSocket({
      hostname: "127.0.0.1",
      port: tcp.port,
      binaryType: "uint8array",
      socket: {
        data: (own, asked, port, address) => {
          own.send(headOf(asked, 0).with(2, 0x86), port, address);
        },
      },
    });
    const asked = { ...options(SERVICE, 100), server: { address: "127.0.0.1", port: tcp.port } };
    expect(await lookupSrv(asked)).toEqual({ ok: false, error: { code } });
    udp.close();
    tcp.stop(true);
  });

  test("what cannot be read is malformed", async () => {
    const found = await lookUpAt((asked) => [octets(headOf(asked, 0, 1), "c00c 0021")]);
    expect(found).toEqual({ ok: false, error: { code: "malformed" } });
  });

  test("records of other names, and addresses that are none, are left out", async () => {
    const found = await lookUpAt((asked) => {
      const answers = [{ ...srv("evil.test"), name: "other.test" }, srv("a.test")];
      const additionals = [
        { type: "A" as const, name: "a.test", ttl: 1, data: "192.0.2.1" },
        { type: "A" as const, name: "b.test", ttl: 1, data: "192.0.2.2" },
      ];
      const sound = packet(asked, { answers, additionals });
      // An A record of two octets, which dns-packet reads beyond its end.
      const short = octets("0161 0474657374 00 0001 0001 00000001 0002 c000");
      return [octets(sound.with(11, 3), short)];
    });
    expect(found).toMatchObject({
      ok: true,
      value: [{ target: "a.test", addresses: ["192.0.2.1"] }],
    });
  });

  test("aliases in a circle end", async () => {
    const alias = (name: string, data: string) => ({ type: "CNAME" as const, name, ttl: 1, data });
    const answers = [alias(SERVICE, "x.test"), alias("x.test", SERVICE)];
    const found = await lookUpAt((asked) => [packet(asked, { answers })]);
    expect(found).toEqual({ ok: false, error: { code: "nodata" } });
  });
});
