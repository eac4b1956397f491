import { type DecodeError, fail, type Result } from "../platform/result.ts";
import { PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH, type Sign } from "../platform/signature.ts";
import { FieldReader } from "./field-reader.ts";
import { GUID_LENGTH, writeGuid } from "./guid.ts";
import { KEY_ID_LENGTH } from "./host-id.ts";
import type {
  AuthorityCertificate,
  HostLicence,
  SignedCertificate,
  SignedLicence,
  Validity,
} from "./licence.ts";
import { assertLength, assertTime, encodeText, writeTime, writeU16 } from "./octets.ts";
import { PRODUCT_KEY_GROUPS } from "./types.ts";

/**
 * The octets of certificates, licences and chains, version 1. Little-endian; each value has exactly
 * one encoding, so that what decodes encodes to the same octets.
 *
 *     chain         1  version, 1          certificate   1  version, 1
 *                   1  zero                              1  kind, 1
 *                   2  length                            1  flags; bit 0: self-issued
 *                   n  certificate                       1  length of the name, 1..63
 *                   2  length                           16  serial
 *                   n  licence                         8 8  valid from, until
 *                                                       32  public key
 *                                                        n  name, UTF-8
 *                                                       64  signature
 *
 *     licence       1  version, 1             16  serial
 *                   1  kind, 2               8 8  valid from, until
 *                   1  group, 0..3            16  authority id
 *                   1  zero                   32  host public key
 *                   1  length, 1..63           n  extended PID
 *                   1  length, 1..63           n  installation id
 *                   1  length, 1..63           n  partial product key
 *                   1  zero                   64  signature
 *
 * A signature covers the label `muster/authority-certificate/1` or `muster/host-licence/1` (ASCII,
 * nothing between) and all octets before the signature. Both signatures are the authority's.
 */
const LICENCE_VERSION = 1;
const KIND_CERTIFICATE = 1;
const KIND_LICENCE = 2;
const FLAG_SELF_ISSUED = 1;
const TEXT_MAXIMUM = 63;
const VALIDITY_LENGTH = 16;

const CERTIFICATE_FIXED_LENGTH = 4 + GUID_LENGTH + VALIDITY_LENGTH + PUBLIC_KEY_LENGTH;
const LICENCE_FIXED_LENGTH = 8 + GUID_LENGTH + VALIDITY_LENGTH + KEY_ID_LENGTH + PUBLIC_KEY_LENGTH;
const CHAIN_FIXED_LENGTH = 6;

/** No chain of version 1 is longer; a client asks for no more (542 octets). */
export const CHAIN_LENGTH_MAXIMUM =
  CHAIN_FIXED_LENGTH +
  CERTIFICATE_FIXED_LENGTH +
  LICENCE_FIXED_LENGTH +
  4 * TEXT_MAXIMUM +
  2 * SIGNATURE_LENGTH;

const CERTIFICATE_LABEL = encodeText("muster/authority-certificate/1");
const LICENCE_LABEL = encodeText("muster/host-licence/1");

/** An authority's name: nothing that breaks a line or hides in one. */
const NAME_FORM = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u;
const PRINTABLE_ASCII_FORM = /^[\x20-\x7e]+$/;

export function authoritySignedMessage(body: Uint8Array): Uint8Array {
  return joined(CERTIFICATE_LABEL, body);
}

export function licenceSignedMessage(body: Uint8Array): Uint8Array {
  return joined(LICENCE_LABEL, body);
}

/** Writes and signs a certificate. A field out of its range is our own mistake: RangeError. */
export function encodeCertificate(certificate: AuthorityCertificate, sign: Sign): Uint8Array {
  assertLength(certificate.publicKey, PUBLIC_KEY_LENGTH, "publicKey");
  const name = checkedText(certificate.name, NAME_FORM, "name");
  const body = new Uint8Array(CERTIFICATE_FIXED_LENGTH + name.length);
  body.set([LICENCE_VERSION, KIND_CERTIFICATE]);
  body.set([certificate.selfIssued ? FLAG_SELF_ISSUED : 0, name.length], 2);
  writeGuid(body, 4, certificate.serial);
  writeValidity(body, 20, certificate);
  body.set(certificate.publicKey, 36);
  body.set(name, CERTIFICATE_FIXED_LENGTH);
  return joined(body, sign(authoritySignedMessage(body)));
}

