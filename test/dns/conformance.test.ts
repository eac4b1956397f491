/**
 * How an authoritative server answers, over real sockets, packet by packet. Each case cites the
 * standard it holds; the numbers order them as our list of behaviours does.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { DnsServer } from "../../src/dns/server.ts";
import {
  headerOf,
  NOW,
  octets,
  opt,
  option,
  query,
  question,
  readReply,
  startServer,
  tcpClient,
  testZones,
  u16,
  udpClient,
} from "./support.ts";

const SRV = "_vlmcs._tcp.kms.test";
const SOA_TEXT = "kms.test 300 SOA kms.kms.test hostmaster.kms.test 1 3600 900 604800 300";
const SRV_ANSWER = [`${SRV} 3600 SRV 0 0 1688 kms.kms.test`];
const ADDRESSES = ["kms.kms.test 3600 A 192.0.2.1", "kms.kms.test 3600 AAAA 2001:db8::1"];

let server: DnsServer;
let udp: Awaited<ReturnType<typeof udpClient>>;

beforeAll(async () => {
  server = await startServer();
  udp = await udpClient(server);
});
afterAll(async () => {
  udp.close();
  await server.close();
});

type Case = {
  readonly name: string;
  readonly query: Uint8Array;
  readonly rcode?: number;
  readonly flags?: string;
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
};

const QUERY_CASES: readonly Case[] = [
  {
    name: "1 SRV with the target's addresses (RFC 2782, DNS-1)",
    query: query({ name: SRV, type: 33, additional: [opt()] }),
    answer: SRV_ANSWER,
    additional: ADDRESSES,
  },
  {
    name: "3 RD is copied and RA stays clear (RFC 1035 §4.1.1)",
    query: query({ name: SRV, type: 33, flags: 0x0100 }),
    flags: "qr aa rd",
    answer: SRV_ANSWER,
    additional: ADDRESSES,
  },
  {
    name: "4 case is echoed in the question and the owner (RFC 4343)",
    query: query({ name: "_VLmcs._tCp.kMS.test", type: 33 }),
    answer: ["_VLmcs._tCp.kMS.test 3600 SRV 0 0 1688 kms.kms.test"],
    additional: ADDRESSES,
  },
  {
    name: "5 an empty non-terminal is NODATA (RFC 8020)",
    query: query({ name: "_tcp.kms.test", type: 33 }),
    authority: [SOA_TEXT],
  },
  {
    name: "6 a name below an existing one is NXDOMAIN",
    query: query({ name: `x.${SRV}`, type: 33 }),
    rcode: 3,
    authority: [SOA_TEXT],
  },
  {
    name: "7 NXDOMAIN carries the SOA with its minimum as TTL (RFC 2308 §3)",
    query: query({ name: "nope.kms.test", type: 1 }),
    rcode: 3,
    authority: [SOA_TEXT],
  },
  {
    name: "8 a type that is not there is NODATA",
    query: query({ name: SRV, type: 1 }),
    authority: [SOA_TEXT],
  },
  {
    name: "9 an empty non-terminal in the middle",
    query: query({ name: "b.c.kms.test", type: 1 }),
    authority: [SOA_TEXT],
  },
  {
    name: "10 a zone that is not ours is REFUSED",
    query: query({ name: "example.com", type: 1 }),
    rcode: 5,
    flags: "qr",
  },
  {
    name: "11 the root gives no referral",
    query: query({ name: ".", type: 2 }),
    rcode: 5,
    flags: "qr",
  },
  {
    name: "11 nor does a parent of ours",
    query: query({ name: "test", type: 6 }),
    rcode: 5,
    flags: "qr",
  },
  {
    name: "12 SOA",
    query: query({ name: "kms.test", type: 6 }),
    answer: [SOA_TEXT.replace(" 300 SOA", " 3600 SOA")],
  },
  {
    name: "12 NS with the server's addresses",
    query: query({ name: "kms.test", type: 2 }),
    answer: ["kms.test 3600 NS kms.kms.test"],
    additional: ADDRESSES,
  },
  {
    name: "13 A",
    query: query({ name: "kms.kms.test", type: 1 }),
    answer: ["kms.kms.test 3600 A 192.0.2.1"],
  },
  {
    name: "13 AAAA",
    query: query({ name: "kms.kms.test", type: 28 }),
    answer: ["kms.kms.test 3600 AAAA 2001:db8::1"],
  },
  {
    name: "13 TXT",
    query: query({ name: "kms.test", type: 16 }),
    answer: ["kms.test 3600 TXT the apex"],
  },
  {
    name: "13 PTR",
    query: query({ name: "1.2.0.192.in-addr.arpa", type: 12 }),
    answer: ["1.2.0.192.in-addr.arpa 3600 PTR kms.kms.test"],
  },
  {
    name: "14 an alias is followed (RFC 1034 §4.3.2)",
    query: query({ name: "alias.kms.test", type: 1 }),
    answer: ["alias.kms.test 3600 CNAME kms.kms.test", "kms.kms.test 3600 A 192.0.2.1"],
  },
  {
    name: "14 an alias whose target lacks the type",
    query: query({ name: "alias.kms.test", type: 16 }),
    answer: ["alias.kms.test 3600 CNAME kms.kms.test"],
    authority: [SOA_TEXT],
  },
  {
    name: "15 a wildcard (RFC 4592)",
    query: query({ name: "x.wild.kms.test", type: 16 }),
    answer: ["x.wild.kms.test 3600 TXT from the wildcard"],
  },
  {
    name: "15 a wildcard without the type is NODATA",
    query: query({ name: "x.wild.kms.test", type: 1 }),
    authority: [SOA_TEXT],
  },
  {
    name: "16 ANY gives one record set (RFC 8482)",
    query: query({ name: "kms.test", type: 255 }),
    answer: [SOA_TEXT.replace(" 300 SOA", " 3600 SOA")],
  },
  {
    name: "16 ANY of a name that is not there",
    query: query({ name: "nope.kms.test", type: 255 }),
    rcode: 3,
    authority: [SOA_TEXT],
  },
  {
    name: "17 a type unknown to everybody (RFC 3597)",
    query: query({ name: "t666.kms.test", type: 666 }),
    answer: ["t666.kms.test 3600 UNKNOWN_666 \xde\xad\xbe\xef"],
  },
  ...[1000, 0, 41, 43, 48, 250, 253, 254, 65_535].map((type) => ({
    name: `17, 18 type ${type} is NODATA`,
    query: query({ name: "kms.test", type }),
    authority: [SOA_TEXT],
  })),
  {
    name: "19 class CH",
    query: query({ name: "version.bind", type: 16, class: 3 }),
    rcode: 5,
    flags: "qr",
  },
  ...[255, 4, 254, 0].map((recordClass) => ({
    name: `20 class ${recordClass} of our own name`,
    query: query({ name: "kms.test", type: 6, class: recordClass }),
    rcode: 5,
    flags: "qr",
  })),
  {
    name: "36 the Z bit is not echoed (RFC 1035 §4.1.1)",
    query: query({ name: "kms.test", type: 16, flags: 0x0040 }),
    answer: ["kms.test 3600 TXT the apex"],
  },
  {
    name: "37 AD and CD are cleared (RFC 4035 §3.1.6)",
    query: query({ name: "kms.test", type: 16, flags: 0x0030 }),
    answer: ["kms.test 3600 TXT the apex"],
  },
  {
    name: "41 octets behind the message are no offence",
    query: query({ name: "kms.test", type: 16, trailing: octets("00 01 02 03") }),
    answer: ["kms.test 3600 TXT the apex"],
  },
  ...[252, 251].map((type) => ({
    name: `42 transfer by UDP, type ${type}`,
    query: query({ name: "kms.test", type }),
    rcode: 5,
    flags: "qr",
  })),
  {
    name: "43 NOTIFY is refused (RFC 1996)",
    query: query({ name: "kms.test", type: 6, flags: 0x2000 }),
    rcode: 5,
    flags: "qr",
  },
];

describe("answers", () => {
  test.each(QUERY_CASES.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    const message = await udp.ask(one.query);
    const reply = readReply(message);
    expect(reply).toMatchObject({
      answer: one.answer ?? [],
      authority: one.authority ?? [],
      additional: one.additional ?? [],
      header: { id: 0x1234, rcode: one.rcode ?? 0, flags: one.flags ?? "qr aa" },
    });
    const questionEnd = one.query.indexOf(0, 12) + 5;
    expect(message.slice(12, questionEnd)).toEqual(one.query.slice(12, questionEnd));
  });

  test("2 no OPT without one in the query (RFC 6891 §6.1.1)", async () => {
    expect(readReply(await udp.ask(query({ name: SRV, type: 33 }))).edns).toBeUndefined();
  });

  test("42 transfer by TCP is refused", async () => {
    const client = await tcpClient(server);
    const reply = await client.ask(query({ name: "kms.test", type: 252 }));
    expect(headerOf(reply)).toMatchObject({ rcode: 5, counts: [1, 0, 0, 0] });
    client.close();
  });

  test("49 UPDATE is refused where nobody takes it (RFC 2136)", async () => {
    const reply = await udp.ask(query({ name: "kms.test", type: 6, flags: 0x2800 }));
    expect(headerOf(reply)).toMatchObject({ rcode: 5, opcode: 5, flags: "qr" });
  });
});

describe("EDNS (RFC 6891)", () => {
  const plain = { payload: 1232, extendedRcode: 0, version: 0, flags: 0, options: new Map() };

  test("21 a version that is not ours: BADVERS, and no answer", async () => {
    const asked = query({ name: "kms.test", type: 6, additional: [opt({ version: 1 })] });
    expect(readReply(await udp.ask(asked))).toMatchObject({
      header: { rcode: 0, flags: "qr", counts: [1, 0, 0, 1] },
      edns: { ...plain, extendedRcode: 1 },
    });
  });

  test("21 options of another version are not judged", async () => {
    const options = [option(10, octets("01"))];
    const asked = query({ name: "kms.test", type: 6, additional: [opt({ version: 9, options })] });
    expect(readReply(await udp.ask(asked)).edns?.extendedRcode).toBe(1);
  });

  test.each([
    ["22 an unknown option is ignored and not echoed", { options: [option(100, octets("ff"))] }, 0],
    ["23 unknown flags are ignored", { flags: 0x4000 }, 0],
    ["24 DO is copied (RFC 3225 §3)", { flags: 0x8000 }, 0x8000],
    ["keepalive is for TCP alone (RFC 7828 §3.2.1)", { options: [option(11, octets())] }, 0],
  ])("%s", async (_, parts, flags) => {
    const asked = query({ name: SRV, type: 33, additional: [opt(parts)] });
    const reply = readReply(await udp.ask(asked));
    expect(reply).toMatchObject({ header: { rcode: 0 }, answer: SRV_ANSWER });
    expect(reply.edns).toEqual({ ...plain, flags });
  });

  test("keepalive by TCP tells how long the connection may be quiet", async () => {
    const client = await tcpClient(server);
    const additional = [opt({ options: [option(11, octets())] })];
    const reply = readReply(await client.ask(query({ name: SRV, type: 33, additional })));
    expect(reply.edns?.options).toEqual(new Map([[11, "0064"]]));
    client.close();
  });

  test.each([
    ["25 with EDNS of 512 octets", [opt({ payload: 512 })]],
    ["25 an offer below 512 counts as 512 (§6.2.3)", [opt({ payload: 0 })]],
    ["25 an offer above ours counts as ours", [opt({ payload: 65_535 })]],
    ["26 without EDNS", []],
  ])("truncation: %s", async (_, additional) => {
    const message = await udp.ask(query({ name: "big.kms.test", type: 16, additional }));
    expect(headerOf(message)).toMatchObject({ rcode: 0, flags: "qr aa tc" });
    expect(message.length).toBeLessThanOrEqual(512);
  });

  test("27 by TCP everything comes", async () => {
    const client = await tcpClient(server);
    const reply = readReply(await client.ask(query({ name: "big.kms.test", type: 16 })));
    expect(reply.header.flags).toBe("qr aa");
    expect(new Set(reply.answer).size).toBe(60);
    client.close();
  });

  test.each([
    ["two OPTs", query({ name: "kms.test", additional: [opt(), opt()] })],
    [
      "an OPT in the answer section",
      query({ name: "kms.test", additional: [opt()], counts: [1, 1, 0, 0] }),
    ],
    [
      "an OPT in the authority section",
      query({ name: "kms.test", additional: [opt()], counts: [1, 0, 1, 0] }),
    ],
    ["an option past the RDATA", query({ name: "kms.test", additional: [badOption()] })],
    ["an option cut short", query({ name: "kms.test", additional: [cutOption()] })],
    ["RDATA past the message", query({ name: "kms.test", additional: [opt({ length: 40 })] })],
    ["an owner that is not the root", query({ name: "kms.test", additional: [ownedOpt()] })],
    ["fewer records than counted", query({ name: "kms.test", counts: [1, 0, 0, 1] })],
  ])("28 FORMERR: %s", async (_, asked) => {
    expect(await udp.ask(asked)).toEqual(octets("1234 8001 0000 0000 0000 0000"));
  });

  function badOption(): Uint8Array {
    return opt({ options: [option(100, octets("01"), 9)] });
  }
  function cutOption(): Uint8Array {
    return opt({ options: [octets("00 64 00")] });
  }
  function ownedOpt(): Uint8Array {
    return opt({ owner: octets("01 61 00") });
  }
});

describe("cookies (RFC 7873, RFC 9018)", () => {
  const withCookie = (hex: string) =>
    query({ name: SRV, type: 33, additional: [opt({ options: [option(10, octets(hex))] })] });
  const cookieOf = (message: Uint8Array) => readReply(message).edns?.options.get(10) ?? "";

  test("29 a client's cookie gets ours beside it", async () => {
    const message = await udp.ask(withCookie("0102030405060708"));
    expect(cookieOf(message)).toMatch(/^010203040506070801000000[0-9a-f]{24}$/);
    expect(readReply(message).answer).toEqual(SRV_ANSWER);
    const stamp = Number.parseInt(cookieOf(message).slice(24, 32), 16);
    expect(stamp).toBe(NOW / 1000);
  });

  test("29 our own cookie comes back good", async () => {
    const first = cookieOf(await udp.ask(withCookie("0102030405060708")));
    expect(cookieOf(await udp.ask(withCookie(first)))).toBe(first);
  });

  test.each([0, 7, 9, 12, 15, 41])(
    "30 a cookie of %d octets is FORMERR with OPT",
    async (length) => {
      const reply = readReply(await udp.ask(withCookie("00".repeat(length))));
      expect(reply.header).toMatchObject({ rcode: 1, counts: [1, 0, 0, 1] });
      expect(reply.edns?.options).toEqual(new Map());
    },
  );

  test.each([16, 24, 40])(
    "31 a foreign server cookie, %d octets in all, does no harm",
    async (length) => {
      const message = await udp.ask(withCookie("ab".repeat(length)));
      expect(readReply(message).answer).toEqual(SRV_ANSWER);
      expect(cookieOf(message)).toMatch(/^abababababababab01000000[0-9a-f]{24}$/);
    },
  );

  test("32 a question is not needed to ask for a cookie (§5.4)", async () => {
    const options = [option(10, octets("0102030405060708"))];
    const message = await udp.ask(query({ additional: [opt({ options })] }));
    expect(headerOf(message)).toMatchObject({ rcode: 0, counts: [0, 0, 0, 1] });
    expect(cookieOf(message)).toHaveLength(48);
  });

  test("without cookies in the configuration they are an unknown option", async () => {
    const bare = await startServer({ cookies: false });
    const client = await udpClient(bare);
    for (const hex of ["0102030405060708", "01"]) {
      const reply = readReply(await client.ask(withCookie(hex)));
      expect(reply.edns?.options).toEqual(new Map());
      expect(reply.answer).toEqual(SRV_ANSWER);
    }
    client.close();
    await bare.close();
  });
});

describe("never silent, never more than asked (RFC 8906)", () => {
  const two = octets(question("kms.test", 6), question("kms.test", 2));

  test.each([
    ["33 no question", query({})],
    ["33 no question but an OPT", query({ additional: [opt()] })],
    ["33 two questions (RFC 9619)", query({ counts: [2, 0, 0, 0], trailing: two })],
    ["39 a name that points to itself", raw("c00c 0001 0001")],
    ["39 a name that points forward", raw("c020 0001 0001")],
    ["39 a name that points into the header", raw("c000 0001 0001")],
    ["39 a label of type 0x40", raw("4161 00 0001 0001")],
    ["39 a label of type 0x80", raw("8161 00 0001 0001")],
    ["39 a name cut short", raw("03 6162")],
    ["39 a question cut short", raw("0161 00 0001 00")],
    ["39 a name of 256 octets", raw(`${`3f${"61".repeat(63)}`.repeat(3)}3e${"61".repeat(62)}00`)],
  ])("FORMERR: %s", async (_, asked) => {
    const reply = await udp.ask(asked);
    expect(headerOf(reply)).toMatchObject({ id: 0x1234, rcode: 1, flags: "qr" });
    expect(reply).toHaveLength(12);
  });

  test.each([1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])(
    "34, 35 opcode %d is NOTIMP with nothing behind the header",
    async (opcode) => {
      const asked = query({ name: "kms.test", type: 6, flags: (opcode << 11) | 0x05f0 });
      expect(await udp.ask(asked)).toEqual(
        octets(u16(0x1234), u16(0x8004 | (opcode << 11)), "0000 0000 0000 0000"),
      );
    },
  );

  test("38 no reply to less than a header, nor to a reply", async () => {
    const before = server.statistics().dropped;
    udp.send(octets("1234 0000 0001 0000 0000 00"));
    udp.send(query({ name: "kms.test", type: 6, flags: 0x8000 }));
    udp.send(query({ name: "kms.test", type: 16, id: 0x7777 }));
    expect(headerOf(await udp.next()).id).toBe(0x7777);
    expect(server.statistics().dropped).toBe(before + 2);
  });

  test.each([
    ["NUL", octets("01 00")],
    ["eight bits", octets("02 ff fe")],
    ["a dot within a label", octets("03 61 2e 62")],
    ["upper case beyond ASCII", octets("02 c3 84")],
  ])("40 %s in a label is a name like any other, echoed exactly", async (_, label) => {
    const name = octets(label, "036b6d73 0474657374 00");
    const message = await udp.ask(query({ name, type: 1 }));
    expect(headerOf(message)).toMatchObject({ rcode: 3, counts: [1, 0, 1, 0] });
    expect(message.slice(12, 12 + name.length)).toEqual(name);
  });

  test("40 a name of 255 octets", async () => {
    const long = octets(`${`3d${"58".repeat(61)}`.repeat(3)}3a${"58".repeat(58)}`);
    const name = octets(long, "036b6d73 0474657374 00");
    expect(name).toHaveLength(255);
    const message = await udp.ask(query({ name, type: 1 }));
    expect(readReply(message).authority).toEqual([SOA_TEXT]);
    expect(headerOf(message).rcode).toBe(3);
    expect(message.slice(12, 12 + 255)).toEqual(name);
  });

  function raw(question: string): Uint8Array {
    return octets("1234 0000 0001 0000 0000 0000", question);
  }
});

describe("DNS-8 isolated root", () => {
  test("what is outside our zones does not exist; their parents do", async () => {
    const isolated = await startServer({ isolatedRoot: true });
    isolated.setZones(testZones());
    const client = await udpClient(isolated);
    const outside = readReply(await client.ask(query({ name: "www.example.com", type: 1 })));
    expect(outside.header).toMatchObject({ rcode: 3, flags: "qr aa" });
    expect(outside.authority).toEqual([". 60 SOA kms.kms.test . 1 3600 900 604800 60"]);
    const parent = readReply(await client.ask(query({ name: "test", type: 1 })));
    expect(parent.header).toMatchObject({ rcode: 0, flags: "qr aa", counts: [1, 0, 1, 0] });
    const ours = readReply(await client.ask(query({ name: SRV, type: 33 })));
    expect(ours.answer).toEqual(SRV_ANSWER);
    client.close();
    await isolated.close();
  });
});
