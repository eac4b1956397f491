import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ARMOUR_LABELS, decodeArmour, encodeArmour } from "../../src/authority/armour.ts";
import { sha256 } from "../../src/platform/hash.ts";

const LABEL = ARMOUR_LABELS.hostLicence;
const encode = (octets: Uint8Array) => encodeArmour(LABEL, "For readers.", octets, sha256);
const decode = (text: string) => decodeArmour(LABEL, text, sha256);
const EXAMPLE = encode(new TextEncoder().encode("a licence of more than one line of base64 text"));

describe("armoured files", () => {
  test("the form", () => {
    expect(encode(new Uint8Array([1, 2, 3]))).toBe(
      [
        "For readers.",
        "-----BEGIN MUSTER HOST LICENCE-----",
        "AQID",
        "=039058c6",
        "-----END MUSTER HOST LICENCE-----",
        "",
      ].join("\n"),
    );
  });

  test("what is encoded decodes to the same, whatever an editor did to line ends", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (octets) => {
        const text = encode(octets);
        expect(decode(text)).toEqual({ ok: true, value: octets });
        expect(decode(`\ufeff${text.replaceAll("\n", " \r\n")}\r\n`)).toEqual({
          ok: true,
          value: octets,
        });
      }),
    );
  });

  const damages: readonly [string, (text: string) => string, string][] = [
    ["nothing", () => "", "empty"],
    ["blanks", () => " \n\n", "empty"],
    ["zeros, as a power cut leaves them", (text) => "\0".repeat(text.length), "noBegin"],
    ["another text", () => "hello", "noBegin"],
    ["another kind", (text) => text.replaceAll("LICENCE", "KEY"), "otherLabel"],
    ["cut before its end", (text) => text.slice(0, -40), "noEnd"],
    ["no checksum", (text) => text.replace(/\n=.*/, ""), "noChecksum"],
    ["no body", (text) => text.replace(/(BEGIN.*-----\n)[\s\S]*(-----END)/, "$1$2"), "noChecksum"],
    ["a foreign character", (text) => text.replace("\nYS", "\nY!"), "notBase64"],
    ["a character missing", (text) => text.replace("\nYS", "\nY"), "notBase64"],
    ["another character", (text) => text.replace("\nYS", "\nYT"), "checksum"],
    ["another checksum", (text) => text.replace(/\n=./, "\n=!"), "checksum"],
    ["far too long", (text) => "x".repeat(20_000) + text, "tooLong"],
  ];
  for (const [name, damage, error] of damages) {
    test(`${name}: ${error}`, () => {
      expect(decode(damage(EXAMPLE))).toEqual({ ok: false, error: error as never });
    });
  }

  test("random text never throws", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(EXAMPLE.length), (noise, at) => {
        const text = EXAMPLE.slice(0, at) + noise + EXAMPLE.slice(at);
        expect(typeof decode(text).ok).toBe("boolean");
      }),
    );
  });
});
