import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sha256 } from "../../src/platform/hash.ts";
import { signingKeyFromSeed, verifySignature } from "../../src/platform/signature.ts";
import { decodeReply, encodeReply, signedMessage } from "../../src/protocol/reply.ts";
import type { ActivationReply } from "../../src/protocol/types.ts";
import { activationReplies, mutations } from "./arbitraries.ts";
import { expectOutcome, octetsOf, type VectorCase, vectors } from "./vectors.ts";

type ReplyCase = VectorCase<object> & { readonly verifies?: boolean };
const file = await vectors<{
  request: string;
  hostPublicKey: string;
  hostSeed: string;
  cases: readonly ReplyCase[];
}>("reply");

const REQUEST = octetsOf(file.request);
const HOST = signingKeyFromSeed(octetsOf(file.hostSeed));

function verifies(octets: Uint8Array, signature: Uint8Array): boolean {
  return verifySignature(HOST.publicKey, signedMessage(octets, REQUEST, sha256), signature);
}

describe("activation reply, version 1 (protocol.md, HOST-2): vectors", () => {
  test("the host's public key", () => expect(HOST.publicKey.toHex()).toBe(file.hostPublicKey));

  for (const { name, octets: hexadecimal, verifies: expected, ...rest } of file.cases) {
    test(name, () => {
      const octets = octetsOf(hexadecimal);
      const decoded = decodeReply(octets);
      if (!decoded.ok) {
        expectOutcome(decoded, rest);
        return;
      }
      const { reply, signature } = decoded.value;
      expectOutcome({ ok: true, value: reply }, rest);
      expect(verifies(octets, signature)).toBe(expected === true);
      // Ed25519 is deterministic: signing again gives the very octets.
      if (expected === true) {
        expect(encodeReply(reply, REQUEST, sha256, HOST.sign).toHex()).toBe(hexadecimal);
      }
    });
  }
});

describe("activation reply: properties", () => {
  test("what is encoded decodes to the same and verifies", () => {
    fc.assert(
      fc.property(activationReplies, (reply) => {
        const octets = encodeReply(reply, REQUEST, sha256, HOST.sign);
        const decoded = decodeReply(octets);
        if (!decoded.ok) throw new Error(decoded.error.code);
        expect(decoded.value.reply).toEqual(reply);
        expect(verifies(octets, decoded.value.signature)).toBe(true);
      }),
    );
  });

  test("CLIENT-7: no flipped bit leaves a reply that decodes and verifies", () => {
    const octets = encodeReply(REPLY, REQUEST, sha256, HOST.sign);
    for (let bit = 0; bit < octets.length * 8; bit += 1) {
      const flipped = octets.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const decoded = decodeReply(flipped);
      expect(decoded.ok && verifies(flipped, decoded.value.signature)).toBe(false);
    }
  });

  test("CLIENT-7: no changed request makes the reply an answer to it", () => {
    const octets = encodeReply(REPLY, REQUEST, sha256, HOST.sign);
    const signature = octets.slice(40);
    fc.assert(
      fc.property(mutations(REQUEST), (other) => {
        fc.pre(other.toHex() !== file.request);
        const message = signedMessage(octets, other, sha256);
        expect(verifySignature(HOST.publicKey, message, signature)).toBe(false);
      }),
    );
  });

  test("random octets never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (octets) => {
        expect(typeof decodeReply(octets).ok).toBe("boolean");
      }),
    );
  });
});

describe("our own mistakes are thrown", () => {
  const mistakes: readonly [string, Partial<ActivationReply>][] = [
    ["a host id too short", { hostId: new Uint8Array(15) }],
    ["a count below zero", { count: -1 }],
    ["an interval that is no whole minute", { renewalIntervalMinutes: 1.5 }],
    ["a time beyond all dates", { hostTime: Number.MAX_SAFE_INTEGER }],
  ];
  for (const [name, fields] of mistakes) {
    test(name, () => {
      const encode = () => encodeReply({ ...REPLY, ...fields }, REQUEST, sha256, HOST.sign);
      expect(encode).toThrow(RangeError);
    });
  }
});

const REPLY: ActivationReply = {
  selfIssued: true,
  count: 25,
  activationIntervalMinutes: 120,
  renewalIntervalMinutes: 10_080,
  hostTime: 1_785_585_601_500,
  hostId: new Uint8Array(16).fill(3),
};
