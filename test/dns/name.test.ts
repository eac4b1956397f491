import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  isName,
  isWithin,
  labelCount,
  literalName,
  lowerName,
  type Name,
  nameFromText,
  nameToText,
  parentName,
  ROOT,
  readName,
  sameName,
  skipName,
} from "../../src/dns/name.ts";
import { NameScan } from "../../src/dns/name-scan.ts";
import { octets } from "./support.ts";

const label = (length: number, octet = 0x61) => octets(length, new Uint8Array(length).fill(octet));

/** Any legal name: labels of any octets, up to the limits. */
const anyName: fc.Arbitrary<Name> = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 12 })
  .map((labels) => octets(...labels.map((own) => octets(own.length, own)), 0))
  .filter((name) => name.length <= 255);

describe("text to wire (RFC 1035 §5.1)", () => {
  test.each([
    [".", "00"],
    ["kms.test", "036b6d73 0474657374 00"],
    ["kms.test.", "036b6d73 0474657374 00"],
    ["KMS.Test", "034b4d53 0454657374 00"],
    ["a\\.b.c", "03612e62 0163 00"],
    ["\\000\\255.c", "0200ff 0163 00"],
    ["\\\\", "015c 00"],
    ["ü", "02c3bc 00"],
    ["*.wild", "012a 0477696c64 00"],
  ])("%s", (text, hex) => {
    expect(nameFromText(text)).toEqual({ ok: true, value: octets(hex) });
  });

  test("names without a final dot are below the origin", () => {
    const origin = literalName("kms.test");
    expect(literalName("a", origin)).toEqual(literalName("a.kms.test"));
    expect(literalName("a.", origin)).toEqual(literalName("a"));
    expect(literalName("@", origin)).toEqual(origin);
  });

  test.each([
    ["", "empty"],
    ["a..b", "empty-label"],
    [".a", "empty-label"],
    ["a\\", "bad-escape"],
    ["a\\25", "bad-escape"],
    ["a\\256", "bad-escape"],
    ["a".repeat(64), "label-too-long"],
    [`${"a".repeat(63)}.`.repeat(4), "name-too-long"],
    [`${`${"a".repeat(63)}.`.repeat(3)}${"a".repeat(62)}`, "name-too-long"],
  ])("no name: %s", (text, code) => {
    expect(nameFromText(text)).toMatchObject({ ok: false, error: { code, field: "name" } });
  });

  test("255 octets are a name, with and without the final dot", () => {
    const text = `${`${"a".repeat(63)}.`.repeat(3)}${"a".repeat(61)}`;
    expect(literalName(text)).toHaveLength(255);
    expect(literalName(`${text}.`)).toHaveLength(255);
    expect(nameFromText(text, literalName("x"))).toMatchObject({ ok: false });
  });

  test("any name survives text and back", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(nameFromText(nameToText(name))).toEqual({ ok: true, value: name });
      }),
    );
  });

  test("any text is a name or a typed error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const name = nameFromText(text);
        if (name.ok) expect(isName(name.value)).toBe(true);
      }),
    );
  });
});

describe("names of a message (RFC 1035 §4.1.4)", () => {
  const message = octets("00", "0474657374 00", "036b6d73 c001", "0161 c007");

  test.each([
    [0, ".", 1],
    [1, "test.", 7],
    [7, "kms.test.", 13],
    [13, "a.kms.test.", 17],
  ])("at %d: %s", (offset, text, end) => {
    const read = readName(message, offset);
    expect(read).toMatchObject({ ok: true, value: { end } });
    expect(read.ok && nameToText(read.value.name)).toBe(text);
  });

  test.each([
    ["to itself", octets("c000"), 0, "forward-pointer"],
    ["forward", octets("c002 00"), 0, "forward-pointer"],
    ["into its own labels", octets("0161 c000"), 0, "forward-pointer"],
    ["to and fro", octets("c002 c000"), 2, "forward-pointer"],
    ["cut short", octets("c0"), 0, "truncated"],
    ["a label cut short", octets("0361"), 0, "truncated"],
    ["without an end", octets("0161"), 0, "truncated"],
    ["a label of type 0x40", octets("4100"), 0, "label-type"],
    ["a label of type 0x80", octets("8100"), 0, "label-type"],
    ["256 octets", octets(...[63, 63, 63, 62].map((size) => label(size)), 0), 0, "name-too-long"],
    ["beyond the message", octets("00"), 9, "truncated"],
  ])("no name: %s", (_, octetsOf, offset, code) => {
    expect(readName(octetsOf, offset)).toMatchObject({ ok: false, error: { code } });
  });

  test("any octets give a name or an error, and skipping agrees with reading", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, offset) => {
        const read = readName(bytes, offset);
        if (!read.ok) return;
        expect(isName(read.value.name)).toBe(true);
        expect(skipName(bytes, offset, bytes.length)).toBe(read.value.end);
      }),
    );
  });

  test("any uncompressed name is read back", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(readName(octets("ffff", name, "ff"), 2)).toEqual({
          ok: true,
          value: { name, end: 2 + name.length },
        });
      }),
    );
  });
});

describe("comparison (RFC 4343)", () => {
  test("ASCII case is ignored, other octets are not", () => {
    expect(sameName(literalName("KMS.test"), literalName("kms.TEST"))).toBe(true);
    expect(sameName(octets("01c1 00"), octets("01e1 00"))).toBe(false);
    expect(sameName(literalName("a.b"), literalName("a\\.b"))).toBe(false);
  });

  test.each([
    ["kms.test", "test", true],
    ["KMS.TEST", "kms.test", true],
    ["test", "kms.test", false],
    ["xkms.test", "kms.test", false],
    ["a\\.kms.test", "kms.test", false],
    ["anything", ".", true],
  ])("%s within %s: %p", (name, ancestor, expected) => {
    expect(isWithin(literalName(name), literalName(ancestor))).toBe(expected);
  });

  test("the parent of the root is the root", () => {
    expect(parentName(literalName("a.b"))).toEqual(literalName("b"));
    expect(parentName(ROOT)).toEqual(ROOT);
    expect([labelCount(ROOT), labelCount(literalName("a.b"))]).toEqual([0, 2]);
  });
});

describe("scan", () => {
  test("lower case, labels and every suffix's hash agree with the names themselves", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const scan = new NameScan();
        expect(scan.scan(octets("aa", name, "bb"), 1, name.length + 2)).toBe(name.length + 1);
        expect(scan.name()).toEqual(lowerName(name));
        expect(scan.labels).toBe(labelCount(name));
        let rest = name;
        for (let at = 0; at <= scan.labels; at += 1, rest = parentName(rest)) {
          expect(new NameScan().scanName(rest).hashes[0]).toBe(scan.hashes[at] ?? -1);
        }
      }),
    );
  });

  test("what is cut off is refused at every octet", () => {
    const name = literalName("_vlmcs._tcp.kms.test");
    const scan = new NameScan();
    for (let end = 0; end < name.length; end += 1) expect(scan.scan(name, 0, end)).toBe(-1);
    expect(scan.scan(name, 0, name.length)).toBe(name.length);
  });
});
