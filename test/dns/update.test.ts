/** Dynamic updates over real sockets: RFC 2136, DNS-3, DNS-7. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { RecordType } from "../../src/dns/codes.ts";
import { literalName } from "../../src/dns/name.ts";
import { verifyReply } from "../../src/dns/tsig/tsig.ts";
import { MAX_DYNAMIC_SET_RECORDS } from "../../src/dns/update/evaluate.ts";
import type { UpdateJob } from "../../src/dns/update/zone-keeper.ts";
import { systemHmac } from "../../src/platform/hmac.ts";
import {
  framed,
  headerOf,
  octets,
  opt,
  query,
  readReply,
  tcpClient,
  testZones,
  udpClient,
  zoneOf,
  zoneText,
} from "./support.ts";
import {
  ANY,
  APEX,
  add,
  BARE,
  deleteName,
  deleteRecord,
  deleteSet,
  grants,
  holds,
  IN,
  MASTER,
  NONE,
  NOW_SECONDS,
  nameFree,
  nameInUse,
  SELF,
  setAbsent,
  setExists,
  signed,
  startUpdatable,
  type Updatable,
  type UpdatableOptions,
  type UpdateParts,
  update,
  wireRecord,
} from "./update-support.ts";

const { A, AAAA, CNAME, NS, SOA, SRV, TXT } = RecordType;
const SERVICE = "_vlmcs._tcp";

let host: Updatable;
let udp: Awaited<ReturnType<typeof udpClient>>;

async function start(options: UpdatableOptions = {}): Promise<void> {
  host = await startUpdatable(options);
  udp = await udpClient(host.server);
}
async function stop(): Promise<void> {
  udp.close();
  await host.server.close();
}
beforeEach(() => start());
afterEach(stop);

/** The rcode of an update that is signed, whose reply must be too. */
async function rcodeOf(parts: UpdateParts, key = MASTER): Promise<number> {
  const { message, mac } = signed(update(parts), key);
  const reply = await udp.ask(message);
  const context = { key, hmac: systemHmac, nowSeconds: NOW_SECONDS };
  const verified = verifyReply(reply, mac, context);
  if (!verified.ok) throw new Error(verified.error.code);
  return headerOf(verified.value).rcode;
}

const apply = (...updates: readonly Uint8Array[]) => rcodeOf({ updates });

async function answers(name: string, type: number): Promise<readonly string[]> {
  return readReply(await udp.ask(query({ name: `${name}.kms.test`, type }))).answer;
}

/** Without its SOA, whose serial goes its own way. */
function content(): readonly string[] {
  return zoneText(host.zone())
    .filter((line) => !line.includes(` ${SOA} `))
    .sort();
}

const rcodes = { FORMERR: 1, NXDOMAIN: 3, REFUSED: 5, YXDOMAIN: 6, YXRRSET: 7, NXRRSET: 8 };
const { FORMERR, NXDOMAIN, REFUSED, YXDOMAIN, YXRRSET, NXRRSET } = rcodes;
const NOTAUTH = 9;
const NOTZONE = 10;
const SERVFAIL = 2;

