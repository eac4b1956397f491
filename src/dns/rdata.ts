/**
 * Record data. One table says how the RDATA of each known type is laid out; checking, reading
 * from a message and both directions of text follow it. A type not in the table is opaque octets
 * (RFC 3597). Stored RDATA never holds a compressed name.
 */
import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import { ipv4FromText, ipv6FromText } from "./address.ts";
import { RecordType } from "./codes.ts";
import { type Name, readName } from "./name.ts";

/**
 * One field of RDATA. `name` may be compressed when sent (the types of RFC 1035), `plain-name`
 * must not be (RFC 3597 §4); `strings` and `octets` take the rest.
 */
export type RdataField =
  | "u8"
  | "u16"
  | "u32"
  | "ipv4"
  | "ipv6"
  | "name"
  | "plain-name"
  | "string"
  | "strings"
  | "octets"
  | "hex";

export type RdataLayout = { readonly mnemonic: string; readonly fields: readonly RdataField[] };

/** Largest RDATA, RFC 1035 §3.2.1. */
export const MAX_RDATA_OCTETS = 65_535;
export const MAX_STRING_OCTETS = 255;

const LAYOUTS: ReadonlyMap<number, RdataLayout> = new Map<number, RdataLayout>([
  // RFC 1035 §3.3, §3.4
  [RecordType.A, { mnemonic: "A", fields: ["ipv4"] }],
  [RecordType.NS, { mnemonic: "NS", fields: ["name"] }],
  [RecordType.CNAME, { mnemonic: "CNAME", fields: ["name"] }],
  [
    RecordType.SOA,
    { mnemonic: "SOA", fields: ["name", "name", "u32", "u32", "u32", "u32", "u32"] },
  ],
  [RecordType.PTR, { mnemonic: "PTR", fields: ["name"] }],
  [RecordType.HINFO, { mnemonic: "HINFO", fields: ["string", "string"] }],
  [RecordType.MX, { mnemonic: "MX", fields: ["u16", "name"] }],
  [RecordType.TXT, { mnemonic: "TXT", fields: ["strings"] }],
  // RFC 1183 §2.2
  [RecordType.RP, { mnemonic: "RP", fields: ["plain-name", "plain-name"] }],
  // RFC 3596 §2.2
  [RecordType.AAAA, { mnemonic: "AAAA", fields: ["ipv6"] }],
  // RFC 2782
  [RecordType.SRV, { mnemonic: "SRV", fields: ["u16", "u16", "u16", "plain-name"] }],
  // RFC 3403 §4.1
  [
    RecordType.NAPTR,
    { mnemonic: "NAPTR", fields: ["u16", "u16", "string", "string", "string", "plain-name"] },
  ],
  // RFC 4034 §5.1
  [RecordType.DS, { mnemonic: "DS", fields: ["u16", "u8", "u8", "hex"] }],
  // RFC 4255 §3.1
  [RecordType.SSHFP, { mnemonic: "SSHFP", fields: ["u8", "u8", "hex"] }],
  // RFC 6698 §2.1
  [RecordType.TLSA, { mnemonic: "TLSA", fields: ["u8", "u8", "u8", "hex"] }],
  // RFC 7208 §3.1: obsolete, kept for old zones
  [RecordType.SPF, { mnemonic: "SPF", fields: ["strings"] }],
  // RFC 8659 §4.1
  [RecordType.CAA, { mnemonic: "CAA", fields: ["u8", "string", "octets"] }],
]);

const TYPES_BY_MNEMONIC: ReadonlyMap<string, number> = new Map(
  [...LAYOUTS].map(([type, { mnemonic }]) => [mnemonic, type]),
);

/** The layout of a known type; undefined for one whose data is opaque. */
export function rdataLayout(type: number): RdataLayout | undefined {
  return LAYOUTS.get(type);
}

/** `SRV` or `TYPE33` (RFC 3597 §5), in any case; undefined where it is neither. */
export function typeFromText(text: string): number | undefined {
  const upper = text.toUpperCase();
  const known = TYPES_BY_MNEMONIC.get(upper);
  if (known !== undefined) return known;
  const match = /^TYPE(\d{1,5})$/.exec(upper);
  const type = match === null ? Number.NaN : Number(match[1]);
  return type <= 65_535 ? type : undefined;
}

export function typeToText(type: number): string {
  return LAYOUTS.get(type)?.mnemonic ?? `TYPE${type}`;
}

const FIXED_OCTETS: Partial<Record<RdataField, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  ipv4: 4,
  ipv6: 16,
};

function rdataError<Value>(code: string, offset: number): Result<Value, DecodeError> {
  return fail({ code, offset, field: "rdata" });
}

/** Behind one field of `message[at..end)` other than a name, or -1. */
export function skipField(field: RdataField, message: Uint8Array, at: number, end: number): number {
  const fixed = FIXED_OCTETS[field];
  if (fixed !== undefined) return at + fixed <= end ? at + fixed : -1;
  if (field === "octets" || field === "hex") return end;
  let next = at;
  do {
    if (next >= end) return -1;
    next += (message[next] ?? 0) + 1;
  } while (field === "strings" && next < end);
  return next <= end ? next : -1;
}

