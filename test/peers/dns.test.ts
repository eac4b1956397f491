/** The conformance cases as dig and kdig see them: readers of DNS that we did not write. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import type { DnsServer } from "../../src/dns/server.ts";
import { endpointOf, startServer } from "../dns/support.ts";
import { peerTest } from "../support/peers.ts";

let server: DnsServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.close();
});

const D = "kms.test";
const V = `_vlmcs._tcp.${D}`;

async function run(program: string, parameters: readonly string[]): Promise<string> {
  const { address, port } = endpointOf(server);
  const child = Bun.spawn([program, `@${address}`, "-p", String(port), ...parameters], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  const text = (await Promise.all(texts)).join("");
  await child.exited;
  // Both pad with tabs and blanks as they like.
  return text.replaceAll(/[\t ]+/g, " ");
}

type Case = {
  readonly name: string;
  readonly parameters: string;
  readonly contains: readonly (string | RegExp)[];
  readonly lacks?: readonly (string | RegExp)[];
};

const SOA = `${D}. 300 IN SOA kms.${D}. hostmaster.${D}. 1 3600 900 604800 300`;
const SRV = "IN SRV 0 0 1688 kms.kms.test.";

/** With the defaults `+norec +noad +nocookie +tries=1`. */
const DIG_CASES: readonly Case[] = [
  {
    name: "1 SRV",
    parameters: `${V} SRV`,
    contains: [
      "status: NOERROR",
      "flags: qr aa;",
      `${V}. 3600 ${SRV}`,
      "kms.kms.test. 3600 IN A 192.0.2.1",
      "kms.kms.test. 3600 IN AAAA 2001:db8::1",
    ],
  },
  { name: "2 no EDNS", parameters: `+noedns ${V} SRV`, contains: [SRV], lacks: ["OPT PSEUDO"] },
  { name: "3 RD", parameters: `+rec ${V} SRV`, contains: ["flags: qr aa rd;"] },
  {
    name: "4 case",
    parameters: "_VLmcs._tCp.kMS.test SRV",
    contains: [`_VLmcs._tCp.kMS.test. 3600 ${SRV}`],
  },
  {
    name: "5 empty non-terminal",
    parameters: `_tcp.${D} SRV`,
    contains: ["status: NOERROR", "ANSWER: 0", SOA],
  },
  { name: "6 below", parameters: `x.${V} SRV`, contains: ["status: NXDOMAIN", SOA] },
  { name: "7 NXDOMAIN", parameters: `nope.${D} A`, contains: ["status: NXDOMAIN", SOA] },
  { name: "8 NODATA", parameters: `${V} A`, contains: ["status: NOERROR", "ANSWER: 0", SOA] },
  { name: "9 ENT", parameters: `b.c.${D} A`, contains: ["status: NOERROR", "ANSWER: 0", SOA] },
  {
    name: "10 REFUSED",
    parameters: "example.com A",
    contains: ["status: REFUSED", "flags: qr;", "AUTHORITY: 0"],
  },
  { name: "11 root", parameters: ". NS", contains: ["status: REFUSED", "AUTHORITY: 0"] },
  { name: "12 SOA", parameters: `${D} SOA`, contains: ["flags: qr aa;", "3600 IN SOA"] },
  {
    name: "12 NS",
    parameters: `${D} NS`,
    contains: [`${D}. 3600 IN NS kms.${D}.`, "kms.kms.test. 3600 IN A 192.0.2.1"],
  },
  { name: "13 PTR", parameters: "-x 192.0.2.1", contains: ["IN PTR kms.kms.test."] },
  {
    name: "14 alias",
    parameters: `alias.${D} A`,
    contains: ["IN CNAME kms.kms.test.", "IN A 192.0.2.1"],
  },
  { name: "15 wildcard", parameters: `x.wild.${D} TXT`, contains: ['IN TXT "from the wildcard"'] },
  { name: "15 wildcard NODATA", parameters: `x.wild.${D} A`, contains: ["NOERROR", "ANSWER: 0"] },
  { name: "16 ANY", parameters: `+notcp ${D} ANY`, contains: ["ANSWER: 1,", "IN SOA"] },
  { name: "17 TYPE666", parameters: `t666.${D} TYPE666`, contains: ["\\# 4 DEADBEEF"] },
  { name: "17 TYPE1000", parameters: `${D} TYPE1000`, contains: ["NOERROR", "ANSWER: 0", SOA] },
  { name: "18 DNSKEY", parameters: `${D} DNSKEY`, contains: ["flags: qr aa;", "ANSWER: 0", SOA] },
  { name: "19 CH", parameters: "-c CH version.bind TXT", contains: ["status: REFUSED"] },
  {
    name: "21 EDNS 1",
    parameters: `+edns=1 +noednsneg ${D} SOA`,
    contains: ["status: BADVERS", "version: 0", "ANSWER: 0"],
  },
  {
    name: "22 unknown option",
    parameters: `+ednsopt=100 ${V} SRV`,
    contains: ["NOERROR", SRV, "udp: 1232"],
    lacks: ["OPT=100"],
  },
  {
    name: "23 unknown EDNS flag",
    parameters: `+ednsflags=0x4000 ${V} SRV`,
    contains: ["NOERROR", "flags:; udp: 1232"],
  },
  { name: "24 DO", parameters: `+dnssec ${V} SRV`, contains: ["NOERROR", "flags: do;"] },
  {
    name: "25 truncation",
    parameters: `+bufsize=512 +ignore big.${D} TXT`,
    contains: ["flags: qr aa tc;"],
  },
  {
    name: "25 truncation, then TCP",
    parameters: `+bufsize=512 big.${D} TXT`,
    contains: ["ANSWER: 60,", "(TCP)"],
  },
  {
    name: "26 truncation without EDNS",
    parameters: `+noedns +ignore big.${D} TXT`,
    contains: ["flags: qr aa tc;"],
  },
  { name: "27 TCP", parameters: `+tcp big.${D} TXT`, contains: ["flags: qr aa;", "ANSWER: 60,"] },
  {
    name: "29 cookie",
    parameters: `+cookie=0102030405060708 ${V} SRV`,
    contains: [/COOKIE: 010203040506070801000000[0-9a-f]{24} \(good\)/],
  },
  {
    name: "34 opcode 15",
    parameters: "+opcode=15 +header-only",
    contains: ["opcode: RESERVED15, status: NOTIMP", "QUERY: 0, ANSWER: 0"],
  },
  { name: "36 Z", parameters: `+zflag ${D} SOA`, contains: ["flags: qr aa;"], lacks: ["MBZ"] },
  { name: "37 AD, CD", parameters: `+cd +ad ${D} SOA`, contains: ["flags: qr aa;"] },
  { name: "42 AXFR", parameters: `+tcp ${D} AXFR`, contains: ["Transfer failed"] },
  {
    name: "43 NOTIFY",
    parameters: `+opcode=notify ${D} SOA`,
    contains: ["opcode: NOTIFY, status: REFUSED"],
  },
  {
    name: "keepalive",
    parameters: `+tcp +keepalive ${D} SOA`,
    contains: ["TCP KEEPALIVE: 10.0 secs"],
  },
];

