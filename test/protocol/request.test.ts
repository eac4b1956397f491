import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeRequest, encodeRequest, fitMachineName } from "../../src/protocol/request.ts";
import type { ActivationRequest } from "../../src/protocol/types.ts";
import { activationRequests, mutations } from "./arbitraries.ts";
import { expectOutcome, octetsOf, type VectorCase, vectors } from "./vectors.ts";

const file = await vectors<{ cases: readonly VectorCase<object>[] }>("request");

describe("activation request, version 1 (protocol.md): vectors", () => {
  for (const { name, octets, ...expected } of file.cases) {
    test(name, () => {
      const value = expectOutcome(decodeRequest(octetsOf(octets)), expected);
      if (value !== undefined) expect(encodeRequest(value).toHex()).toBe(octets);
    });
  }
});

describe("activation request: properties", () => {
  test("what is encoded decodes to the same", () => {
    fc.assert(
      fc.property(activationRequests, (request) => {
        expect(decodeRequest(encodeRequest(request))).toEqual({ ok: true, value: request });
      }),
    );
  });

  test("random octets are refused or have this one encoding, and never throw", () => {
    const source = activationRequests.map(encodeRequest).chain(mutations);
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), source), (octets) => {
        const decoded = decodeRequest(octets);
        if (decoded.ok) expect(encodeRequest(decoded.value)).toEqual(octets);
        else expect(decoded.error.offset).toBeLessThanOrEqual(octets.length);
      }),
      { numRuns: 1000 },
    );
  });

  test("what is decoded does not change with the octets it came from", () => {
    const octets = encodeRequest(request({}));
    const decoded = decodeRequest(octets);
    octets.fill(0);
    expect(decoded).toEqual({ ok: true, value: request({}) });
  });
});

describe("our own mistakes are thrown", () => {
  const mistakes: readonly [string, Partial<ActivationRequest>][] = [
    ["a name too long", { machineName: "x".repeat(64) }],
    ["a name too long in octets", { machineName: "ü".repeat(32) }],
    ["a nonce too short", { nonce: new Uint8Array(15) }],
    ["a CMID that is none", { cmid: "none" }],
    ["a negative count", { requiredCount: -1 }],
    ["half a minute", { minutesToExpiration: 0.5 }],
    ["a time before 1970", { clientTime: -1 }],
    ["a time that is none", { clientTime: Number.NaN }],
  ];
  for (const [name, fields] of mistakes) {
    test(name, () => expect(() => encodeRequest(request(fields))).toThrow(RangeError));
  }
});

describe("a machine name is cut to fit, between characters", () => {
  const names: readonly [string, string][] = [
    ["lab-pc", "lab-pc"],
    ["x".repeat(70), "x".repeat(63)],
    ["ü".repeat(40), "ü".repeat(31)],
    ["😀".repeat(20), "😀".repeat(15)],
    ["a\ud800b", "a\ufffdb"],
  ];
  for (const [name, fitted] of names) {
    test(JSON.stringify(name), () => {
      expect(fitMachineName(name)).toBe(fitted);
      expect(() => encodeRequest(request({ machineName: fitted }))).not.toThrow();
    });
  }
});

function request(fields: Partial<ActivationRequest>): ActivationRequest {
  return {
    virtual: false,
    licenceState: 2,
    minutesToExpiration: 43_200,
    requiredCount: 25,
    applicationId: "ce3c57d6-da5b-412d-bdb2-b2aeba932841",
    activationId: "0c3b32aa-5919-466a-abf3-90b7c506aaf2",
    cmid: "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5",
    clientTime: 1_785_585_600_000,
    nonce: new Uint8Array(16).fill(7),
    machineName: "LAB-PC-00000001",
    ...fields,
  };
}
