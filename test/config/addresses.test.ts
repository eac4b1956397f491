import { describe, expect, test } from "bun:test";
import { publishedAddresses } from "../../src/config/addresses.ts";
import { parseEndpoint } from "../../src/platform/endpoint.ts";

const MACHINE = [
  { address: "127.0.0.1", internal: true },
  { address: "::1", internal: true },
  { address: "192.0.2.10", internal: false },
  { address: "169.254.7.7", internal: false },
  { address: "fe80::1", internal: false },
  { address: "2001:db8::10", internal: false },
];

const CASES: readonly (readonly [listen: readonly string[], published: readonly string[]])[] = [
  [["0.0.0.0:1688"], ["192.0.2.10"]],
  [["[::]:1688"], ["2001:db8::10"]],
  [
    ["0.0.0.0:1688", "[::]:1688"],
    ["192.0.2.10", "2001:db8::10"],
  ],
  [["192.0.2.99:1688"], ["192.0.2.99"]],
  [["127.0.0.1:1688"], ["127.0.0.1"]],
  [
    ["127.0.0.1:1688", "[::1]:1688"],
    ["127.0.0.1", "::1"],
  ],
  [["127.0.0.1:1688", "192.0.2.10:1688"], ["192.0.2.10"]],
];

describe("the addresses that DNS gives for this host (DNS-1, DNS-4)", () => {
  for (const [listen, published] of CASES) {
    test(`${listen.join(" and ")}: ${published.join(" and ")}`, () => {
      const endpoints = listen.map(parseEndpoint).filter((endpoint) => endpoint !== undefined);
      expect(publishedAddresses(endpoints, MACHINE)).toEqual(published);
    });
  }

  test("none where the machine has none", () => {
    expect(publishedAddresses([{ address: "0.0.0.0", port: 1 }], MACHINE.slice(0, 2))).toEqual([]);
  });
});
