/** The TSIG record (RFC 8945 §4.2): taken off a message, or put behind it. */
import { type DecodeError, fail, ok, type Result } from "../../platform/result.ts";
import { HEADER_OCTETS, RecordClass, RecordType } from "../codes.ts";
import { lowerName, type Name, readName } from "../name.ts";
import type { RawMessage, RawRecord } from "../raw-message.ts";
import { joinOctets, octets16 } from "../rdata.ts";
import { readUint16, writeUint16 } from "../wire-numbers.ts";

/** RFC 8945 §3 and §5.2, as they stand in the record's error field. */
export const TsigError = { NONE: 0, BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;
export type TsigError = (typeof TsigError)[keyof typeof TsigError];

export type TsigRecord = {
  readonly keyName: Name;
  readonly algorithm: Name;
  /** Unix seconds, 48 bits. */
  readonly timeSigned: number;
  /** Seconds. */
  readonly fudge: number;
  readonly mac: Uint8Array;
  readonly originalId: number;
  readonly error: number;
  readonly otherData: Uint8Array;
};

/** A message parted from its signature. */
export type SignedMessage = {
  readonly record: TsigRecord;
  /** As it was before it was signed, but for an id that a forwarder changed. */
  readonly unsigned: Uint8Array;
};

const TIME_OCTETS = 6;
const ADDITIONAL_COUNT_AT = 10;
/** Class ANY and a TTL of zero, as they stand in record and digest. */
const CLASS_AND_TTL = octets16(RecordClass.ANY, 0, 0);

function recordError<Value>(code: string, offset: number): Result<Value, DecodeError> {
  return fail({ code, offset, field: "tsig" });
}

/**
 * Takes the TSIG off; undefined where there is none. An error where it is not the last of the
 * additional records, is not the only one, or is not laid out as it must be (RFC 8945 §5.1).
 */
export function splitSigned(message: RawMessage): Result<SignedMessage | undefined, DecodeError> {
  const { octets, answers, authorities, additionals } = message;
  const all = [...answers, ...authorities, ...additionals];
  const found = all.find(({ type }) => type === RecordType.TSIG);
  if (found === undefined) return ok(undefined);
  if (found !== additionals.at(-1)) return recordError("not-last", found.start);
  if (found.class !== RecordClass.ANY || found.ttl !== 0) {
    return recordError("class-or-ttl", found.start);
  }
  const record = readRecord(octets, found);
  if (!record.ok) return record;
  const unsigned = octets.slice(0, found.start);
  writeUint16(unsigned, ADDITIONAL_COUNT_AT, additionals.length - 1);
  return ok({ record: record.value, unsigned });
}

function readRecord(
  octets: Uint8Array,
  { start, rdataStart, rdataLength }: RawRecord,
): Result<TsigRecord, DecodeError> {
  const end = rdataStart + rdataLength;
  const keyName = readName(octets, start);
  if (!keyName.ok) return keyName;
  const algorithm = readName(octets, rdataStart);
  if (!algorithm.ok) return algorithm;
  const timeAt = algorithm.value.end;
  const macAt = timeAt + TIME_OCTETS + 4;
  const afterMac = macAt + readUint16(octets, macAt - 2);
  const otherAt = afterMac + 6;
  if (macAt > end || otherAt > end || otherAt + readUint16(octets, otherAt - 2) !== end) {
    return recordError("lengths", rdataStart);
  }
  return ok({
    keyName: keyName.value.name,
    algorithm: algorithm.value.name,
    timeSigned: readUint48(octets, timeAt),
    fudge: readUint16(octets, timeAt + TIME_OCTETS),
    mac: octets.slice(macAt, afterMac),
    originalId: readUint16(octets, afterMac),
    error: readUint16(octets, afterMac + 2),
    otherData: octets.slice(otherAt, end),
  });
}

/** The message with the record behind it. */
export function appendRecord(message: Uint8Array, record: TsigRecord): Uint8Array {
  const rdata = joinOctets([
    record.algorithm,
    octets48(record.timeSigned),
    octets16(record.fudge, record.mac.length),
    record.mac,
    octets16(record.originalId, record.error, record.otherData.length),
    record.otherData,
  ]);
  const type = octets16(RecordType.TSIG);
  const length = octets16(rdata.length);
  const signed = joinOctets([message, record.keyName, type, CLASS_AND_TTL, length, rdata]);
  writeUint16(signed, ADDITIONAL_COUNT_AT, readUint16(message, ADDITIONAL_COUNT_AT) + 1);
  return signed;
}

/**
 * What the MAC is computed over (RFC 8945 §4.3): the MAC of the request that is answered, if any;
 * the message with its original id; the variables of the record.
 */
export function digestParts(
  unsigned: Uint8Array,
  record: Omit<TsigRecord, "mac">,
  requestMac: Uint8Array | undefined,
): readonly Uint8Array[] {
  const { keyName, algorithm, timeSigned, fudge, originalId, error, otherData } = record;
  const header = unsigned.slice(0, HEADER_OCTETS);
  writeUint16(header, 0, originalId);
  const before = requestMac === undefined ? [] : [octets16(requestMac.length), requestMac];
  return [
    ...before,
    header,
    unsigned.subarray(HEADER_OCTETS),
    lowerName(keyName),
    CLASS_AND_TTL,
    lowerName(algorithm),
    octets48(timeSigned),
    octets16(fudge, error, otherData.length),
    otherData,
  ];
}

export function readUint48(octets: Uint8Array, at: number): number {
  let value = 0;
  for (let index = at; index < at + TIME_OCTETS; index += 1) {
    value = value * 256 + (octets[index] ?? 0);
  }
  return value;
}

export function octets48(value: number): Uint8Array {
  const high = Math.floor(value / 2 ** 32);
  return octets16(high, (value >>> 16) & 0xffff, value & 0xffff);
}