describe("who may update", () => {
  test("49 unsigned, from an address that nobody named: REFUSED, nothing is changed", async () => {
    const before = content();
    const reply = await udp.ask(update({ updates: [add("w1 A 192.0.2.9")] }));
    expect(headerOf(reply)).toMatchObject({ rcode: REFUSED, opcode: 5, flags: "qr" });
    expect(content()).toEqual(before);
  });

  test("49 prerequisites tell outsiders nothing", async () => {
    for (const prerequisite of [nameInUse("kms"), nameInUse("nope"), setExists("kms", TXT)]) {
      const reply = await udp.ask(update({ prerequisites: [prerequisite] }));
      expect(headerOf(reply).rcode).toBe(REFUSED);
    }
    expect(await rcodeOf({ prerequisites: [nameInUse("nope")] }, BARE)).toBe(REFUSED);
  });

  test("unsigned, from an address with grants: within them", async () => {
    await stop();
    await start({ open: ["*.kms.test A"] });
    const unsigned = (...updates: Uint8Array[]) => udp.ask(update({ updates }));
    expect(headerOf(await unsigned(add("w1 A 192.0.2.9"))).rcode).toBe(0);
    expect(headerOf(await unsigned(add("w1 TXT x"))).rcode).toBe(REFUSED);
    expect(headerOf(await unsigned(add("@ A 192.0.2.9"))).rcode).toBe(REFUSED);
    expect(await answers("w1", A)).toEqual(["w1.kms.test 3600 A 192.0.2.9"]);
  });

  test("a key that may write its own name only; the update is refused as a whole", async () => {
    expect(await rcodeOf({ updates: [add("w1 A 192.0.2.9")] }, SELF)).toBe(0);
    const both = [add("w1 A 192.0.2.10"), add("w2 A 192.0.2.10")];
    expect(await rcodeOf({ updates: both }, SELF)).toBe(REFUSED);
    expect(await rcodeOf({ updates: [add("w1 TXT x")] }, SELF)).toBe(REFUSED);
    expect(await rcodeOf({ updates: [deleteSet("w1", TXT)] }, SELF)).toBe(REFUSED);
    expect(await answers("w1", A)).toEqual(["w1.kms.test 3600 A 192.0.2.9"]);
  });

  test("a whole name goes only where all its types may be written", async () => {
    expect(await apply(add("w1 TXT x"))).toBe(0);
    expect(await rcodeOf({ updates: [deleteName("w1")] }, SELF)).toBe(REFUSED);
    expect(await apply(deleteSet("w1", TXT))).toBe(0);
    expect(await rcodeOf({ updates: [deleteName("w1")] }, SELF)).toBe(0);
  });
});

