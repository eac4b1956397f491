/**
 * Domain names as octets on the wire: length-prefixed labels up to the root's zero, never
 * compressed (RFC 1035 §3.1). Octets are kept exactly; only comparison ignores ASCII case
 * (RFC 4343). A label may hold any octet, dots and zeros included (RFC 2181 §11).
 */
import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";

/** A complete, uncompressed wire name of 1 to 255 octets. */
export type Name = Uint8Array;

export const MAX_NAME_OCTETS = 255;
export const MAX_LABEL_OCTETS = 63;

export const ROOT: Name = new Uint8Array(1);

const BACKSLASH = 0x5c;
const DOT = 0x2e;
const POINTER_MASK = 0xc0;

function nameError<Value>(code: string, offset: number): Result<Value, DecodeError> {
  return fail({ code, offset, field: "name" });
}

export function lowerOctet(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

function isDigit(octet: number | undefined): octet is number {
  return octet !== undefined && octet >= 0x30 && octet <= 0x39;
}

/**
 * Reads one escape of RFC 1035 §5.1 (`\DDD` or `\X`) at `at`, which holds the backslash.
 * Undefined where it is cut short or its number passes 255.
 */
export function readEscape(
  text: Uint8Array,
  at: number,
): { readonly octet: number; readonly end: number } | undefined {
  const first = text[at + 1];
  if (first === undefined) return undefined;
  if (!isDigit(first)) return { octet: first, end: at + 2 };
  const second = text[at + 2];
  const third = text[at + 3];
  if (!isDigit(second) || !isDigit(third)) return undefined;
  const octet = (first - 0x30) * 100 + (second - 0x30) * 10 + (third - 0x30);
  return octet > 255 ? undefined : { octet, end: at + 4 };
}

/**
 * Text to wire. Without a final dot the name is taken below `origin` (the root unless given);
 * `@` alone is the origin itself. Characters beyond ASCII become their UTF-8 octets, as Windows
 * writes them. Offsets of errors count UTF-8 octets of the text.
 */
export function nameFromText(text: string, origin: Name = ROOT): Result<Name, DecodeError> {
  if (text === "@") return ok(origin);
  if (text === ".") return ok(ROOT);
  const source = new TextEncoder().encode(text);
  if (source.length === 0) return nameError("empty", 0);
  const wire = new Uint8Array(MAX_NAME_OCTETS);
  let lengthAt = 0;
  let end = 1;
  let at = 0;
  while (at < source.length) {
    let octet = source[at] ?? 0;
    if (octet === DOT) {
      if (end === lengthAt + 1) return nameError("empty-label", at);
      wire[lengthAt] = end - lengthAt - 1;
      lengthAt = end;
      end += 1;
      at += 1;
      continue;
    }
    if (octet === BACKSLASH) {
      const escaped = readEscape(source, at);
      if (escaped === undefined) return nameError("bad-escape", at);
      octet = escaped.octet;
      at = escaped.end;
    } else at += 1;
    if (end - lengthAt > MAX_LABEL_OCTETS) return nameError("label-too-long", at);
    if (end >= MAX_NAME_OCTETS) return nameError("name-too-long", at);
    wire[end] = octet;
    end += 1;
  }
  return closeName(wire, lengthAt, end, origin, at);
}

/** The last label written by {@link nameFromText} is open, or empty where a final dot stood. */
function closeName(
  wire: Uint8Array,
  lengthAt: number,
  end: number,
  origin: Name,
  at: number,
): Result<Name, DecodeError> {
  if (end === lengthAt + 1) {
    if (end > MAX_NAME_OCTETS) return nameError("name-too-long", at);
    return ok(wire.slice(0, end));
  }
  if (end + origin.length > MAX_NAME_OCTETS) return nameError("name-too-long", at);
  wire[lengthAt] = end - lengthAt - 1;
  wire.set(origin, end);
  return ok(wire.slice(0, end + origin.length));
}

/** A name of our own program text: throws where it is not one. */
export function literalName(text: string, origin: Name = ROOT): Name {
  const name = nameFromText(text, origin);
  if (!name.ok) throw new Error(`not a name: ${text} (${name.error.code})`);
  return name.value;
}

/** Octets that must be escaped in text: the master file format's own (RFC 1035 §5.1). */
const SPECIAL_IN_TEXT = new Set([...'.\\"();@$'].map((character) => character.charCodeAt(0)));

/** Wire to text, absolute (with the final dot), every octet outside `!`..`~` as `\DDD`. */
export function nameToText(name: Name): string {
  if ((name[0] ?? 0) === 0) return ".";
  let text = "";
  let at = 0;
  for (let length = name[at] ?? 0; length !== 0; length = name[at] ?? 0) {
    for (let index = at + 1; index <= at + length; index += 1) {
      const octet = name[index] ?? 0;
      if (SPECIAL_IN_TEXT.has(octet)) text += `\\${String.fromCharCode(octet)}`;
      else if (octet < 0x21 || octet > 0x7e) text += `\\${String(octet).padStart(3, "0")}`;
      else text += String.fromCharCode(octet);
    }
    text += ".";
    at += length + 1;
  }
  return text;
}

/**
 * Reads a possibly compressed name of a message (RFC 1035 §4.1.4). A pointer must lead to before
 * the labels that led to it, so that reading always ends. `end` is behind the name where it stands.
 */
export function readName(
  message: Uint8Array,
  offset: number,
): Result<{ readonly name: Name; readonly end: number }, DecodeError> {
  const wire = new Uint8Array(MAX_NAME_OCTETS);
  let length = 0;
  let end = -1;
  let at = offset;
  let runStart = offset;
  for (;;) {
    const octet = message[at];
    if (octet === undefined) return nameError("truncated", at);
    if ((octet & POINTER_MASK) === POINTER_MASK) {
      const low = message[at + 1];
      if (low === undefined) return nameError("truncated", at + 1);
      const target = ((octet & 0x3f) << 8) | low;
      if (target >= runStart) return nameError("forward-pointer", at);
      if (end < 0) end = at + 2;
      at = target;
      runStart = target;
      continue;
    }
    if (octet > MAX_LABEL_OCTETS) return nameError("label-type", at);
    if (length + octet + 1 > MAX_NAME_OCTETS) return nameError("name-too-long", at);
    if (at + octet >= message.length) return nameError("truncated", message.length);
    for (let index = 0; index <= octet; index += 1) wire[length + index] = message[at + index] ?? 0;
    length += octet + 1;
    at += octet + 1;
    if (octet === 0) return ok({ name: wire.slice(0, length), end: end < 0 ? at : end });
  }
}

/**
 * The offset behind the name at `offset`, without following a pointer; -1 where it is cut short
 * or holds a label type that is none (RFC 6891 §5 closed 0x40; 0x80 was never given).
 */
export function skipName(message: Uint8Array, offset: number, end: number): number {
  let at = offset;
  while (at < end) {
    const octet = message[at] ?? 0;
    if (octet === 0) return at + 1;
    if ((octet & POINTER_MASK) === POINTER_MASK) return at + 2 <= end ? at + 2 : -1;
    if (octet > MAX_LABEL_OCTETS) return -1;
    at += octet + 1;
  }
  return -1;
}

/** Whether these octets are exactly one uncompressed name within the limits. */
export function isName(octets: Uint8Array): boolean {
  if (octets.length === 0 || octets.length > MAX_NAME_OCTETS) return false;
  let at = 0;
  for (;;) {
    const length = octets[at];
    if (length === undefined || length > MAX_LABEL_OCTETS) return false;
    at += length + 1;
    if (length === 0) return at === octets.length;
  }
}

/** A copy in ASCII lower case. Length octets are below the letters and stay as they are. */
export function lowerName(name: Name): Name {
  return name.map(lowerOctet);
}

export function sameName(first: Name, second: Name): boolean {
  return first.length === second.length && endsWithName(first, second);
}

function endsWithName(name: Name, suffix: Name): boolean {
  const start = name.length - suffix.length;
  for (let index = 0; index < suffix.length; index += 1) {
    if (lowerOctet(name[start + index] ?? 0) !== lowerOctet(suffix[index] ?? 0)) return false;
  }
  return true;
}

/** Whether `name` is `ancestor` or below it. */
export function isWithin(name: Name, ancestor: Name): boolean {
  let at = 0;
  while (name.length - at > ancestor.length) at += (name[at] ?? 0) + 1;
  return name.length - at === ancestor.length && endsWithName(name, ancestor);
}

/** The name one label up; the root is its own parent. */
export function parentName(name: Name): Name {
  const length = name[0] ?? 0;
  return length === 0 ? name : name.subarray(length + 1);
}

/** Labels without the root: 0 for the root, 2 for `kms.test.`. */
export function labelCount(name: Name): number {
  let count = 0;
  for (let at = 0; (name[at] ?? 0) !== 0; at += (name[at] ?? 0) + 1) count += 1;
  return count;
}