const KDIG_CASES: readonly Case[] = [
  { name: "1 SRV", parameters: `${V} SRV`, contains: ["status: NOERROR", `${V}. 3600 ${SRV}`] },
  { name: "6 NXDOMAIN", parameters: `x.${V} SRV`, contains: ["status: NXDOMAIN", SOA] },
  { name: "10 REFUSED", parameters: "example.com A", contains: ["status: REFUSED"] },
  { name: "17 TYPE666", parameters: `t666.${D} TYPE666`, contains: ["\\# 4 DEADBEEF"] },
  { name: "21 EDNS 1", parameters: `+edns=1 ${D} SOA`, contains: ["BADVERS"] },
  {
    name: "29 cookie",
    parameters: `+cookie=0102030405060708 ${V} SRV`,
    contains: [/COOKIE: 010203040506070801000000[0-9A-Fa-f]{24}/],
  },
  { name: "27 TCP", parameters: `+tcp big.${D} TXT`, contains: ["ANSWER: 60;"] },
  { name: "padding is ignored", parameters: `+padding=128 ${V} SRV`, contains: [SRV] },
  { name: "42 AXFR", parameters: `${D} AXFR`, contains: ["REFUSED"] },
  { name: "42 IXFR", parameters: `${D} IXFR=1`, contains: ["REFUSED"] },
];

function hold(program: string, defaults: string, cases: readonly Case[]): void {
  for (const { name, parameters, contains, lacks = [] } of cases) {
    peerTest([program], name, async (path) => {
      const text = await run(path, `${defaults} ${parameters}`.split(" "));
      for (const part of contains) expect(text).toMatch(part);
      for (const part of lacks) expect(text).not.toMatch(part);
      // What dig says when a message is not as it should be.
      expect(text).not.toMatch(/malformed|extra bytes|mismatch|trailing/i);
    });
  }
}

describe("dig", () => {
  hold("dig", "+norec +noad +nocookie +tries=1 +time=5", DIG_CASES);
});

describe("kdig", () => {
  hold("kdig", "+nordflag +noadflag +nocookie +retry=0 +timeout=5 +edns", KDIG_CASES);
});
