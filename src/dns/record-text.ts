/**
 * Records as text, in the notation of master files (RFC 1035 §5.1) and, for types not known here,
 * that of RFC 3597 §5. One record per text: no directives, no parentheses.
 */
import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import { addressToText, ipv4FromText, ipv6FromText } from "./address.ts";
import { RecordType } from "./codes.ts";
import { type Name, nameFromText, nameToText, readEscape, readName } from "./name.ts";
import {
  joinOctets,
  MAX_RDATA_OCTETS,
  MAX_STRING_OCTETS,
  octets16,
  type RdataField,
  rdataLayout,
  readRdata,
  skipField,
  typeFromText,
} from "./rdata.ts";
import type { ZoneRecord } from "./zone.ts";

/** One word of a record. Escapes are still in it; `offset` counts characters. */
export type Token = { readonly text: string; readonly isQuoted: boolean; readonly offset: number };

type Parsed<Value> = Result<Value, DecodeError>;

function textError<Value>(code: string, offset: number, field: string): Parsed<Value> {
  return fail({ code, offset, field });
}

/** A quoted string, or what stands between blanks; a comment, or a lone quote, is taken as is. */
const TOKEN = /"((?:[^"\\]|\\.)*)"|((?:[^\s";\\]|\\.)+)|(;.*)|(\S)/gsu;

/** Splits one record into words; a comment ends it. */
export function tokensFromText(text: string): Parsed<Token[]> {
  const tokens: Token[] = [];
  for (const { 1: quoted, 2: plain, 3: comment, index } of text.matchAll(TOKEN)) {
    if (comment !== undefined) break;
    const word = quoted ?? plain;
    if (word === undefined) return textError("open-quote-or-escape", index, "token");
    tokens.push({ text: word, isQuoted: quoted !== undefined, offset: index });
  }
  return ok(tokens);
}

/**
 * `owner [TTL] [IN] type data`. Names without a final dot are below `origin`, and a record without
 * a TTL has `ttl` seconds.
 */
export function recordFromText(text: string, origin: Name, ttl: number): Parsed<ZoneRecord> {
  const tokens = tokensFromText(text);
  if (!tokens.ok) return tokens;
  const [owner, ...rest] = tokens.value;
  if (owner === undefined) return textError("empty", 0, "owner");
  const name = nameFromText(owner.text, origin);
  if (!name.ok) return textError(name.error.code, owner.offset, "owner");
  let seconds = ttl;
  const isClass = (token: Token | undefined) => token?.text.toUpperCase() === "IN";
  // TTL and class may come in either order.
  if (isClass(rest[0])) rest.shift();
  if (/^\d{1,10}$/.test(rest[0]?.text ?? "")) seconds = Number(rest.shift()?.text);
  if (isClass(rest[0])) rest.shift();
  const [typeToken, ...data] = rest;
  const end = text.length;
  if (typeToken === undefined) return textError("missing", end, "type");
  const type = typeFromText(typeToken.text);
  if (type === undefined) return textError("unknown-type", typeToken.offset, "type");
  if (seconds > 0x7fff_ffff) return textError("ttl-too-large", owner.offset, "ttl");
  const rdata = rdataFromText(type, data, origin, end);
  return rdata.ok ? ok({ name: name.value, type, ttl: seconds, rdata: rdata.value }) : rdata;
}

/** `end` is the offset that errors about missing words give. */
export function rdataFromText(
  type: number,
  tokens: readonly Token[],
  origin: Name,
  end: number,
): Parsed<Uint8Array> {
  const [first] = tokens;
  if (first?.text === "\\#" && !first.isQuoted) return opaqueFromText(type, tokens, end);
  const layout = rdataLayout(type);
  if (layout === undefined)
    return textError("opaque-notation-wanted", first?.offset ?? end, "data");
  const parts: Uint8Array[] = [];
  let index = 0;
  for (const field of layout.fields) {
    const takesRest = field === "strings" || field === "hex";
    const words = takesRest ? tokens.slice(index) : tokens.slice(index, index + 1);
    const [word] = words;
    if (word === undefined) return textError("missing", end, field);
    const octets = fieldFromText(field, words, origin);
    if (octets === undefined) return textError("malformed", word.offset, field);
    parts.push(octets);
    index += words.length;
  }
  const extra = tokens[index];
  if (extra !== undefined) return textError("too-many", extra.offset, "data");
  const rdata = joinOctets(parts);
  return rdata.length <= MAX_RDATA_OCTETS ? ok(rdata) : textError("too-long", end, "data");
}

/** `\# length hex...`, RFC 3597 §5. Data of a known type must be sound all the same. */
function opaqueFromText(type: number, tokens: readonly Token[], end: number): Parsed<Uint8Array> {
  const [, length, ...digits] = tokens;
  const octets = hexFromText(digits);
  if (length === undefined || octets === undefined || String(octets.length) !== length.text) {
    return textError("malformed", length?.offset ?? end, "data");
  }
  return readRdata(type, octets, 0, octets.length);
}