describe("adds", () => {
  test("50 is answered signed, seen at once, and raises the serial by one", async () => {
    const before = host.serial();
    expect(await apply(add("w1 A 192.0.2.9"))).toBe(0);
    expect(await answers("w1", A)).toEqual(["w1.kms.test 3600 A 192.0.2.9"]);
    expect(host.serial()).toBe(before + 1);
  });

  test("51 the same again is no change, whatever the case of its names", async () => {
    expect(await apply(add(`${SERVICE} SRV 0 0 1688 w1`))).toBe(0);
    const [before, commits] = [host.serial(), host.storage.commits];
    expect(await apply(add(`${SERVICE} SRV 0 0 1688 w1`))).toBe(0);
    expect(await apply(add("_VLMCS._tcp SRV 0 0 1688 W1.KMS.test."))).toBe(0);
    expect(host.serial()).toBe(before);
    expect(host.storage.commits).toBe(commits);
  });

  test("what is fixed can be added again, to no effect", async () => {
    const before = host.serial();
    expect(await apply(add("kms A 192.0.2.1"), add(`${SERVICE} SRV 0 0 1688 kms`))).toBe(0);
    expect(host.serial()).toBe(before);
    expect(host.storage.records.size).toBe(0);
  });

  test("a new TTL holds for the whole set (RFC 2181 §5.2)", async () => {
    expect(await apply(add("w1 60 A 192.0.2.9"))).toBe(0);
    expect(await apply(add("w1 120 A 192.0.2.10"))).toBe(0);
    expect((await answers("w1", A)).toSorted()).toEqual([
      "w1.kms.test 120 A 192.0.2.10",
      "w1.kms.test 120 A 192.0.2.9",
    ]);
    expect(await apply(add("w1 30 A 192.0.2.9"))).toBe(0);
    expect(await answers("w1", A)).toContain("w1.kms.test 30 A 192.0.2.10");
  });

  test("the TTL of fixed records is not another's to change", async () => {
    expect(await apply(add(`${SERVICE} 1 SRV 0 0 1688 w1`))).toBe(0);
    expect(await answers(SERVICE, SRV)).toContain(
      `${SERVICE}.kms.test 3600 SRV 0 0 1688 kms.kms.test`,
    );
    expect(await answers(SERVICE, SRV)).toContain(
      `${SERVICE}.kms.test 3600 SRV 0 0 1688 w1.kms.test`,
    );
  });

  test("every type, and those that nobody knows (RFC 3597)", async () => {
    const lines = ["h AAAA 2001:db8::9", 'h TXT "a b" c', "p PTR h", "c CNAME h"];
    lines.push("h TYPE731 \\# 3 abcdef", "h CAA 0 issue x", "h MX 1 h", "*.dyn A 192.0.2.9");
    expect(await apply(...lines.map((line) => add(line)))).toBe(0);
    expect(await answers("h", 731)).toEqual(["h.kms.test 3600 UNKNOWN_731 \xab\xcd\xef"]);
    expect(await answers("x.dyn", A)).toEqual(["x.dyn.kms.test 3600 A 192.0.2.9"]);
    expect(await answers("c", AAAA)).toEqual([
      "c.kms.test 3600 CNAME h.kms.test",
      "h.kms.test 3600 AAAA 2001:db8::9",
    ]);
  });

  test("a set has its limit, and an update beyond it leaves nothing (SERVFAIL)", async () => {
    const line = (index: number) => `many A 10.0.${index >> 8}.${index & 255}`;
    const lines = Array.from({ length: MAX_DYNAMIC_SET_RECORDS + 1 }, (_, index) => line(index));
    const tcp = await tcpClient(host.server);
    const askTcp = async (...wanted: readonly string[]): Promise<number> => {
      const { message } = signed(update({ updates: wanted.map(add) }));
      return headerOf(await tcp.ask(message)).rcode;
    };
    expect(await askTcp(...lines)).toBe(SERVFAIL);
    expect(await answers("many", A)).toEqual([]);
    expect(await askTcp(...lines.slice(1))).toBe(0);
    expect(await askTcp(line(0))).toBe(SERVFAIL);
    expect(await askTcp(line(1))).toBe(0);
    expect(host.storage.records.size).toBe(MAX_DYNAMIC_SET_RECORDS);
    tcp.close();
  });

  test("in the zone of a deeper apex it is that zone's", async () => {
    const updates = [
      wireRecord({
        name: literalName("9.2.0.192.in-addr.arpa"),
        type: 12,
        class: IN,
        ttl: 60,
        rdata: literalName("w1.kms.test"),
      }),
    ];
    expect(await rcodeOf({ updates })).toBe(NOTZONE);
    expect(await rcodeOf({ zone: "2.0.192.in-addr.arpa", updates })).toBe(0);
    const reply = readReply(await udp.ask(query({ name: "9.2.0.192.in-addr.arpa", type: 12 })));
    expect(reply.answer).toEqual(["9.2.0.192.in-addr.arpa 60 PTR w1.kms.test"]);
  });
});

