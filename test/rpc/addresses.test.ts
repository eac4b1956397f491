import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type AddressBlock,
  addressAdmission,
  addressInBlocks,
  foldMappedAddress,
  parseAddress,
  parseAddressBlock,
  parseAddressList,
} from "../../src/rpc/addresses.ts";

function blocks(...entries: string[]): readonly AddressBlock[] {
  const list = parseAddressList(entries);
  if (!list.ok) throw new Error(`${list.error.code}: ${list.error.text}`);
  return list.value;
}

describe("blocks", () => {
  const cases: readonly (readonly [block: string, address: string, inside: boolean])[] = [
    ["192.0.2.0/24", "192.0.2.255", true],
    ["192.0.2.0/24", "192.0.3.0", false],
    ["192.0.2.128/25", "192.0.2.127", false],
    ["192.0.2.128/25", "192.0.2.200", true],
    ["0.0.0.0/0", "203.0.113.7", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["192.0.2.7", "192.0.2.7", true],
    ["192.0.2.7", "192.0.2.8", false],
    ["192.0.2.0/24", "::ffff:192.0.2.9", true],
    ["::ffff:192.0.2.0/120", "192.0.2.9", true],
    ["2001:db8::/32", "2001:db8:ffff::1", true],
    ["2001:db8::/32", "2001:db9::1", false],
    ["2001:db8:8000::/33", "2001:db8:7fff::1", false],
    ["fe80::/10", "fe80::1%eth0", true],
    ["::/0", "::1", true],
    ["::/0", "192.0.2.1", false],
    ["192.0.2.0/24", "not an address", false],
  ];
  for (const [block, address, inside] of cases) {
    test(`${address} ${inside ? "in" : "not in"} ${block}`, () => {
      expect(addressInBlocks(address, blocks(block))).toBe(inside);
    });
  }
});

describe("private", () => {
  const inside = ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.9.9"];
  const outside = ["8.8.8.8", "172.32.0.1", "192.169.0.1", "2001:db8::1", "fec0::1"];
  for (const address of [...inside, "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1"]) {
    test(`${address} is`, () => expect(addressInBlocks(address, blocks("private"))).toBe(true));
  }
  for (const address of outside) {
    test(`${address} is not`, () => {
      expect(addressInBlocks(address, blocks("private"))).toBe(false);
    });
  }
});

describe("what is no block", () => {
  const cases: readonly (readonly [text: string, code: string])[] = [
    ["", "notAnAddress"],
    ["192.0.2", "notAnAddress"],
    ["192.0.2.256", "notAnAddress"],
    ["192.0.02.1", "notAnAddress"],
    ["192.0.2.0/", "notAnAddress"],
    ["192.0.2.0/33", "prefixTooLong"],
    ["192.0.2.1/24", "hostBitsSet"],
    ["2001:db8::/129", "prefixTooLong"],
    ["2001:db8::1/64", "hostBitsSet"],
    ["1:2:3:4:5:6:7", "notAnAddress"],
    ["1:2:3:4:5:6:7:8:9", "notAnAddress"],
    ["1::2::3", "notAnAddress"],
    ["1:2:3:4:5:6:7::8", "notAnAddress"],
    [":::", "notAnAddress"],
    ["12345::", "notAnAddress"],
    ["privat", "notAnAddress"],
  ];
  for (const [text, code] of cases) {
    test(`"${text}" (${code})`, () => {
      expect(parseAddressBlock(text)).toEqual({
        ok: false,
        error: { code, text },
      } as ReturnType<typeof parseAddressBlock>);
    });
  }
});

test("addresses agree with the platform's own reading of them", () => {
  // Bun's URL refuses some right forms that end in an IPv4 address.
  const groupsOnly = fc.ipV6().filter((text) => !text.includes("."));
  fc.assert(
    fc.property(groupsOnly, (text) => {
      const octets = parseAddress(text);
      expect(octets).toBeDefined();
      const canonical = new URL(`http://[${text}]/`).hostname;
      if (octets?.length !== 16) return;
      const groups = Array.from({ length: 8 }, (_, index) => {
        return (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16);
      });
      expect(new URL(`http://[${groups.join(":")}]/`).hostname).toBe(canonical);
    }),
  );
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      expect(Array.from(parseAddress(text) ?? [])).toEqual(text.split(".").map(Number));
    }),
  );
});

test("admission: deny wins, an empty allow lets everybody in, and no address is nobody", () => {
  const admit = addressAdmission(blocks("10.0.0.0/8", "::1"), blocks("10.9.0.0/16"));
  expect(admit("10.1.1.1")).toBe(true);
  expect(admit("::ffff:10.1.1.1")).toBe(true);
  expect(admit("10.9.1.1")).toBe(false);
  expect(admit("::1")).toBe(true);
  expect(admit("192.0.2.1")).toBe(false);
  expect(addressAdmission([], blocks("10.9.0.0/16"))("192.0.2.1")).toBe(true);
  expect(addressAdmission([], [])("")).toBe(false);
});

test("mapped addresses are shown as IPv4, zones are cut off", () => {
  expect(foldMappedAddress("::ffff:192.0.2.1")).toBe("192.0.2.1");
  expect(foldMappedAddress("fe80::1%eth0")).toBe("fe80::1");
  expect(foldMappedAddress("::ffff:0:1")).toBe("::ffff:0:1");
});
