import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { literalName, type Name, nameToText } from "../../src/dns/name.ts";
import { Zone, type ZoneRecord } from "../../src/dns/zone.ts";
import { octets, records, testZones, zoneOf, zoneText } from "./support.ts";

const APEX = literalName("kms.test");
const BASE = "@ SOA a b 1 2 3 4 5\n@ NS a";
const name = (text: string): Name => literalName(text, APEX);
const typesOf = (zone: Zone, text: string): number[] =>
  zone.getAll(name(text)).map(({ type }) => type);

describe("building", () => {
  test.each([
    ["no SOA", "@ NS a", "no-soa"],
    ["no NS", "@ SOA a b 1 2 3 4 5", "no-ns"],
    ["two SOAs", `${BASE}\n@ SOA a b 9 2 3 4 5`, "more-than-one-soa"],
    ["an SOA below the apex", `${BASE}\nx SOA a b 1 2 3 4 5`, "soa-below-apex"],
    ["a name outside", `${BASE}\nx.example. A 192.0.2.1`, "outside-zone"],
    ["an alias beside data", `${BASE}\nx A 192.0.2.1\nx CNAME y`, "cname-and-other-data"],
    ["data beside an alias", `${BASE}\nx CNAME y\nx A 192.0.2.1`, "cname-and-other-data"],
    ["an alias at the apex", `${BASE}\n@ CNAME y`, "cname-and-other-data"],
    ["two aliases", `${BASE}\nx CNAME y\nx CNAME z`, "more-than-one-cname"],
    ["a meta-type", `${BASE}\nx TYPE255 \\# 0`, "meta-type"],
  ])("%s", (_, lines, code) => {
    const zone = Zone.fromRecords(APEX, records(lines, APEX));
    expect(zone).toMatchObject({ ok: false, error: [{ code }] });
  });

  test("unsound data", () => {
    const zone = zoneOf("kms.test", BASE);
    const bad = { name: name("x"), type: 1, ttl: 1, rdata: octets("010203") };
    expect(zone.add(bad)).toBe("bad-rdata");
    expect(zone.has(name("x"))).toBe(false);
  });

  test("a record set that no message could carry", () => {
    const zone = zoneOf("kms.test", BASE);
    const record = (fill: number) => ({
      name: name("x"),
      type: 666,
      ttl: 1,
      rdata: new Uint8Array(30_000).fill(fill),
    });
    expect(zone.add({ ...record(0), rdata: new Uint8Array(60_001) })).toBe("record-set-too-large");
    expect(zone.has(name("x"))).toBe(false);
    expect([zone.add(record(1)), zone.add(record(2))]).toEqual([undefined, "record-set-too-large"]);
    expect(zone.get(name("x"), 666)?.rdata).toHaveLength(1);
  });

  test("duplicates fall away, the lowest TTL holds, one past 31 bits is zero (RFC 2181)", () => {
    const zone = zoneOf(
      "kms.test",
      `${BASE}\nx 60 A 192.0.2.1\nX 30 A 192.0.2.1\nx 90 A 192.0.2.2`,
    );
    expect(zone.get(name("x"), 1)).toEqual({
      type: 1,
      ttl: 30,
      rdata: [octets("c0000201"), octets("c0000202")],
    });
    zone.add({ name: name("y"), type: 1, ttl: 0x8000_0000, rdata: octets("c0000201") });
    expect(zone.get(name("y"), 1)?.ttl).toBe(0);
  });

  test("its records are all there, names in lower case", () => {
    const [zone] = testZones();
    expect(zone && zoneText(zone)).toHaveLength(70);
    expect(
      [...zoneOf("KMS.test", `${BASE}\nAb.C A 192.0.2.1`).records()].map((record) =>
        nameToText(record.name),
      ),
    ).toEqual(["kms.test.", "kms.test.", "ab.c.kms.test."]);
  });
});

describe("names between", () => {
  test("exist as long as something is below them (RFC 8020)", () => {
    const zone = zoneOf("kms.test", `${BASE}\na.b.c A 192.0.2.1\nx.c TXT t`);
    const existing = () => ["c", "b.c", "a.b.c", "x.c"].filter((text) => zone.has(name(text)));
    expect(existing()).toEqual(["c", "b.c", "a.b.c", "x.c"]);
    expect(zone.nameCount).toBe(5);
    expect(zone.remove(name("A.B.c"), 1)).toBe(true);
    expect(zone.remove(name("a.b.c"), 1)).toBe(false);
    expect(existing()).toEqual(["c", "x.c"]);
    zone.remove(name("x.c"), 16);
    expect([existing(), zone.nameCount]).toEqual([[], 1]);
    zone.add({ name: name("b.c"), type: 1, ttl: 1, rdata: octets("c0000201") });
    expect(existing()).toEqual(["c", "b.c"]);
    expect(typesOf(zone, "b.c")).toEqual([1]);
  });
});