describe("prerequisites (RFC 2136 §3.2)", () => {
  type Case = readonly [name: string, prerequisite: Uint8Array, rcode: number];
  const cases: readonly Case[] = [
    ["52 name in use, and it is", nameInUse("kms"), 0],
    ["52 name in use, and it is not", nameInUse("zz"), NXDOMAIN],
    ["52 name not in use, and it is", nameFree("kms"), YXDOMAIN],
    ["52 name not in use, and it is not", nameFree("zz"), 0],
    ["an empty non-terminal is not in use (§2.4.4)", nameFree("b.c"), 0],
    ["nor is what a wildcard would answer for", nameFree("x.wild"), 0],
    ["53 set exists", setExists("kms", A), 0],
    ["53 set exists, and it does not", setExists("kms", TXT), NXRRSET],
    ["53 set absent", setAbsent("kms", TXT), 0],
    ["53 set absent, and it is there", setAbsent("kms", A), YXRRSET],
    ["53 set holds just that", holds("kms A 192.0.2.1"), 0],
    ["53 set holds another value", holds("kms A 192.0.2.2"), NXRRSET],
    ["set holds, in any case", holds(`${SERVICE} SRV 0 0 1688 KMS.kms.TEST.`), 0],
    ["set holds, and there is none", holds("zz A 192.0.2.2"), NXRRSET],
    ["54 with a TTL", wireRecord({ name: "kms", type: A, class: ANY, ttl: 1 }), FORMERR],
    [
      "54 class ANY with data",
      wireRecord({ name: "kms", type: A, class: ANY, rdata: octets("01020304") }),
      FORMERR,
    ],
    [
      "class NONE with data",
      wireRecord({ name: "kms", type: A, class: NONE, rdata: octets("01020304") }),
      FORMERR,
    ],
    ["54 class CH", wireRecord({ name: "kms", type: A, class: 3 }), FORMERR],
    ["type AXFR", setExists("kms", 252), FORMERR],
    [
      "data of a wrong length",
      wireRecord({ name: "kms", type: A, class: IN, rdata: octets("010203") }),
      FORMERR,
    ],
    ["55 of another zone", nameInUse("www.example."), NOTZONE],
  ];

  test.each(cases)("%s", async (_name, prerequisite, rcode) => {
    const before = host.serial();
    const updates = [add("probe TXT x")];
    expect(await rcodeOf({ prerequisites: [prerequisite], updates })).toBe(rcode);
    expect(await answers("probe", TXT)).toHaveLength(rcode === 0 ? 1 : 0);
    expect(host.serial()).toBe(before + (rcode === 0 ? 1 : 0));
  });

  test("a set holds exactly what all its prerequisites name together", async () => {
    expect(await apply(add("w1 A 192.0.2.9"), add("w1 A 192.0.2.10"))).toBe(0);
    const [nine, ten] = [holds("w1 A 192.0.2.9"), holds("w1 A 192.0.2.10")];
    expect(await rcodeOf({ prerequisites: [nine] })).toBe(NXRRSET);
    expect(await rcodeOf({ prerequisites: [ten, nine] })).toBe(0);
    expect(await rcodeOf({ prerequisites: [ten, nine, ten] })).toBe(0);
  });

  test("they see what came by update, and what earlier updates left", async () => {
    expect(
      await rcodeOf({ prerequisites: [nameFree("w1")], updates: [add("w1 A 192.0.2.9")] }),
    ).toBe(0);
    expect(
      await rcodeOf({ prerequisites: [nameFree("w1")], updates: [add("w1 A 192.0.2.9")] }),
    ).toBe(YXDOMAIN);
  });
});

