import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeMicrosoftReply } from "../../src/relay/microsoft-reply.ts";
import { expectOutcome, octetsOf, type VectorCase, vectors } from "../protocol/vectors.ts";

const file = await vectors<{ cases: readonly VectorCase<object>[] }>("microsoft-reply");

describe("RELAY-4: what stands in clear in a version 4 reply: vectors", () => {
  for (const { name, octets, ...expected } of file.cases) {
    test(name, () => {
      expectOutcome(decodeMicrosoftReply(octetsOf(octets)), expected);
    });
  }
});

test("RELAY-4: random octets never throw, and a host id is always well-formed text", () => {
  const size = fc.integer({ min: 0, max: 260 });
  const versionFour = fc
    .tuple(size, fc.uint8Array({ maxLength: 320 }))
    .map(([length, octets]) =>
      Uint8Array.of(0, 0, 4, 0, length & 255, length >> 8, 0, 0, ...octets),
    );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), versionFour), (octets) => {
      const decoded = decodeMicrosoftReply(octets);
      if (!decoded.ok) return;
      expect(decoded.value.hostId.isWellFormed()).toBe(true);
      expect(decoded.value.count).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("RELAY-4: every cut of a reply is refused, none is read beyond its end", () => {
  const whole = octetsOf(file.cases[0]?.octets ?? "");
  for (let length = 0; length < whole.length; length += 1) {
    expect(decodeMicrosoftReply(whole.subarray(0, length)).ok).toBe(false);
  }
  expect(decodeMicrosoftReply(whole).ok).toBe(true);
});
