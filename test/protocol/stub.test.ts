import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { DecodeError } from "../../src/platform/result.ts";
import { REPLY_LENGTH } from "../../src/protocol/reply.ts";
import { encodeRequest, REQUEST_FIXED_LENGTH } from "../../src/protocol/request.ts";
import {
  decodeInStub,
  decodeOutStub,
  encodeErrorStub,
  encodeInStub,
  encodeOutStub,
} from "../../src/protocol/stub.ts";
import { activationRequests } from "./arbitraries.ts";
import { expectOutcome, octetsOf, vectors } from "./vectors.ts";

type StubCase = {
  readonly name: string;
  readonly littleEndian: boolean;
  readonly stub: string;
  readonly canonical?: boolean;
  readonly error?: DecodeError;
};
type RequestCase = StubCase & { readonly value?: string };
type AnswerCase = StubCase & { readonly octets?: string | null; readonly hresult?: number };
const file = await vectors<{
  requests: readonly RequestCase[];
  answers: readonly AnswerCase[];
}>("stub");

describe("NDR stubs of the activation interface (C706 chapter 14): vectors, in", () => {
  for (const { name, stub, littleEndian, canonical, ...expected } of file.requests) {
    test(name, () => {
      const value = expectOutcome(decodeInStub(octetsOf(stub), littleEndian), expected);
      if (canonical === true) expect(encodeInStub(value ?? new Uint8Array()).toHex()).toBe(stub);
    });
  }
});

describe("NDR stubs of the activation interface: vectors, out", () => {
  for (const { name, stub, littleEndian, canonical, error, octets, hresult } of file.answers) {
    test(name, () => {
      const decoded = decodeOutStub(octetsOf(stub), littleEndian);
      if (!decoded.ok) {
        expect(decoded.error).toEqual(error as DecodeError);
        return;
      }
      expectOutcome(decoded, { value: { octets, hresult } });
      if (canonical !== true) return;
      const answer = decoded.value;
      const encoded =
        answer.octets === undefined
          ? encodeErrorStub(answer.hresult)
          : encodeOutStub(answer.octets);
      expect(encoded.toHex()).toBe(stub);
    });
  }
});

describe("NDR stubs: properties", () => {
  test("what is encoded decodes to the same", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 512 }), (octets) => {
        expect(decodeInStub(encodeInStub(octets), true)).toEqual({ ok: true, value: octets });
        const answer = { octets, hresult: 0 };
        expect(decodeOutStub(encodeOutStub(octets), true)).toEqual({ ok: true, value: answer });
      }),
    );
  });

  test("random stubs never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (stub, littleEndian) => {
        expect(typeof decodeInStub(stub, littleEndian).ok).toBe("boolean");
        expect(typeof decodeOutStub(stub, littleEndian).ok).toBe("boolean");
      }),
    );
  });
});

describe("HOST-4: an exchange of a 15-character name is under 250 octets in each direction", () => {
  const BIND = 72;
  const BIND_ACK = 60;
  const CALL_HEADER = 24;

  test("204 up", () => {
    const octets = new Uint8Array(REQUEST_FIXED_LENGTH + 15);
    expect(BIND + CALL_HEADER + encodeInStub(octets).length).toBe(204);
  });

  test("204 down", () => {
    const octets = new Uint8Array(REPLY_LENGTH);
    expect(BIND_ACK + CALL_HEADER + encodeOutStub(octets).length).toBe(204);
  });

  test("under 250 up for every name that a request of 15 characters can carry in ASCII", () => {
    fc.assert(
      fc.property(activationRequests, fc.nat(15), (request, length) => {
        const octets = encodeRequest({ ...request, machineName: "n".repeat(length) });
        expect(BIND + CALL_HEADER + encodeInStub(octets).length).toBeLessThan(250);
      }),
    );
  });
});