describe("what is wrong with the message", () => {
  const good = add("w1 A 192.0.2.9");
  type Case = readonly [name: string, parts: UpdateParts, rcode: number];
  const cases: readonly Case[] = [
    ["55 a name of another zone", { updates: [good, add("www.example. A 192.0.2.9")] }, NOTZONE],
    ["55 a zone that is not ours", { zone: "example", updates: [] }, NOTAUTH],
    ["a name within a zone is no zone", { zone: "a.kms.test", updates: [good] }, NOTAUTH],
    ["55 a zone of class CH", { zoneClass: 3, updates: [good] }, NOTAUTH],
    ["56 a zone of type A", { zoneType: A, updates: [good] }, FORMERR],
    ["56 no zone", { zoneCount: 0, updates: [good] }, FORMERR],
    ["56 two zones", { zoneCount: 2, updates: [good] }, FORMERR],
    [
      "57 add of type ANY",
      { updates: [good, wireRecord({ name: "w1", type: ANY, class: IN })] },
      FORMERR,
    ],
    [
      "57 add of type AXFR",
      { updates: [good, wireRecord({ name: "w1", type: 252, class: IN })] },
      FORMERR,
    ],
    [
      "57 an A of three octets",
      { updates: [good, wireRecord({ name: "w1", type: A, class: IN, rdata: octets("010203") })] },
      FORMERR,
    ],
    [
      "an OPT among the updates",
      { updates: [good, wireRecord({ name: "w1", type: 41, class: IN })] },
      FORMERR,
    ],
    [
      "deletes with a TTL",
      { updates: [good, wireRecord({ name: "w1", type: A, class: ANY, ttl: 1 })] },
      FORMERR,
    ],
    [
      "deletes of a set with data",
      { updates: [wireRecord({ name: "w1", type: A, class: ANY, rdata: octets("01020304") })] },
      FORMERR,
    ],
    ["deletes of type AXFR", { updates: [good, deleteSet("w1", 252)] }, FORMERR],
    [
      "deletes of a record of type ANY",
      { updates: [good, wireRecord({ name: "w1", type: ANY, class: NONE })] },
      FORMERR,
    ],
    [
      "deletes of a record with a TTL",
      {
        updates: [
          wireRecord({ name: "w1", type: A, class: NONE, ttl: 1, rdata: octets("01020304") }),
        ],
      },
      FORMERR,
    ],
    [
      "an update of class CH",
      { updates: [wireRecord({ name: "w1", type: A, class: 3 })] },
      FORMERR,
    ],
  ];

  test.each(cases)("%s", async (_name, parts, rcode) => {
    const before = content();
    expect(await rcodeOf(parts)).toBe(rcode);
    expect(content()).toEqual(before);
  });

  const sound = update({ updates: [good] });
  const broken: readonly (readonly [string, Uint8Array])[] = [
    ["octets behind the last record", octets(sound, 0)],
    ["a record that is cut short", sound.slice(0, -1)],
    ["a count that is too high", sound.with(9, 2)],
    ["two OPT", update({ updates: [good], additional: [opt(), opt()] })],
    ["an OPT with a name", update({ additional: [opt({ owner: literalName("x") })] })],
    ["a zone name that is a pointer", octets("1234 2800 0001 0000 0000 0000 c000 0006 0001")],
  ];
  test.each(broken)("%s: FORMERR, a header alone", async (_name, message) => {
    const reply = await udp.ask(message);
    expect(reply).toHaveLength(12);
    expect(headerOf(reply)).toMatchObject({ rcode: FORMERR, opcode: 5 });
  });

  test("EDNS: an OPT is answered with one, another version with BADVERS (RFC 6891)", async () => {
    const reply = readReply(await udp.ask(update({ additional: [opt()] })));
    expect(reply.edns).toMatchObject({ version: 0, extendedRcode: 0 });
    const other = readReply(await udp.ask(update({ additional: [opt({ version: 1 })] })));
    expect(other.edns?.extendedRcode).toBe(1);
  });
});

describe("deletes (RFC 2136 §3.4.2)", () => {
  test("59 one SRV of two goes, the other stays (DNS-3)", async () => {
    expect(await apply(add(`${SERVICE} SRV 0 0 1688 w1`), add(`${SERVICE} SRV 0 0 1688 w2`))).toBe(
      0,
    );
    expect(await answers(SERVICE, SRV)).toHaveLength(3);
    expect(await apply(deleteRecord(`${SERVICE} SRV 0 0 1688 W1`))).toBe(0);
    const left = await answers(SERVICE, SRV);
    expect(left.map((line) => line.split(" ").at(-1)).sort()).toEqual([
      "kms.kms.test",
      "w2.kms.test",
    ]);
  });

  test("a set, a name, and what is not there", async () => {
    expect(await apply(add("w1 A 192.0.2.9"), add("w1 TXT x"), add("w1 AAAA ::9"))).toBe(0);
    expect(await apply(deleteSet("w1", A))).toBe(0);
    expect(await answers("w1", A)).toEqual([]);
    expect(await answers("w1", TXT)).toHaveLength(1);
    expect(await apply(deleteName("w1"))).toBe(0);
    const reply = readReply(await udp.ask(query({ name: "w1.kms.test", type: TXT })));
    expect(reply.header.rcode).toBe(NXDOMAIN);
    const before = host.serial();
    expect(await apply(deleteName("w1"), deleteSet("w2", A), deleteRecord("w3 A 192.0.2.1"))).toBe(
      0,
    );
    expect(host.serial()).toBe(before);
    expect(host.storage.records.size).toBe(0);
  });

  test("operations are done in the order of the message", async () => {
    expect(await apply(add("w1 A 192.0.2.9"), deleteSet("w1", A), add("w1 A 192.0.2.10"))).toBe(0);
    expect(await answers("w1", A)).toEqual(["w1.kms.test 3600 A 192.0.2.10"]);
    expect(await apply(add("w1 A 192.0.2.11"), deleteName("w1"))).toBe(0);
    expect(await answers("w1", A)).toEqual([]);
  });
});