describe("changes", () => {
  test("replace puts a set in place, raises the version, and undoes itself on error", () => {
    const zone = zoneOf("kms.test", `${BASE}\nx A 192.0.2.1\ny CNAME x`);
    const { version } = zone;
    const set = { type: 1, ttl: 5, rdata: [octets("c0000209"), octets("c000020a")] };
    expect(zone.replace(name("x"), set)).toBeUndefined();
    expect(zone.get(name("x"), 1)).toEqual(set);
    expect(zone.version).toBeGreaterThan(version);
    expect(zone.replace(name("x"), { ...set, rdata: [octets("01")] })).toBe("bad-rdata");
    expect(zone.get(name("x"), 1)).toEqual(set);
    expect(zone.replace(name("y"), set)).toBe("cname-and-other-data");
    expect(typesOf(zone, "y")).toEqual([5]);
    expect(zone.replace(name("x"), { ...set, rdata: [] })).toBeUndefined();
    expect(zone.has(name("x"))).toBe(false);
  });

  test("any sequence of changes leaves what a simple model says", () => {
    const labels = fc.constantFrom("a", "b", "*", "c");
    const owner = fc.array(labels, { minLength: 1, maxLength: 3 }).map((own) => own.join("."));
    const change = fc.record({
      owner,
      type: fc.constantFrom(1, 2, 16, 666),
      octet: fc.nat(3),
      isRemoval: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const zone = zoneOf("kms.test", BASE);
        const model = new Map<string, Set<string>>();
        for (const { owner, type, octet, isRemoval } of changes) {
          const key = `${nameToText(name(owner))} ${type}`;
          const rdata = rdataOf(type, octet);
          if (isRemoval) {
            expect(zone.remove(name(owner), type)).toBe(model.delete(key));
            continue;
          }
          expect(zone.add({ name: name(owner), type, ttl: 1, rdata })).toBeUndefined();
          model.set(key, (model.get(key) ?? new Set()).add(rdata.toHex()));
        }
        const found = new Map<string, Set<string>>();
        for (const record of zone.records()) {
          if (record.name.length === APEX.length) continue;
          const key = `${nameToText(record.name)} ${record.type}`;
          found.set(key, (found.get(key) ?? new Set()).add(record.rdata.toHex()));
        }
        expect(found).toEqual(model);
        const names = new Set(
          [...model.keys()].flatMap((key) => ancestors(key.split(" ")[0] ?? "")),
        );
        expect(zone.nameCount).toBe(names.size + 1);
        const cuts = [...model.keys()].filter((key) => key.endsWith(" 2"));
        expect(zone.hasCuts).toBe(cuts.length > 0);
      }),
    );
  });

  function rdataOf(type: number, octet: number): Uint8Array {
    if (type === 1) return octets("c00002", octet);
    return type === 2 ? octets(1, 0x61 + octet, 0) : octets(1, octet);
  }

  /** The name and all above it, below the apex. */
  function ancestors(text: string): string[] {
    const own = text.replace(/\.?kms\.test\.$/, "").split(".");
    return own.map((_, index) => own.slice(index).join("."));
  }
});

describe("a zone of 100,000 names", () => {
  const host = (index: number): ZoneRecord => ({
    name: name(`machine-${index}.lab`),
    type: 1,
    ttl: 60,
    rdata: octets("0a", index >> 16, (index >> 8) & 255, index & 255),
  });

  test("holds them all, and shrinks when they go", () => {
    const zone = zoneOf("kms.test", BASE);
    const count = 100_000;
    for (let index = 0; index < count; index += 1) zone.add(host(index));
    expect(zone.nameCount).toBe(count + 2);
    for (const index of [0, 1, 77_777, count - 1]) {
      expect(zone.get(host(index).name, 1)?.rdata).toEqual([host(index).rdata]);
    }
    for (let index = 10; index < count; index += 1) zone.remove(host(index).name, 1);
    expect(zone.nameCount).toBe(12);
    expect(zone.names.size).toBeLessThan(2048);
    expect(zone.get(host(9).name, 1)?.rdata).toEqual([host(9).rdata]);
    expect(zone.get(host(10).name, 1)).toBeUndefined();
  });

  test("a name that changes again and again does not grow it", () => {
    const zone = zoneOf("kms.test", BASE);
    const set = (index: number) => ({
      type: 16,
      ttl: 1,
      rdata: [octets(200, new Uint8Array(200).fill(index))],
    });
    for (let index = 0; index < 5000; index += 1) zone.replace(name("x"), set(index));
    expect(zone.get(name("x"), 16)).toEqual(set(4999));
    expect(zone.sets.octets.length).toBeLessThan(300_000);
  });
});
