import type { Sha256 } from "../platform/hash.ts";
import { fail, ok, type Result } from "../platform/result.ts";

/**
 * Octets as text, for files that people carry, open and copy: the PEM form (RFC 7468) with a
 * checksum line, so that a cut or damaged file is told apart from a wrong one.
 *
 *     What this file is, in a sentence: everything before the BEGIN line is for readers.
 *     -----BEGIN MUSTER HOST KEY-----
 *     <base64, 64 characters a line>
 *     =<the first eight hexadecimal digits of SHA-256 over the octets>
 *     -----END MUSTER HOST KEY-----
 */
export const ARMOUR_LABELS = {
  hostKey: "MUSTER HOST KEY",
  authorityKey: "MUSTER AUTHORITY KEY",
  hostLicence: "MUSTER HOST LICENCE",
} as const;
export type ArmourLabel = (typeof ARMOUR_LABELS)[keyof typeof ARMOUR_LABELS];

/** Of a whole file. Every file of ours is far smaller; what is larger is not ours. */
export const ARMOUR_LENGTH_MAXIMUM = 16_384;

const LINE_LENGTH = 64;
const CHECKSUM_DIGITS = 8;
const BASE64_FORM = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export type ArmourErrorCode =
  | "empty"
  | "tooLong"
  | "noBegin"
  | "otherLabel"
  | "noEnd"
  | "noChecksum"
  | "notBase64"
  | "checksum";

export function encodeArmour(
  label: ArmourLabel,
  preface: string,
  octets: Uint8Array,
  sha256: Sha256,
): string {
  const lines = octets.toBase64().match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  const checksum = `=${checksumOf(octets, sha256)}`;
  return [
    preface,
    `-----BEGIN ${label}-----`,
    ...lines,
    checksum,
    `-----END ${label}-----`,
    "",
  ].join("\n");
}

/** The octets of the first armoured block in `text`, which must have `label`. */
export function decodeArmour(
  label: ArmourLabel,
  text: string,
  sha256: Sha256,
): Result<Uint8Array, ArmourErrorCode> {
  if (text.trim() === "") return fail("empty");
  if (text.length > ARMOUR_LENGTH_MAXIMUM) return fail("tooLong");
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  const begin = lines.findIndex((line) => line.startsWith("-----BEGIN "));
  if (begin < 0) return fail("noBegin");
  if (lines[begin] !== `-----BEGIN ${label}-----`) return fail("otherLabel");
  const end = lines.indexOf(`-----END ${label}-----`, begin);
  if (end < 0) return fail("noEnd");
  const body = lines.slice(begin + 1, end);
  const checksum = body.pop();
  if (checksum === undefined || !checksum.startsWith("=")) return fail("noChecksum");
  const base64 = body.join("");
  if (!BASE64_FORM.test(base64)) return fail("notBase64");
  const octets = Uint8Array.fromBase64(base64);
  if (checksum !== `=${checksumOf(octets, sha256)}`) return fail("checksum");
  return ok(octets);
}

/** What an error code means, for a person who looks at the file. */
export const ARMOUR_ERROR_WORDS: Readonly<Record<ArmourErrorCode, string>> = {
  empty: "the file is empty",
  tooLong: "the file is too large to be one of ours",
  noBegin: "the file has no BEGIN line",
  otherLabel: "the file holds something of another kind",
  noEnd: "the file breaks off: it has no END line",
  noChecksum: "the file has no checksum line",
  notBase64: "the file holds characters that do not belong there",
  checksum: "the file is damaged: its checksum does not match",
};

function checksumOf(octets: Uint8Array, sha256: Sha256): string {
  return sha256(octets).toHex().slice(0, CHECKSUM_DIGITS);
}