describe("58 passed over in silence (RFC 2136 §3.4.2.2 to §3.4.2.4)", () => {
  type Case = readonly [name: string, operation: Uint8Array];
  const cases: readonly Case[] = [
    ["an alias onto other data", add("kms CNAME w1")],
    ["an alias onto the apex", add("@ CNAME w1")],
    ["other data onto an alias", add("alias TXT x")],
    ["deletion of the SOA", deleteSet("@", SOA)],
    ["deletion of the apex NS", deleteSet("@", NS)],
    ["deletion of the last NS", deleteRecord("@ NS kms")],
    ["deletion of the apex", deleteName("@")],
    ["an SOA that is not later", add("@ SOA w1 h 1 1 1 1 1")],
    ["an SOA below the apex", add("w1 SOA w1 h 1 1 1 1 1")],
    ["deletion of our own SRV", deleteRecord(`${SERVICE} SRV 0 0 1688 kms`)],
    ["deletion of the SRV set", deleteSet(SERVICE, SRV)],
    ["deletion of our own address", deleteSet("kms", A)],
    ["deletion of our own name", deleteName("kms")],
    ["deletion of what is configured", deleteName("alias")],
  ];
  test.each(cases)("%s", async (_name, operation) => {
    const [before, serial] = [content(), host.serial()];
    expect(await apply(operation)).toBe(0);
    expect(content()).toEqual(before);
    expect(host.serial()).toBe(serial);
  });

  test("aliases that came by update replace one another", async () => {
    expect(await apply(add("c CNAME w1"))).toBe(0);
    expect(await apply(add("c TXT x"), add("c CNAME w2"))).toBe(0);
    expect(await answers("c", CNAME)).toEqual(["c.kms.test 3600 CNAME w2.kms.test"]);
    expect(await apply(add("w1 A 192.0.2.9"), add("w1 CNAME w2"))).toBe(0);
    expect(await answers("w1", CNAME)).toEqual([]);
  });
});

describe("what would shadow the appliance's own records is refused, as a whole", () => {
  type Case = readonly [name: string, operation: Uint8Array];
  const cases: readonly Case[] = [
    ["another address under its name", add("kms A 192.0.2.66")],
    ["an address of the other family", add("kms AAAA 2001:db8::66")],
    ["a delegation of its name", add("kms NS w1")],
    ["a delegation above its SRV record", add("_tcp NS w1")],
    ["a delegation above a configured name", add("c NS w1")],
    ["a DNAME, which nothing here follows", add("x TYPE39 \\# 1 00")],
    ["another target for a configured alias", add("alias CNAME w1")],
    ["a later SOA", add("@ SOA w1 h 2000000000 1 1 1 1")],
  ];
  test.each(cases)("%s", async (_name, operation) => {
    const before = content();
    expect(await apply(add("w1 TXT x"), operation)).toBe(REFUSED);
    expect(content()).toEqual(before);
  });

  test("another PTR under its address", async () => {
    const name = literalName("1.2.0.192.in-addr.arpa");
    const rdata = literalName("w1.kms.test");
    const updates = [wireRecord({ name, type: 12, class: IN, rdata })];
    expect(await rcodeOf({ zone: "2.0.192.in-addr.arpa", updates })).toBe(REFUSED);
  });

  test("a delegation elsewhere is a grant's to give", async () => {
    expect(await apply(add("sub NS ns.sub"), add("ns.sub A 192.0.2.9"), add("sub NS w1"))).toBe(0);
    const reply = readReply(await udp.ask(query({ name: "x.sub.kms.test", type: A })));
    expect(reply.authority).toHaveLength(2);
  });
});

