import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sha256 } from "../../src/platform/hash.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { parseGuid, randomGuid, readGuid, writeGuid } from "../../src/protocol/guid.ts";
import { authorityIdOf, hostIdOf } from "../../src/protocol/host-id.ts";
import { readGuid as readRpcGuid } from "../../src/rpc/guid.ts";
import { octetsOf, vectors } from "./vectors.ts";

const guids = await vectors<{ cases: readonly { text: string; octets: string }[] }>("guid");
const keys = await vectors<{
  cases: readonly { publicKey: string; hostId: string; authorityId: string }[];
}>("key-id");

describe("GUIDs on the wire (C706 appendix A): vectors", () => {
  for (const { text, octets } of guids.cases) {
    test(text, () => {
      expect(readGuid(octetsOf(octets), 0)).toBe(text);
      expect(written(text)).toBe(octets);
      expect(written(text.toUpperCase())).toBe(octets);
    });
  }
});

describe("GUIDs: properties", () => {
  test("octets to text and back, at any offset, as RPC reads them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 24 }), fc.nat(8), (octets, offset) => {
        const text = readGuid(octets, offset);
        expect(text).toBe(readRpcGuid(octets, offset, true));
        expect(written(text)).toBe(octets.subarray(offset, offset + 16).toHex());
      }),
    );
  });

  test("a random one is of version 4 (RFC 9562), and its source is left as it was", () => {
    for (let round = 0; round < 32; round += 1) {
      const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
      expect(randomGuid(systemRandomBytes)).toMatch(form);
    }
    const source = new Uint8Array(16);
    randomGuid(() => source);
    expect(source).toEqual(new Uint8Array(16));
  });
});

describe("GUIDs as people give them", () => {
  const text = "00112233-4455-6677-8899-aabbccddeeff";
  const cases: readonly [string, string | undefined][] = [
    [text, text],
    [text.toUpperCase(), text],
    [`{${text}}`, text],
    [`{${text}`, undefined],
    [` ${text}`, undefined],
    [text.slice(1), undefined],
    [text.replace("a", "g"), undefined],
    [text.replace("a", "é"), undefined],
    [text.replaceAll("-", "0"), undefined],
    ["", undefined],
  ];
  for (const [given, expected] of cases) {
    test(JSON.stringify(given), () => expect(parseGuid(given)).toBe(expected as string));
  }
});

describe("ids of public keys: vectors", () => {
  for (const { publicKey, hostId, authorityId } of keys.cases) {
    test(hostId, () => {
      expect(hostIdOf(octetsOf(publicKey), sha256).toHex()).toBe(hostId);
      expect(authorityIdOf(octetsOf(publicKey), sha256).toHex()).toBe(authorityId);
    });
  }
});

function written(text: string): string {
  const octets = new Uint8Array(16);
  writeGuid(octets, 0, text);
  return octets.toHex();
}