function fieldFromText(
  field: RdataField,
  words: readonly Token[],
  origin: Name,
): Uint8Array | undefined {
  const text = words[0]?.text ?? "";
  switch (field) {
    case "u8":
    case "u16":
    case "u32":
      return numberFromText(text, Number(field.slice(1)) / 8);
    case "ipv4":
      return ipv4FromText(text);
    case "ipv6":
      return ipv6FromText(text);
    case "name":
    case "plain-name": {
      const name = nameFromText(text, origin);
      return name.ok ? name.value : undefined;
    }
    case "hex":
      return hexFromText(words);
    case "octets":
      return octetsFromText(text);
    case "string":
    case "strings":
      return stringsFromText(words);
  }
}

function numberFromText(text: string, size: number): Uint8Array | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  if (value >= 256 ** size) return undefined;
  if (size === 1) return Uint8Array.of(value);
  return size === 2 ? octets16(value) : octets16(value >>> 16, value & 0xffff);
}

function hexFromText(words: readonly Token[]): Uint8Array | undefined {
  const digits = words.map(({ text }) => text).join("");
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return undefined;
  return Uint8Array.fromHex(digits);
}

function stringsFromText(words: readonly Token[]): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const { text } of words) {
    const octets = octetsFromText(text);
    if (octets === undefined || octets.length > MAX_STRING_OCTETS) return undefined;
    parts.push(Uint8Array.of(octets.length), octets);
  }
  return joinOctets(parts);
}

/** Characters as UTF-8, escapes as the octets they stand for. */
function octetsFromText(text: string): Uint8Array | undefined {
  const source = new TextEncoder().encode(text);
  const octets = new Uint8Array(source.length);
  let used = 0;
  let at = 0;
  while (at < source.length) {
    let octet = source[at] ?? 0;
    let next = at + 1;
    if (octet === 0x5c) {
      const escaped = readEscape(source, at);
      if (escaped === undefined) return undefined;
      octet = escaped.octet;
      next = escaped.end;
    }
    octets[used] = octet;
    used += 1;
    at = next;
  }
  return octets.subarray(0, used);
}

/** `\# length hex`, RFC 3597 §5. */
function opaqueToText(rdata: Uint8Array): string {
  return `\\# ${rdata.length} ${rdata.toHex()}`.trimEnd();
}

/** The data of a record as text that {@link rdataFromText} reads back, names absolute. */
export function rdataToText(type: number, rdata: Uint8Array): string {
  const layout = rdataLayout(type);
  if (layout === undefined) return opaqueToText(rdata);
  const words: string[] = [];
  let at = 0;
  for (const field of layout.fields) {
    if (field === "name" || field === "plain-name") {
      const name = readName(rdata, at);
      if (!name.ok) throw new Error("stored data is sound");
      words.push(nameToText(name.value.name));
      at = name.value.end;
      continue;
    }
    const end = skipField(field, rdata, at, rdata.length);
    // No octets are no word: only the notation of opaque data can say so.
    if (field === "hex" && end === at) return opaqueToText(rdata);
    const word = fieldToText(field, rdata.subarray(at, end));
    // The tag of a CAA must not be quoted (RFC 8659 §4.1.1).
    const isTag = type === RecordType.CAA && field === "string";
    words.push(isTag ? word.replace(/^"([A-Za-z0-9]+)"$/, "$1") : word);
    at = end;
  }
  return words.join(" ");
}

function fieldToText(
  field: Exclude<RdataField, "name" | "plain-name">,
  octets: Uint8Array,
): string {
  switch (field) {
    case "u8":
    case "u16":
    case "u32":
      return String(octets.reduce((value, octet) => value * 256 + octet, 0));
    case "ipv4":
    case "ipv6":
      return addressToText(octets);
    case "hex":
      return octets.toHex();
    case "octets":
      return quoted(octets);
    case "string":
    case "strings": {
      const strings: string[] = [];
      for (let at = 0; at < octets.length; at += (octets[at] ?? 0) + 1) {
        strings.push(quoted(octets.subarray(at + 1, at + 1 + (octets[at] ?? 0))));
      }
      return strings.join(" ");
    }
  }
}

function quoted(octets: Uint8Array): string {
  const escaped = Array.from(octets, (octet) => {
    if (octet === 0x22 || octet === 0x5c) return `\\${String.fromCharCode(octet)}`;
    if (octet < 0x20 || octet > 0x7e) return `\\${String(octet).padStart(3, "0")}`;
    return String.fromCharCode(octet);
  });
  return `"${escaped.join("")}"`;
}