describe("60 Windows registers itself", () => {
  const packet = (address: string): UpdateParts => ({
    prerequisites: [setAbsent("pc", CNAME)],
    updates: [deleteSet("pc", A), add(`pc 1200 A ${address}`)],
  });

  test("its SOA query leads to the zone and to us", async () => {
    const reply = readReply(await udp.ask(query({ name: "pc.kms.test", type: SOA })));
    expect(reply.header.rcode).toBe(NXDOMAIN);
    expect(reply.authority[0]).toMatch(/^kms\.test 300 SOA kms\.kms\.test /);
    expect(await answers("kms", A)).toEqual(["kms.kms.test 3600 A 192.0.2.1"]);
  });

  test("its address is replaced, and only when it is another one the serial rises", async () => {
    expect(await rcodeOf(packet("192.0.2.50"))).toBe(0);
    expect(await rcodeOf(packet("192.0.2.51"))).toBe(0);
    const before = host.serial();
    expect(await rcodeOf(packet("192.0.2.51"))).toBe(0);
    expect(host.serial()).toBe(before);
    expect(await answers("pc", A)).toEqual(["pc.kms.test 1200 A 192.0.2.51"]);
  });

  test("64 unsigned it is REFUSED, and so is the TKEY that follows", async () => {
    expect(headerOf(await udp.ask(update(packet("192.0.2.50")))).rcode).toBe(REFUSED);
    const name = "1234-ms-7.5-ab.kms.kms.test";
    const tkey = wireRecord({
      name: `${name}.`,
      type: 249,
      class: ANY,
      rdata: octets("0867737300"),
    });
    for (const recordClass of [ANY, IN]) {
      const parts = { name, type: 249, class: recordClass, additional: [tkey] };
      expect(headerOf(await udp.ask(query(parts))).rcode).toBe(REFUSED);
      const tcp = await tcpClient(host.server);
      expect(headerOf(await tcp.ask(query(parts))).rcode).toBe(REFUSED);
      tcp.close();
    }
  });
});

describe("many at once", () => {
  test("each is done once, in its turn, and they share commits", async () => {
    const before = host.serial();
    const tcp = await tcpClient(host.server);
    for (let index = 0; index < 40; index += 1) {
      const parts = { id: index, updates: [add(`n${index} A 192.0.2.${index}`)] };
      const { message } = signed(update(parts));
      tcp.write(framed(message));
    }
    const ids = new Set<number>();
    for (let index = 0; index < 40; index += 1) {
      const header = headerOf(await tcp.next());
      expect(header.rcode).toBe(0);
      ids.add(header.id);
    }
    tcp.close();
    expect(ids.size).toBe(40);
    expect(host.serial()).toBe(before + 40);
    expect(host.storage.records.size).toBe(40);
    expect(host.storage.commits).toBeLessThan(40);
  });

  test("an update sees those before it in the same commit", async () => {
    const name = literalName("first", APEX);
    const job: UpdateJob = {
      apex: APEX,
      requester: { keyName: undefined, grants: grants("* ANY") },
      request: {
        prerequisites: [{ kind: "name-not-in-use", name }],
        operations: [{ kind: "add", name, type: TXT, ttl: 1, rdata: octets("0161") }],
      },
    };
    const outcomes = await Promise.all([1, 2, 3].map(() => host.keeper.submit(job)));
    expect(outcomes.map(({ rcode }): number => rcode)).toEqual([0, YXDOMAIN, YXDOMAIN]);
  });
});