/** Writes a licence and signs it with the authority's key. A field out of its range: RangeError. */
export function encodeLicence(licence: HostLicence, sign: Sign): Uint8Array {
  assertLength(licence.authorityId, KEY_ID_LENGTH, "authorityId");
  assertLength(licence.hostPublicKey, PUBLIC_KEY_LENGTH, "hostPublicKey");
  const texts = [
    checkedText(licence.extendedPid, PRINTABLE_ASCII_FORM, "extendedPid"),
    checkedText(licence.installationId, PRINTABLE_ASCII_FORM, "installationId"),
    checkedText(licence.partialProductKey, PRINTABLE_ASCII_FORM, "partialProductKey"),
  ];
  const head = new Uint8Array(LICENCE_FIXED_LENGTH);
  head.set([LICENCE_VERSION, KIND_LICENCE, PRODUCT_KEY_GROUPS.indexOf(licence.group)]);
  head.set(
    texts.map((text) => text.length),
    4,
  );
  writeGuid(head, 8, licence.serial);
  writeValidity(head, 24, licence);
  head.set(licence.authorityId, 40);
  head.set(licence.hostPublicKey, 56);
  const body = joined(head, ...texts);
  return joined(body, sign(licenceSignedMessage(body)));
}

/** Puts a certificate and a licence, as encoded above, into the chain that opnum 1 answers with. */
export function encodeChain(certificate: Uint8Array, licence: Uint8Array): Uint8Array {
  const head = new Uint8Array([LICENCE_VERSION, 0, 0, 0]);
  writeU16(head, 2, certificate.length);
  const length = new Uint8Array(2);
  writeU16(length, 0, licence.length);
  return joined(head, certificate, length, licence);
}

/**
 * Reads a chain without verifying it. Errors: `tooLong`, `tooShort`, `trailingOctets`,
 * `unsupportedVersion`, `wrongKind`, `reservedNotZero`, `outOfRange`, `invalidUtf8`, `invalidText`.
 */
export function decodeChain(
  octets: Uint8Array,
): Result<{ certificate: SignedCertificate; licence: SignedLicence }, DecodeError> {
  if (octets.length > CHAIN_LENGTH_MAXIMUM) {
    return fail({ code: "tooLong", offset: CHAIN_LENGTH_MAXIMUM, field: "chain" });
  }
  const reader = new FieldReader(octets);
  reader.constant(LICENCE_VERSION, "unsupportedVersion", "version");
  reader.constant(0, "reservedNotZero", "reserved");
  const certificateOctets = reader.octets(reader.u16("certificateLength"), "certificate");
  const certificateOffset = reader.offset - certificateOctets.length;
  const licenceOctets = reader.octets(reader.u16("licenceLength"), "licence");
  const licenceOffset = reader.offset - licenceOctets.length;
  const frame = reader.finish(undefined);
  if (!frame.ok) return frame;
  const certificate = decodeCertificate(certificateOctets);
  if (!certificate.ok) return shifted(certificate.error, certificateOffset);
  const licence = decodeLicence(licenceOctets);
  if (!licence.ok) return shifted(licence.error, licenceOffset);
  return { ok: true, value: { certificate: certificate.value, licence: licence.value } };
}

