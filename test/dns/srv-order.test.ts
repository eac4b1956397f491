import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { orderByPriorityAndWeight } from "../../src/dns/srv-order.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";

const host = (name: string, priority: number, weight: number) => ({ name, priority, weight });
const names = (hosts: readonly { readonly name: string }[]) => hosts.map(({ name }) => name);
const fixed = (octet: number) => (length: number) => new Uint8Array(length).fill(octet);

describe("RFC 2782: the order in which hosts are tried (CLIENT-1)", () => {
  test("lower priorities first, whatever is drawn", () => {
    const hosts = [host("c", 20, 0), host("a", 0, 1), host("b", 10, 100)];
    for (const octet of [0, 127, 255]) {
      expect(names(orderByPriorityAndWeight(hosts, fixed(octet)))).toEqual(["a", "b", "c"]);
    }
  });

  test.each([
    ["the lowest number draws the one of weight 0", 0, ["zero", "one", "three"]],
    ["the highest draws the last", 255, ["three", "one", "zero"]],
  ])("%s", (_, octet, expected) => {
    const hosts = [host("one", 0, 1), host("three", 0, 3), host("zero", 0, 0)];
    expect(names(orderByPriorityAndWeight(hosts, fixed(octet)))).toEqual(expected);
  });

  test.each([
    ["by weight", [1, 3], 0.75],
    ["evenly where all weights are 0, Windows' default", [0, 0], 0.5],
    ["evenly where weights are equal", [7, 7], 0.5],
    ["seldom the one of weight 0", [0, 3], 0.75],
  ])("%s", (_, [first = 0, second = 0], share) => {
    const hosts = [host("a", 0, first), host("b", 0, second)];
    const draws = 4000;
    let seconds = 0;
    for (let draw = 0; draw < draws; draw += 1) {
      if (orderByPriorityAndWeight(hosts, systemRandomBytes)[0]?.name === "b") seconds += 1;
    }
    // Nine standard deviations.
    const tolerance = 9 * Math.sqrt((share * (1 - share)) / draws);
    expect(Math.abs(seconds / draws - share)).toBeLessThan(tolerance);
  });

  test("it is always an order of the same hosts", () => {
    const hosts = fc.array(
      fc.record({ priority: fc.nat(3), weight: fc.nat(65_535), name: fc.string() }),
    );
    fc.assert(
      fc.property(hosts, fc.nat(255), (some, octet) => {
        const ordered = orderByPriorityAndWeight(some, fixed(octet));
        expect(new Set(ordered)).toEqual(new Set(some));
        expect(ordered).toHaveLength(some.length);
        for (const [index, { priority }] of ordered.entries()) {
          expect(priority).toBeGreaterThanOrEqual(ordered[index - 1]?.priority ?? 0);
        }
      }),
    );
  });
});
