import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeMicrosoftRequest } from "../../src/protocol/microsoft-request.ts";
import { expectOutcome, octetsOf, type VectorCase, vectors } from "./vectors.ts";

const file = await vectors<{ cases: readonly VectorCase<object>[] }>("microsoft-request");

describe("RELAY-2: what is readable without a key: vectors", () => {
  for (const { name, octets, ...expected } of file.cases) {
    test(name, () => {
      expectOutcome(decodeMicrosoftRequest(octetsOf(octets)), expected);
    });
  }
});

test("RELAY-2: random octets never throw, and a name is always well-formed text", () => {
  const versionFour = fc
    .uint8Array({ minLength: 236, maxLength: 260 })
    .map((octets) => new Uint8Array([0, 0, 4, 0, ...octets.subarray(4)]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), versionFour), (octets) => {
      const decoded = decodeMicrosoftRequest(octets);
      if (!decoded.ok || decoded.value.kind === "opaque") return;
      expect(decoded.value.machineName.isWellFormed()).toBe(true);
    }),
  );
});
