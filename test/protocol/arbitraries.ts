import fc from "fast-check";
import type { HostLicence } from "../../src/protocol/licence.ts";
import { TIME_MAXIMUM } from "../../src/protocol/octets.ts";
import { fitMachineName } from "../../src/protocol/request.ts";
import {
  type ActivationReply,
  type ActivationRequest,
  type LicenceState,
  PRODUCT_KEY_GROUPS,
} from "../../src/protocol/types.ts";

const U32 = fc.nat(0xffff_ffff);
const TIME = fc.integer({ min: 0, max: TIME_MAXIMUM });
const GUID = fc.uuid();
export const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

export const activationRequests: fc.Arbitrary<ActivationRequest> = fc.record({
  virtual: fc.boolean(),
  licenceState: fc.integer({ min: 0, max: 5 }).map((state) => state as LicenceState),
  minutesToExpiration: U32,
  requiredCount: U32,
  applicationId: GUID,
  activationId: GUID,
  cmid: GUID,
  clientTime: TIME,
  nonce: octets(16),
  machineName: fc.string({ unit: "binary", maxLength: 63 }).map(fitMachineName),
});

export const activationReplies: fc.Arbitrary<ActivationReply> = fc.record({
  selfIssued: fc.boolean(),
  count: U32,
  activationIntervalMinutes: U32,
  renewalIntervalMinutes: U32,
  hostTime: TIME,
  hostId: octets(16),
});

const PRINTABLE = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 63 });

/** Without the authority's id and the host's key, which belong to the keys of a test. */
export const licenceFields: fc.Arbitrary<Omit<HostLicence, "authorityId" | "hostPublicKey">> = fc
  .record({
    group: fc.constantFrom(...PRODUCT_KEY_GROUPS),
    serial: GUID,
    validFrom: fc.integer({ min: 0, max: TIME_MAXIMUM - 1 }),
    duration: fc.integer({ min: 1, max: TIME_MAXIMUM }),
    extendedPid: PRINTABLE,
    installationId: PRINTABLE,
    partialProductKey: PRINTABLE,
  })
  .map(({ duration, ...fields }) => ({
    ...fields,
    validUntil: Math.min(fields.validFrom + duration, TIME_MAXIMUM),
  }));

/** A message with an octet changed, taken out or put in, or cut short. */
export function mutations(message: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc
    .record({
      kind: fc.constantFrom("change", "remove", "insert", "cut"),
      at: fc.nat(message.length - 1),
      octet: fc.nat(255),
    })
    .map(({ kind, at, octet }) => {
      const before = [...message.subarray(0, at)];
      const after = [...message.subarray(at + 1)];
      if (kind === "cut") return new Uint8Array(before);
      if (kind === "remove") return new Uint8Array([...before, ...after]);
      if (kind === "change") return new Uint8Array([...before, octet, ...after]);
      return new Uint8Array([...before, octet, ...message.subarray(at)]);
    });
}
