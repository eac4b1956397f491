import { describe, expect, test } from "bun:test";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { addressFromText, addressToText } from "../../src/dns/address.ts";
import { literalName } from "../../src/dns/name.ts";
import {
  addressRdata,
  isRdata,
  readRdata,
  readSoa,
  readSrv,
  soaRdata,
  srvRdata,
  txtRdata,
  typeFromText,
  typeToText,
} from "../../src/dns/rdata.ts";
import { rdataToText, recordFromText, tokensFromText } from "../../src/dns/record-text.ts";
import { octets } from "./support.ts";

const ORIGIN = literalName("kms.test");

describe("records as text (RFC 1035 §5.1)", () => {
  test.each([
    ["a A 192.0.2.1", "192.0.2.1"],
    ["a AAAA 2001:DB8:0:0::1", "2001:db8::1"],
    ["a NS ns", "ns.kms.test."],
    ["a CNAME b.example.", "b.example."],
    ["@ SOA ns root 1 2 3 4 5", "ns.kms.test. root.kms.test. 1 2 3 4 5"],
    ["1 PTR host.kms.test.", "host.kms.test."],
    ['a HINFO PC "Windows 7"', '"PC" "Windows 7"'],
    ["a MX 10 mail", "10 mail.kms.test."],
    ['a TXT one "two words" th\\"ree ; comment', '"one" "two words" "th\\"ree"'],
    ["a RP who.is. txt", "who.is. txt.kms.test."],
    ["_s._tcp SRV 0 65535 1688 host", "0 65535 1688 host.kms.test."],
    ['a NAPTR 1 2 "s" "SIP" "" next', '1 2 "s" "SIP" "" next.kms.test.'],
    ["a DS 60485 5 1 2BB183AF 5F22", "60485 5 1 2bb183af5f22"],
    ["a SSHFP 1 1 dead", "1 1 dead"],
    ["a TLSA 3 1 1 beef", "3 1 1 beef"],
    ['a CAA 0 issue "ca.example"', '0 issue "ca.example"'],
    ["a SSHFP \\# 2 0102", "\\# 2 0102"],
    ["a TYPE666 \\# 4 DEAD beef", "\\# 4 deadbeef"],
    ["a TYPE666 \\# 0", "\\# 0"],
    ["a A \\# 4 c0000201", "192.0.2.1"],
    ["a TYPE33 0 0 1 b", "0 0 1 b.kms.test."],
    ['a TXT "\\000\\255\\\\"', '"\\000\\255\\\\"'],
    ["a TXT ü", '"\\195\\188"'],
  ])("%s", (line, text) => {
    const record = recordFromText(line, ORIGIN, 60);
    if (!record.ok) throw new Error(JSON.stringify(record.error));
    const { type, rdata } = record.value;
    expect(isRdata(type, rdata)).toBe(true);
    expect(rdataToText(type, rdata)).toBe(text);
    const again = recordFromText(`x. 1 IN ${typeToText(type)} ${text}`, ORIGIN, 60);
    expect(again).toMatchObject({ ok: true, value: { ttl: 1, rdata } });
  });

  test.each([
    ["a A 192.0.2.1", 60],
    ["a 7 A 192.0.2.1", 7],
    ["a IN 7 A 192.0.2.1", 7],
    ["a 7 in A 192.0.2.1", 7],
  ])("TTL and class: %s", (line, ttl) => {
    expect(recordFromText(line, ORIGIN, 60)).toMatchObject({
      ok: true,
      value: { ttl, name: literalName("a.kms.test") },
    });
  });

  test.each([
    ["", "empty", "owner", 0],
    ["a..b A 1.2.3.4", "empty-label", "owner", 0],
    ["a", "missing", "type", 1],
    ["a BOGUS x", "unknown-type", "type", 2],
    ["a A", "missing", "ipv4", 3],
    ["a A 1.2.3", "malformed", "ipv4", 4],
    ["a A 1.2.3.04", "malformed", "ipv4", 4],
    ["a A 1.2.3.4 5", "too-many", "data", 12],
    ["a AAAA ::1::", "malformed", "ipv6", 7],
    ["a SRV 0 0 65536 b", "malformed", "u16", 10],
    ["a SRV 0 0 1", "missing", "plain-name", 11],
    [`a TXT ${"x".repeat(256)}`, "malformed", "strings", 6],
    ['a TXT "open', "open-quote-or-escape", "token", 6],
    ["a TYPE666 dead", "opaque-notation-wanted", "data", 10],
    ["a TYPE666 \\# 3 dead", "malformed", "data", 13],
    ["a A \\# 3 010203", "field-past-end", "rdata", 0],
    ["a DS 1 1 1 abc", "malformed", "hex", 11],
    ["a 4294967295 A 1.2.3.4", "ttl-too-large", "ttl", 0],
  ])("%s is refused", (line, code, field, offset) => {
    expect(recordFromText(line, ORIGIN, 60)).toEqual({
      ok: false,
      error: { code, field, offset },
    });
  });

  test("any text is words or an error", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        tokensFromText(text);
        recordFromText(text, ORIGIN, 60);
      }),
    );
  });
});

describe("types (RFC 3597 §5)", () => {
  test("known and unknown ones", () => {
    expect(["srv", "TYPE33", "type65535"].map(typeFromText)).toEqual([33, 33, 65_535]);
    expect(["TYPE65536", "TYPE", "ANY", ""].map(typeFromText)).toEqual(
      new Array(4).fill(undefined),
    );
    expect([33, 666].map(typeToText)).toEqual(["SRV", "TYPE666"]);
  });
});