describe("the store", () => {
  test("without it: SERVFAIL, nothing is changed; with it again all goes on", async () => {
    expect(await apply(add("w1 A 192.0.2.9"))).toBe(0);
    host.storage.isDown = true;
    const [before, serial] = [content(), host.serial()];
    expect(await apply(add("w2 A 192.0.2.9"))).toBe(SERVFAIL);
    expect(await apply(deleteName("w1"))).toBe(SERVFAIL);
    expect(content()).toEqual(before);
    expect(host.serial()).toBe(serial);
    host.storage.isDown = false;
    expect(await apply(add("w2 A 192.0.2.9"))).toBe(0);
  });

  test("not readable at start: fixed records are served, the others once it can be read", async () => {
    expect(await apply(add("w1 A 192.0.2.9"))).toBe(0);
    const { storage } = host;
    await stop();
    storage.isDown = true;
    await start({ storage });
    expect(await answers("kms", A)).toHaveLength(1);
    expect(await apply(add("w2 A 192.0.2.9"))).toBe(SERVFAIL);
    const served = host.serial();
    storage.isDown = false;
    await host.keeper.load();
    expect(await answers("w1", A)).toHaveLength(1);
    expect((host.serial() - served) | 0).toBeGreaterThan(0);
    expect(await apply(add("w2 A 192.0.2.9"))).toBe(0);
  });

  test("after a restart all is there, and no serial comes twice", async () => {
    expect(await apply(add("w1 A 192.0.2.9"), add(`${SERVICE} SRV 0 0 1688 w1`))).toBe(0);
    const before = content();
    const { storage } = host;
    const serials = [host.serial()];
    for (const year of [2026, 1970, 2100]) {
      await stop();
      await start({ storage, clock: () => Date.UTC(year) });
      serials.push(host.serial());
      expect(content()).toEqual(before);
    }
    for (const [index, serial] of serials.slice(1).entries()) {
      expect((serial - (serials[index] ?? 0)) | 0).toBeGreaterThan(0);
    }
  });

  test("a serial never goes back while fixed records change, however often", async () => {
    const small = "@ SOA kms h 1 1 1 1 1\n@ NS kms\nkms A 192.0.2.1";
    let last = host.serial();
    for (let round = 0; round < 2000; round += 1) {
      host.keeper.setFixed([zoneOf("kms.test", small)]);
      expect((host.serial() - last) | 0).toBeGreaterThan(0);
      last = host.serial();
    }
    await host.keeper.load();
    const { storage } = host;
    await stop();
    await start({ storage });
    expect((host.serial() - last) | 0).toBeGreaterThan(0);
  });

  test("a zone whose fixed records stay has its serial, and its dynamic records, as they were", async () => {
    const [first, ...others] = testZones();
    if (first === undefined) throw new Error("no zone");
    host.keeper.setFixed([first, ...others]);
    expect(await apply(add("kept A 192.0.2.9"))).toBe(0);
    const serial = host.serial();
    host.keeper.setFixed([first, ...testZones().slice(1)]);
    expect(host.serial()).toBe(serial);
    expect(await answers("kept", A)).toHaveLength(1);
    host.keeper.setFixed(testZones());
    expect(host.serial()).not.toBe(serial);
    expect(await answers("kept", A)).toHaveLength(1);
  });

  test("dynamic records that fixed ones came to contradict are kept and not served", async () => {
    const lines = ["w1 A 192.0.2.9", "w2 CNAME w1", "w3 NS w1", "deep.w3 TXT glue"];
    expect(await apply(...lines.map((line) => add(line)))).toBe(0);
    const extra = "w1 CNAME kms\nw2 TXT x\nhost.w3 A 192.0.2.7";
    const fixed = zoneOf("kms.test", `@ SOA kms h 1 1 1 1 1\n@ NS kms\nkms A 192.0.2.1\n${extra}`);
    host.keeper.setFixed([fixed]);
    expect(await answers("w1", CNAME)).toHaveLength(1);
    expect(await answers("w2", TXT)).toHaveLength(1);
    expect(await answers("host.w3", A)).toHaveLength(1);
    expect(host.storage.records.size).toBe(4);
    host.keeper.setFixed(testZones());
    expect(await answers("w2", A)).toEqual([
      "w2.kms.test 3600 CNAME w1.kms.test",
      "w1.kms.test 3600 A 192.0.2.9",
    ]);
  });
});

test("everything is said to the log, without secrets", async () => {
  await apply(add("w1 A 192.0.2.9"));
  await udp.ask(update({ updates: [add("w1 A 192.0.2.9")] }));
  expect(
    host.events.map(({ zone, key, rcode, changed }) => ({ zone, key, rcode, changed })),
  ).toEqual([
    { zone: "kms.test.", key: "master.key.", rcode: 0, changed: true },
    { zone: "kms.test.", key: undefined, rcode: REFUSED, changed: false },
  ]);
});
