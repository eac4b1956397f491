import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sha256 } from "../../src/platform/hash.ts";
import { signingKeyFromSeed, verifySignature } from "../../src/platform/signature.ts";
import { authorityIdOf } from "../../src/protocol/host-id.ts";
import type { AuthorityCertificate, HostLicence } from "../../src/protocol/licence.ts";
import { authenticateChain, chainTimeRefusal } from "../../src/protocol/licence-chain.ts";
import {
  CHAIN_LENGTH_MAXIMUM,
  decodeChain,
  encodeCertificate,
  encodeChain,
  encodeLicence,
} from "../../src/protocol/licence-codec.ts";
import { OUT_OCTETS_MAXIMUM } from "../../src/protocol/stub.ts";
import { licenceFields, mutations, octets } from "./arbitraries.ts";
import { expectOutcome, octetsOf, type VectorCase, vectors } from "./vectors.ts";

type ChainCase = VectorCase<object> & { readonly refusal?: string };
const file = await vectors<{
  trustedAuthorityKey: string;
  authoritySeed: string;
  cases: readonly ChainCase[];
}>("licence-chain");

const TRUSTED = octetsOf(file.trustedAuthorityKey);
const AUTHORITY = signingKeyFromSeed(octetsOf(file.authoritySeed));

const authenticate = (chain: Uint8Array, trusted: Uint8Array | undefined = TRUSTED) =>
  authenticateChain(chain, trusted, sha256, verifySignature);

describe("TRUST-2: licence chains, version 1: vectors", () => {
  for (const { name, octets: hexadecimal, refusal, ...expected } of file.cases) {
    test(name, () => {
      const chain = octetsOf(hexadecimal);
      const decoded = decodeChain(chain);
      const outcome = authenticate(chain);
      if (!decoded.ok) {
        expectOutcome(decoded, expected);
        expect(outcome).toEqual({ ok: false, error: { code: "malformed", at: decoded.error } });
        return;
      }
      const { certificate, licence } = decoded.value;
      const value = { certificate: certificate.certificate, licence: licence.licence };
      expectOutcome({ ok: true, value }, expected);
      if (refusal === undefined) {
        expect(outcome).toEqual({ ok: true, value });
        expect(reencoded(value.certificate, value.licence).toHex()).toBe(hexadecimal);
      } else {
        expect(outcome.ok ? "believed" : outcome.error.code).toBe(refusal as never);
      }
    });
  }

  test("without a trusted key, any authority that is consistent with itself is believed", () => {
    const named = "an authority that is not the trusted one";
    const stranger = file.cases.find(({ name }) => name === named);
    const chain = octetsOf(stranger?.octets ?? "");
    expect(authenticateChain(chain, undefined, sha256, verifySignature).ok).toBe(true);
  });
});

describe("licence chains: properties", () => {
  test("the longest chain fits an answer", () => {
    expect(CHAIN_LENGTH_MAXIMUM).toBeLessThanOrEqual(OUT_OCTETS_MAXIMUM);
  });

  test("what is encoded is read back and believed", () => {
    fc.assert(
      fc.property(licenceFields, octets(32), (fields, hostPublicKey) => {
        const licence = { ...fields, hostPublicKey, authorityId: authorityId() };
        expect(authenticate(reencoded(CERTIFICATE, licence))).toEqual({
          ok: true,
          value: { certificate: CERTIFICATE, licence },
        });
      }),
    );
  });

  test("no flipped bit leaves a chain that is believed", () => {
    const chain = octetsOf(file.cases[0]?.octets ?? "");
    for (let bit = 0; bit < chain.length * 8; bit += 1) {
      const flipped = chain.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(authenticate(flipped).ok).toBe(false);
    }
  });

  test("random octets and damaged chains are refused and never throw", () => {
    const chain = octetsOf(file.cases[0]?.octets ?? "");
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), mutations(chain)), (damaged) => {
        fc.pre(damaged.toHex() !== chain.toHex());
        expect(authenticate(damaged).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a chain is valid from the first millisecond to before the last", () => {
  const chain = {
    certificate: { ...certificate(), validFrom: 100, validUntil: 1000 },
    licence: { ...licence(), validFrom: 200, validUntil: 900 },
  };
  const moments: readonly [number, string | undefined][] = [
    [99, "certificateNotYetValid"],
    [100, "licenceNotYetValid"],
    [199, "licenceNotYetValid"],
    [200, undefined],
    [899, undefined],
    [900, "licenceExpired"],
    [999, "licenceExpired"],
    [1000, "certificateExpired"],
  ];
  for (const [now, code] of moments) {
    test(`${now}: ${code ?? "valid"}`, () => {
      expect(chainTimeRefusal(chain, now)?.code).toBe(code as never);
    });
  }
});

describe("our own mistakes are thrown", () => {
  const licences: readonly [string, Partial<HostLicence>][] = [
    ["a text with a line feed", { extendedPid: "a\nb" }],
    ["a text too long", { installationId: "1".repeat(64) }],
    ["an empty text", { partialProductKey: "" }],
    ["no duration", { validFrom: 5, validUntil: 5 }],
    ["a key of 31 octets", { hostPublicKey: new Uint8Array(31) }],
    ["a serial that is no GUID", { serial: "1" }],
  ];
  for (const [name, fields] of licences) {
    test(name, () => {
      expect(() => encodeLicence({ ...licence(), ...fields }, AUTHORITY.sign)).toThrow(RangeError);
    });
  }

  test("an authority's name that hides something", () => {
    const name = "lab\u202e";
    expect(() => encodeCertificate({ ...CERTIFICATE, name }, AUTHORITY.sign)).toThrow(RangeError);
  });
});

function certificate(): AuthorityCertificate {
  return {
    selfIssued: false,
    name: "Example authority",
    serial: "00112233-4455-6677-8899-aabbccddeeff",
    validFrom: 0,
    validUntil: 1000,
    publicKey: AUTHORITY.publicKey,
  };
}
const CERTIFICATE = certificate();

function authorityId(): Uint8Array {
  return authorityIdOf(AUTHORITY.publicKey, sha256);
}

function licence(): HostLicence {
  return {
    group: "serverC",
    serial: "8fe2a1b0-1111-4222-8333-444455556666",
    validFrom: 0,
    validUntil: 1000,
    authorityId: authorityId(),
    hostPublicKey: new Uint8Array(32).fill(1),
    extendedPid: "pid",
    installationId: "123",
    partialProductKey: "ABCDE",
  };
}

function reencoded(certificate: AuthorityCertificate, licence: HostLicence): Uint8Array {
  return encodeChain(
    encodeCertificate(certificate, AUTHORITY.sign),
    encodeLicence(licence, AUTHORITY.sign),
  );
}
