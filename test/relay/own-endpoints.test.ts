import { describe, expect, test } from "bun:test";
import { parseEndpoint } from "../../src/platform/endpoint.ts";
import { isOwnEndpoint } from "../../src/relay/own-endpoints.ts";

const MACHINE = ["192.0.2.10", "2001:db8::10", "127.0.0.1", "::1"];

/** Target, what is listened on, and whether the first reaches the second. */
const CASES: readonly (readonly [string, readonly string[], boolean])[] = [
  ["192.0.2.10:1688", ["192.0.2.10:1688"], true],
  ["192.0.2.10:1689", ["192.0.2.10:1688"], false],
  ["192.0.2.11:1688", ["192.0.2.10:1688"], false],
  ["192.0.2.10:1688", ["0.0.0.0:1688"], true],
  ["192.0.2.11:1688", ["0.0.0.0:1688"], false],
  ["127.0.0.1:1688", ["0.0.0.0:1688"], true],
  ["127.9.9.9:1688", ["0.0.0.0:1688"], true],
  ["0.0.0.0:1688", ["0.0.0.0:1688"], true],
  ["127.0.0.1:1688", ["127.0.0.2:1688"], false],
  ["127.0.0.1:1688", ["[::]:1688"], false],
  ["[::1]:1688", ["0.0.0.0:1688"], false],
  ["[::1]:1688", ["0.0.0.0:1688", "[::]:1688"], true],
  ["[2001:db8::10]:1688", ["[::]:1688"], true],
  ["[2001:db8:0::10]:1688", ["[2001:db8::10]:1688"], true],
  ["[::ffff:192.0.2.10]:1688", ["192.0.2.10:1688"], true],
  ["192.0.2.10:1688", [], false],
];

function endpoint(text: string) {
  const parsed = parseEndpoint(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

describe("RELAY-3: a relay never calls itself", () => {
  for (const [target, listeners, own] of CASES) {
    test(`${target} ${own ? "is" : "is not"} ${listeners.join(" or ") || "anything"}`, () => {
      const found = isOwnEndpoint(endpoint(target), listeners.map(endpoint), MACHINE);
      expect(found).toBe(own);
    });
  }

  test("a name is no address", () => {
    const target = { address: "kms.corp.example", port: 1688 };
    expect(isOwnEndpoint(target, [endpoint("0.0.0.0:1688")], MACHINE)).toBe(false);
  });
});