describe("record data of messages", () => {
  const message = octets("0474657374 00", "0000 0000 0698 0361 62 63 c000", "ff");

  test("names are decompressed, also where they must not be compressed (RFC 3597 §4)", () => {
    expect(readRdata(33, message, 6, 12)).toEqual({
      ok: true,
      value: octets("0000 0000 0698 03616263 0474657374 00"),
    });
  });

  test.each([
    ["A of three octets", 1, "010203"],
    ["A of five", 1, "0102030405"],
    ["SRV without a target", 33, "000000000698"],
    ["SRV with octets behind", 33, "000000000698 00 00"],
    ["NS past its end", 2, "0161"],
    ["empty TXT", 16, ""],
    ["TXT past its end", 16, "0561"],
    ["SOA cut short", 6, "00 00 00000001"],
  ])("%s is refused", (_, type, hex) => {
    const rdata = octets(hex);
    expect(readRdata(type, rdata, 0, rdata.length).ok).toBe(false);
    expect(isRdata(type, rdata)).toBe(false);
  });

  test("a pointer is no sound stored data", () => {
    expect(isRdata(2, octets("00"))).toBe(true);
    expect(isRdata(33, octets("0000 0000 0000 c000"))).toBe(false);
  });

  test("any octets of any type are read or refused", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.integer({ min: 0, max: 300 }),
        fc.nat(80),
        fc.nat(80),
        (bytes, type, offset, length) => {
          const read = readRdata(type, bytes, offset, length);
          if (!read.ok) return;
          expect(isRdata(type, read.value)).toBe(true);
          const text = `a. ${typeToText(type)} ${rdataToText(type, read.value)}`;
          expect(recordFromText(text, ORIGIN, 1)).toMatchObject({ value: { rdata: read.value } });
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("dns-packet reads what we write", () => {
    const target = literalName("kms.test");
    const soa = {
      primary: literalName("a"),
      mailbox: literalName("b"),
      serial: 4_294_967_295,
      refreshSeconds: 1,
      retrySeconds: 2,
      expireSeconds: 3,
      minimumSeconds: 4,
    };
    const srv = { priority: 1, weight: 2, port: 3, target };
    expect(readSoa(soaRdata(soa))).toEqual(soa);
    expect(readSrv(srvRdata(srv))).toEqual(srv);
    const strings = [octets("6162"), octets()];
    const cases = [
      [33, srvRdata(srv), { priority: 1, weight: 2, port: 3, target: "kms.test" }],
      [1, addressRdata("192.0.2.7")?.rdata, "192.0.2.7"],
      [28, addressRdata("2001:db8::7")?.rdata, "2001:db8::7"],
      [16, txtRdata(strings), strings.map((string) => Buffer.from(string))],
    ] as const;
    for (const [type, rdata, data] of cases) {
      const empty = encode({ type: "response", id: 1, flags: 0 });
      const head = new Uint8Array(empty).with(7, 1);
      const own = rdata ?? octets();
      const record = octets("00", 0, type, "0001 00000000", own.length >> 8, own.length & 255, own);
      const { answers } = decode(Buffer.from(octets(head, record)));
      expect(answers?.[0]).toMatchObject({ data });
    }
  });
});

describe("addresses", () => {
  test.each([
    ["::", "00".repeat(16), "::"],
    ["::1", `${"00".repeat(15)}01`, "::1"],
    ["1::", `0001${"00".repeat(14)}`, "1::"],
    ["2001:DB8::1:0:0:1", "20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008", "1:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000", "1:2:3:4:5:6:7:0"],
    ["64:ff9b::192.0.2.1", "0064ff9b0000000000000000c0000201", "64:ff9b::c000:201"],
    ["::ffff:192.0.2.1", "c0000201", "192.0.2.1"],
    ["fe80::1%eth0", `fe80${"00".repeat(13)}01`, "fe80::1"],
    ["255.0.0.1", "ff000001", "255.0.0.1"],
  ])("%s", (text, hex, canonical) => {
    const address = addressFromText(text) ?? octets();
    expect(address.toHex()).toBe(hex);
    expect(addressToText(address)).toBe(canonical);
  });

  test.each(["", "1.2.3", "1.2.3.256", "1.2.3.4.5", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "g::"])(
    "%p is none",
    (text) => {
      expect(addressFromText(text)).toBeUndefined();
    },
  );

  test.each(["1:2:3:4:5:6:7:8:9", "::1.2.3", "1.2.3.4::", "12345::", "1:2:3:4:5:6:7:8::"])(
    "%p is none",
    (text) => {
      expect(addressFromText(text)).toBeUndefined();
    },
  );

  test("any address survives text and back", () => {
    const anyAddress = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc
        .array(fc.constantFrom(0, 1, 255), { minLength: 16, maxLength: 16 })
        .map((bytes) => Uint8Array.from(bytes)),
    );
    fc.assert(
      fc.property(anyAddress, (address) => {
        const isMapped = address.length === 16 && addressToText(address).startsWith("::ffff:");
        fc.pre(!isMapped);
        expect(addressFromText(addressToText(address))).toEqual(Uint8Array.from(address));
      }),
    );
  });
});