/**
 * Takes the RDATA at `message[offset..offset+length)` out of a message: names decompressed, and
 * everything that the type's layout demands checked, RDLENGTH included.
 */
export function readRdata(
  type: number,
  message: Uint8Array,
  offset: number,
  length: number,
): Result<Uint8Array, DecodeError> {
  const end = offset + length;
  if (end > message.length) return rdataError("truncated", message.length);
  const layout = LAYOUTS.get(type);
  if (layout === undefined) return ok(message.slice(offset, end));
  const parts: Uint8Array[] = [];
  let at = offset;
  for (const field of layout.fields) {
    if (field === "name" || field === "plain-name") {
      const name = readName(message, at);
      if (!name.ok) return name;
      if (name.value.end > end) return rdataError("name-past-end", at);
      parts.push(name.value.name);
      at = name.value.end;
      continue;
    }
    const next = skipField(field, message, at, end);
    if (next < 0) return rdataError("field-past-end", at);
    parts.push(message.subarray(at, next));
    at = next;
  }
  return at === end ? ok(joinOctets(parts)) : rdataError("trailing-octets", at);
}

/** Whether these octets are sound, uncompressed RDATA of the type. */
export function isRdata(type: number, rdata: Uint8Array): boolean {
  if (rdata.length > MAX_RDATA_OCTETS) return false;
  const read = readRdata(type, rdata, 0, rdata.length);
  // A name that was compressed comes out longer than it went in.
  return read.ok && read.value.length === rdata.length;
}

export function joinOctets(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function octets16(...values: number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [(value >> 8) & 0xff, value & 0xff]));
}

function octets32(...values: number[]): Uint8Array {
  const octets = new Uint8Array(values.length * 4);
  const view = new DataView(octets.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value);
  return octets;
}

/** RFC 1035 §3.3.13. Times are seconds. */
export type SoaFields = {
  readonly primary: Name;
  readonly mailbox: Name;
  readonly serial: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  readonly minimumSeconds: number;
};

export function soaRdata(soa: SoaFields): Uint8Array {
  return joinOctets([
    soa.primary,
    soa.mailbox,
    octets32(
      soa.serial,
      soa.refreshSeconds,
      soa.retrySeconds,
      soa.expireSeconds,
      soa.minimumSeconds,
    ),
  ]);
}

/** Reads sound SOA RDATA, as zones hold it. */
export function readSoa(rdata: Uint8Array): SoaFields {
  const primary = readName(rdata, 0);
  if (!primary.ok) throw new Error("SOA without a primary name");
  const mailbox = readName(rdata, primary.value.end);
  if (!mailbox.ok) throw new Error("SOA without a mailbox");
  const view = new DataView(rdata.buffer, rdata.byteOffset + mailbox.value.end);
  return {
    primary: primary.value.name,
    mailbox: mailbox.value.name,
    serial: view.getUint32(0),
    refreshSeconds: view.getUint32(4),
    retrySeconds: view.getUint32(8),
    expireSeconds: view.getUint32(12),
    minimumSeconds: view.getUint32(16),
  };
}

/** RFC 2782. A target of the root says that the service is not to be had here. */
export type SrvFields = {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: Name;
};

export function srvRdata({ priority, weight, port, target }: SrvFields): Uint8Array {
  return joinOctets([octets16(priority, weight, port), target]);
}

/** Reads sound SRV RDATA, as zones hold it. */
export function readSrv(rdata: Uint8Array): SrvFields {
  const view = new DataView(rdata.buffer, rdata.byteOffset);
  const target = rdata.slice(6);
  return {
    priority: view.getUint16(0),
    weight: view.getUint16(2),
    port: view.getUint16(4),
    target,
  };
}

/** The type and RDATA of a host's address: A or AAAA; undefined where the text is neither. */
export function addressRdata(
  text: string,
): { readonly type: number; readonly rdata: Uint8Array } | undefined {
  const four = ipv4FromText(text);
  if (four !== undefined) return { type: RecordType.A, rdata: four };
  const six = ipv6FromText(text);
  return six === undefined ? undefined : { type: RecordType.AAAA, rdata: six };
}

/** One character-string per entry, each of at most 255 octets (RFC 1035 §3.3.14). */
export function txtRdata(strings: readonly Uint8Array[]): Uint8Array {
  return joinOctets(strings.flatMap((string) => [Uint8Array.of(string.length), string]));
}

/**
 * Where the host named by the data begins in RDATA, for the types whose hosts' addresses belong
 * into the additional section (RFC 1035 §3.3, RFC 2782); -1 for every other type.
 */
export function targetOffset(type: number): number {
  if (type === RecordType.NS) return 0;
  if (type === RecordType.MX) return 2;
  return type === RecordType.SRV ? 6 : -1;
}