/** Reads a certificate without verifying it. Errors as {@link decodeChain}. */
function decodeCertificate(octets: Uint8Array): Result<SignedCertificate, DecodeError> {
  const reader = new FieldReader(octets);
  reader.constant(LICENCE_VERSION, "unsupportedVersion", "version");
  reader.constant(KIND_CERTIFICATE, "wrongKind", "kind");
  const flags = reader.u8("flags");
  if ((flags & ~FLAG_SELF_ISSUED) !== 0) reader.refuse("reservedNotZero", "flags", 1);
  const nameLength = textLength(reader, "nameLength");
  const serial = reader.guid("serial");
  const validity = readValidity(reader);
  const publicKey = reader.octets(PUBLIC_KEY_LENGTH, "publicKey");
  const name = reader.text(nameLength, NAME_FORM, "name");
  const body = octets.slice(0, reader.offset);
  const signature = reader.octets(SIGNATURE_LENGTH, "signature");
  const selfIssued = flags === FLAG_SELF_ISSUED;
  const certificate = { selfIssued, name, serial, ...validity, publicKey };
  return reader.finish({ certificate, body, signature });
}

/** Reads a licence without verifying it. Errors as {@link decodeChain}. */
function decodeLicence(octets: Uint8Array): Result<SignedLicence, DecodeError> {
  const reader = new FieldReader(octets);
  reader.constant(LICENCE_VERSION, "unsupportedVersion", "version");
  reader.constant(KIND_LICENCE, "wrongKind", "kind");
  const group = PRODUCT_KEY_GROUPS[reader.u8("group")];
  if (group === undefined) reader.refuse("outOfRange", "group", 1);
  reader.constant(0, "reservedNotZero", "reserved");
  const pidLength = textLength(reader, "extendedPidLength");
  const installationIdLength = textLength(reader, "installationIdLength");
  const partialKeyLength = textLength(reader, "partialProductKeyLength");
  reader.constant(0, "reservedNotZero", "reserved");
  const serial = reader.guid("serial");
  const validity = readValidity(reader);
  const authorityId = reader.octets(KEY_ID_LENGTH, "authorityId");
  const hostPublicKey = reader.octets(PUBLIC_KEY_LENGTH, "hostPublicKey");
  const licence: HostLicence = {
    group: group ?? "clientVolume",
    serial,
    ...validity,
    authorityId,
    hostPublicKey,
    extendedPid: reader.text(pidLength, PRINTABLE_ASCII_FORM, "extendedPid"),
    installationId: reader.text(installationIdLength, PRINTABLE_ASCII_FORM, "installationId"),
    partialProductKey: reader.text(partialKeyLength, PRINTABLE_ASCII_FORM, "partialProductKey"),
  };
  const body = octets.slice(0, reader.offset);
  const signature = reader.octets(SIGNATURE_LENGTH, "signature");
  return reader.finish({ licence, body, signature });
}

function textLength(reader: FieldReader, field: string): number {
  const length = reader.u8(field);
  if (length === 0 || length > TEXT_MAXIMUM) reader.refuse("outOfRange", field, 1);
  return length;
}

function readValidity(reader: FieldReader): Validity {
  const validFrom = reader.time("validFrom");
  const validUntil = reader.time("validUntil");
  if (validUntil <= validFrom) reader.refuse("outOfRange", "validUntil", 8);
  return { validFrom, validUntil };
}

function writeValidity(octets: Uint8Array, offset: number, validity: Validity): void {
  assertTime(validity.validFrom, "validFrom");
  assertTime(validity.validUntil, "validUntil");
  if (validity.validUntil <= validity.validFrom) throw new RangeError("validity without duration");
  writeTime(octets, offset, validity.validFrom);
  writeTime(octets, offset + 8, validity.validUntil);
}

function checkedText(text: string, form: RegExp, field: string): Uint8Array {
  const octets = encodeText(text);
  if (!form.test(text) || octets.length > TEXT_MAXIMUM) {
    throw new RangeError(`${field}: ${JSON.stringify(text)}`);
  }
  return octets;
}

function shifted(error: DecodeError, offset: number): Result<never, DecodeError> {
  return fail({ ...error, offset: error.offset + offset });
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
