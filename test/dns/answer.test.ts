/** What the zones say, without sockets: aliases, wildcards, delegations, sizes, preparation. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HAND_OVER, Responder, type ResponderOptions } from "../../src/dns/answer.ts";
import { Transport } from "../../src/dns/codes.ts";
import { DEFAULT_DNS_LIMITS } from "../../src/dns/limits.ts";
import type { Zone } from "../../src/dns/zone.ts";
import { headerOf, NOW, octets, opt, query, readReply, testZones, zoneOf } from "./support.ts";

const APEX_LINES = "@ 900 SOA ns root 1 3600 900 604800 300\n@ NS ns\nns A 192.0.2.53";
const out = new Uint8Array(65_535);

function responder(zones: readonly Zone[], options: Partial<ResponderOptions> = {}): Responder {
  const own = new Responder({ limits: DEFAULT_DNS_LIMITS, clock: () => NOW, ...options });
  own.setZones(zones);
  return own;
}

function ask(
  from: Responder,
  message: Uint8Array,
  transport: Transport = Transport.UDP,
  address = "192.0.2.99",
): Uint8Array<ArrayBuffer> {
  const length = from.respond(message, 0, message.length, address, transport, out, 0);
  return out.slice(0, Math.max(0, length));
}

function look(from: Responder, name: string, type: number, additional = [opt()]) {
  return readReply(ask(from, query({ name, type, additional })));
}

describe("wildcards: the examples of RFC 4592 §2.2.1", () => {
  const zone = zoneOf(
    "example",
    `@ SOA ns root 1 1 1 1 60
@ NS ns.example.com.
@ NS ns.example.net.
* TXT "this is a wildcard"
* MX 10 host1
sub.* TXT "this is not a wildcard"
host1 A 192.0.2.1
_ssh._tcp.host1 SRV 0 0 22 host1
_ssh._tcp.host2 SRV 0 0 22 host2
subdel NS ns.example.com.
subdel NS ns.example.net.`,
  );
  const own = responder([zone]);

  test.each([
    ["host3.example", 15, 0, ["host3.example 3600 MX 10 host1.example"]],
    ["host3.example", 1, 0, []],
    ["foo.bar.example", 16, 0, ["foo.bar.example 3600 TXT this is a wildcard"]],
    ["host1.example", 15, 0, []],
    ["sub.*.example", 15, 0, []],
    ["_telnet._tcp.host1.example", 33, 3, []],
    ["ghost.*.example", 15, 3, []],
    ["*.example", 15, 0, ["*.example 3600 MX 10 host1.example"]],
  ])("%s %d", (name, type, rcode, answer) => {
    const reply = look(own, name, type);
    expect(reply).toMatchObject({ header: { rcode, flags: "qr aa" }, answer });
    expect(reply.authority).toHaveLength(answer.length === 0 ? 1 : 0);
  });

  test("host.subdel.example is a referral", () => {
    const reply = look(own, "host.subdel.example", 1);
    expect(reply).toMatchObject({ header: { rcode: 0, flags: "qr" }, answer: [] });
    expect(reply.authority.toSorted()).toEqual([
      "subdel.example 3600 NS ns.example.com",
      "subdel.example 3600 NS ns.example.net",
    ]);
  });
});

describe("aliases (RFC 1034 §3.6.2, RFC 6604)", () => {
  const chain = Array.from({ length: 30 }, (_, index) => `c${index} CNAME c${index + 1}`).join(
    "\n",
  );
  const own = responder([
    zoneOf(
      "kms.test",
      `${APEX_LINES}
one CNAME two
two CNAME ns
dead CNAME nothing
out CNAME www.example.com.
over CNAME host.other.test.
self CNAME self
ping CNAME pong
pong CNAME ping
*.alias CNAME ns
into CNAME x.cut
cut NS ns.cut
ns.cut A 192.0.2.54
${chain}`,
    ),
    zoneOf("other.test", `${APEX_LINES}\nhost A 192.0.2.8`),
  ]);

  test.each([
    [
      "a chain",
      "one.kms.test",
      [
        "one.kms.test 3600 CNAME two.kms.test",
        "two.kms.test 3600 CNAME ns.kms.test",
        "ns.kms.test 3600 A 192.0.2.53",
      ],
      0,
    ],
    ["to nothing: NXDOMAIN", "dead.kms.test", ["dead.kms.test 3600 CNAME nothing.kms.test"], 3],
    ["out of our zones", "out.kms.test", ["out.kms.test 3600 CNAME www.example.com"], 0],
    [
      "into another of ours",
      "over.kms.test",
      ["over.kms.test 3600 CNAME host.other.test", "host.other.test 3600 A 192.0.2.8"],
      0,
    ],
    [
      "from a wildcard",
      "x.alias.kms.test",
      ["x.alias.kms.test 3600 CNAME ns.kms.test", "ns.kms.test 3600 A 192.0.2.53"],
      0,
    ],
  ])("%s", (_, name, answer, rcode) => {
    const reply = look(own, name, 1);
    expect(reply).toMatchObject({ header: { rcode, flags: "qr aa" }, answer });
    expect(reply.authority).toHaveLength(rcode === 3 ? 1 : 0);
  });

  test.each(["self.kms.test", "ping.kms.test", "c0.kms.test"])("%s ends", (name) => {
    const reply = look(own, name, 1);
    expect(reply.header.rcode).toBe(0);
    expect(reply.answer).toHaveLength(17);
  });

  test("asked for itself, or for anything, an alias is not followed", () => {
    for (const type of [5, 255]) {
      expect(look(own, "one.kms.test", type).answer).toEqual([
        "one.kms.test 3600 CNAME two.kms.test",
      ]);
    }
  });

  test("into a delegation: the alias, and the referral", () => {
    expect(look(own, "into.kms.test", 1)).toMatchObject({
      header: { flags: "qr aa" },
      answer: ["into.kms.test 3600 CNAME x.cut.kms.test"],
      authority: ["cut.kms.test 3600 NS ns.cut.kms.test"],
      additional: ["ns.cut.kms.test 3600 A 192.0.2.54"],
    });
  });
});

describe("delegation (RFC 1034 §4.2.1)", () => {
  const parent = zoneOf(
    "test",
    `${APEX_LINES}
sub NS ns.sub
sub NS ns.elsewhere.example.
ns.sub A 192.0.2.60
deep.sub NS ns.deep.sub
kms NS ns.kms
ns.kms A 192.0.2.61`,
  );
  const child = zoneOf("kms.test", APEX_LINES);
  const own = responder([parent, child]);

  test.each(["sub.test", "a.b.sub.test", "deep.sub.test", "ns.sub.test"])(
    "%s is referred to the upper cut, with glue",
    (name) => {
      const reply = look(own, name, 1);
      expect(reply).toMatchObject({
        header: { rcode: 0, flags: "qr" },
        answer: [],
        additional: ["ns.sub.test 3600 A 192.0.2.60"],
      });
      expect(reply.authority.toSorted()).toEqual([
        "sub.test 3600 NS ns.elsewhere.example",
        "sub.test 3600 NS ns.sub.test",
      ]);
    },
  );

  test("the closest of our zones answers", () => {
    expect(look(own, "ns.kms.test", 1)).toMatchObject({
      header: { flags: "qr aa" },
      answer: ["ns.kms.test 3600 A 192.0.2.53"],
    });
  });

  test("DS belongs to the parent's side (RFC 4035 §3.1.4.1)", () => {
    for (const name of ["sub.test", "kms.test"]) {
      const reply = look(own, name, 43);
      expect(reply.header).toMatchObject({ rcode: 0, flags: "qr aa" });
      expect(reply.authority[0]).toStartWith("test 300 SOA");
    }
    expect(look(responder([child]), "kms.test", 43).authority[0]).toStartWith("kms.test 300 SOA");
  });

  test("a referral without room for its glue is truncated (RFC 9471)", () => {
    const many = Array.from({ length: 13 }, (_, index) => {
      const host = `a-name-server-with-a-long-name-${index}`;
      return `cut NS ${host}.cut\n${host}.cut A 192.0.2.${index}\n${host}.cut AAAA 2001:db8::${index}`;
    });
    const wide = responder([zoneOf("test", `${APEX_LINES}\n${many.join("\n")}`)]);
    const small = look(wide, "x.cut.test", 1, [opt({ payload: 800 })]);
    expect(small.header.flags).toBe("qr tc");
    expect(small.authority).toHaveLength(13);
    expect(small.additional.length).toBeLessThan(26);
    expect(look(wide, "x.cut.test", 1).header.flags).toBe("qr");
  });
});

describe("additional addresses", () => {
  const hosts = Array.from({ length: 12 }, (_, index) => {
    const host = `a-host-with-quite-a-long-name-${index}`;
    return `_vlmcs._tcp SRV 0 0 1688 ${host}\n${host} A 192.0.2.${index}\n${host} AAAA 2001:db8::${index}`;
  });
  const own = responder([zoneOf("kms.test", `${APEX_LINES}\n${hosts.join("\n")}`)]);

  test("as many as fit, whole record sets, without a word (RFC 2181 §9)", () => {
    const name = "_vlmcs._tcp.kms.test";
    const full = ask(own, query({ name, type: 33, additional: [opt()] }), Transport.TCP);
    const sizes = new Set<number>();
    for (let payload = 512; payload <= 1232; payload += 8) {
      const message = ask(own, query({ name, type: 33, additional: [opt({ payload })] }));
      const reply = readReply(message);
      expect(message.length).toBeLessThanOrEqual(payload);
      if (reply.header.flags === "qr aa tc") expect(reply.answer).toHaveLength(0);
      else {
        expect(reply.answer).toHaveLength(12);
        sizes.add(reply.additional.length);
      }
    }
    expect(readReply(full).additional).toHaveLength(24);
    expect(sizes.size).toBeGreaterThan(5);
  });

  test("a target of the root, or outside our zones, brings none (RFC 2782)", () => {
    const lines = `${APEX_LINES}\n_a._tcp SRV 0 0 0 .\n_b._tcp SRV 0 0 1 www.example.\nm MX 1 ns`;
    const bare = responder([zoneOf("kms.test", lines)]);
    expect(look(bare, "_a._tcp.kms.test", 33)).toMatchObject({
      answer: ["_a._tcp.kms.test 3600 SRV 0 0 0 ."],
      additional: [],
    });
    expect(look(bare, "_b._tcp.kms.test", 33).additional).toEqual([]);
    expect(look(bare, "m.kms.test", 15).additional).toEqual(["ns.kms.test 3600 A 192.0.2.53"]);
  });

  test("SRV targets are not compressed, other names are (RFC 2782, RFC 3597 §4)", () => {
    const message = ask(responder(testZones()), query({ name: "_vlmcs._tcp.kms.test", type: 33 }));
    expect(message.toHex()).toContain("036b6d73036b6d730474657374 00".replace(" ", ""));
    expect(message).toHaveLength(114);
  });
});

describe("several hosts in one record set (DNS-3)", () => {
  const lines = [1, 2, 3].map((index) => `_vlmcs._tcp SRV ${index} 10 1688 h${index}`);
  const addresses = [1, 2, 3].map((index) => `h${index} A 192.0.2.${index}`);
  const own = responder([zoneOf("kms.test", [APEX_LINES, ...lines, ...addresses].join("\n"))]);

  test("all come, each first in its turn, with correct addresses", () => {
    const firsts = new Set<string>();
    for (let turn = 0; turn < 3; turn += 1) {
      const reply = look(own, "_vlmcs._tcp.kms.test", 33);
      firsts.add(reply.answer[0] ?? "");
      expect(reply.answer).toHaveLength(3);
      expect(reply.additional.toSorted()).toEqual(
        [1, 2, 3].map((index) => `h${index}.kms.test 3600 A 192.0.2.${index}`),
      );
    }
    expect(firsts.size).toBe(3);
  });
});

describe("preparation changes nothing", () => {
  const zones = [
    ...testZones(),
    zoneOf("sub.kms.test", `${APEX_LINES}\n*.w SRV 0 0 1 ns\na.cut NS ns.cut\nns.cut A 192.0.2.2`),
  ];
  const prepared = responder(zones);
  const cached = responder(zones, { limits: { ...DEFAULT_DNS_LIMITS, preparedRecordSets: 0 } });
  const tiny = { ...DEFAULT_DNS_LIMITS, preparedRecordSets: 0, cachedAnswers: 1 };
  const fresh = responder(zones, { limits: tiny });

  test("prepared at the start, kept, or composed anew: the same octets", () => {
    const labels = [
      "a",
      "b",
      "c",
      "*",
      "w",
      "wild",
      "kms",
      "alias",
      "big",
      "t666",
      "cut",
      "ns",
      "_tcp",
      "_vlmcs",
      "sub",
    ];
    const owner = fc
      .tuple(fc.array(fc.constantFrom(...labels), { maxLength: 3 }), fc.boolean())
      .map(([own, isUpper]) =>
        [...own, "kms.test"].join(".")[isUpper ? "toUpperCase" : "toLowerCase"](),
      );
    const type = fc.constantFrom(1, 2, 5, 6, 12, 16, 28, 33, 43, 255, 666);
    fc.assert(
      fc.property(owner, type, fc.boolean(), (name, type, hasOpt) => {
        const message = query({ name, type, additional: hasOpt ? [opt()] : [] });
        const first = ask(prepared, message);
        expect(ask(cached, message)).toEqual(first);
        expect(ask(cached, message)).toEqual(first);
        expect(ask(fresh, message)).toEqual(first);
      }),
      { numRuns: 2000 },
    );
  });

  test("a hundred thousand names are answered right though few are kept", () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, index) => `m${index} A 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    );
    const own = responder([zoneOf("kms.test", [APEX_LINES, ...lines].join("\n"))]);
    for (let index = 0; index < 100_000; index += 97) {
      const reply = look(own, `M${index}.kms.test`, 1);
      expect(reply.answer).toEqual([
        `M${index}.kms.test 3600 A 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      ]);
    }
    expect(look(own, "m100000.kms.test", 1).header.rcode).toBe(3);
  });
});

describe("what comes in", () => {
  const own = responder(testZones(), { cookies: { current: new Uint8Array(16) } });
  const header = fc.tuple(
    fc.nat(0xffff),
    fc.nat(0x7fff),
    fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
  );

  test("any octets: no throw, and never silence to a header that is no reply (RFC 8906)", () => {
    fc.assert(
      fc.property(
        header,
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom(0, 1),
        ([id, flags, counts], rest, transport) => {
          const message = octets(
            id >> 8,
            id & 255,
            flags >> 8,
            flags & 255,
            ...counts.flatMap((count) => [0, count]),
            rest,
          );
          const reply = ask(own, message, transport as Transport);
          expect(reply.length).toBeGreaterThanOrEqual(12);
          expect(headerOf(reply)).toMatchObject({ id, opcode: (flags >> 11) & 15 });
          expect(headerOf(reply).flags).toStartWith("qr");
          if (transport === Transport.UDP) expect(reply.length).toBeLessThanOrEqual(1232);
          expect(() => readReply(reply)).not.toThrow();
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("wherever it stands in memory", () => {
    const message = query({ name: "_vlmcs._tcp.kms.test", type: 33, additional: [opt()] });
    const shifted = octets("ffff", message, "ffff");
    const length = own.respond(shifted, 2, 2 + message.length, "::1", Transport.UDP, out, 5);
    expect(out.slice(5, 5 + length)).toEqual(ask(own, message));
  });

  test("updates and signed messages are handed over only where that is wanted", () => {
    const update = query({ name: "kms.test", type: 6, flags: 0x2800 });
    const taking = responder(testZones(), { handOverUpdates: true });
    const give = (from: Responder) =>
      from.respond(update, 0, update.length, "::1", Transport.UDP, out, 0);
    expect(give(taking)).toBe(HAND_OVER);
    expect(give(own)).toBeGreaterThan(0);
  });

  test("a payload limit that no message could keep is our own mistake", () => {
    const limits = { ...DEFAULT_DNS_LIMITS, udpPayloadOctets: 100 };
    expect(() => new Responder({ limits, clock: () => 0 })).toThrow("udpPayloadOctets");
  });

  test("two zones of one name too", () => {
    const [zone] = testZones();
    expect(() => own.setZones(zone === undefined ? [] : [zone, zone])).toThrow("one apex");
  });
});
