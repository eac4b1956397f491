/** A question of any name and type, and what is understood of its answer. */
import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import { HEADER_OCTETS, Opcode, RCODE_NAMES, Rcode, RecordClass, RecordType } from "./codes.ts";
import { OPT_OCTETS, UDP_PAYLOAD_OCTETS, writeOpt } from "./edns.ts";
import { type Name, readName, sameName } from "./name.ts";
import { type RawMessage, type RawRecord, readMessage } from "./raw-message.ts";
import { joinOctets, octets16, readRdata } from "./rdata.ts";
import type { ZoneRecord } from "./zone.ts";

export type Question = {
  readonly id: number;
  readonly name: Name;
  readonly type: number;
  /** Asks a resolver to find out (RD); a zone's own server needs no such wish. */
  readonly recursive: boolean;
};

export type Answer = {
  /** With the upper bits of the OPT (RFC 6891 §6.1.3). */
  readonly rcode: number;
  readonly authoritative: boolean;
  /** Records of class IN; those whose data cannot be read are left out. */
  readonly answers: readonly ZoneRecord[];
  readonly authorities: readonly ZoneRecord[];
  readonly additionals: readonly ZoneRecord[];
};

const QR = 0x80;
const AA = 0x04;
const TC = 0x02;
const OPCODE_MASK = 0x78;

export function questionMessage({ id, name, type, recursive }: Question): Uint8Array {
  const head = octets16(id, recursive ? 0x0100 : 0, 1, 0, 0, 1);
  const opt = new Uint8Array(OPT_OCTETS);
  writeOpt(opt, 0, 0, false, UDP_PAYLOAD_OCTETS);
  return joinOctets([head, name, octets16(type, RecordClass.IN), opt]);
}

/** Same id, and the same question or, as FORMERR may, none (RFC 5452 §9.1). */
export function isAnswerTo(message: Uint8Array, { id, name, type }: Question): boolean {
  if (!isReply(message, id, Opcode.QUERY)) return false;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const questions = view.getUint16(4);
  if (questions !== 1) return questions === 0 && (view.getUint8(3) & 15) !== Rcode.NOERROR;
  const asked = readName(message, HEADER_OCTETS);
  if (!asked.ok || asked.value.end + 4 > message.length) return false;
  return (
    sameName(asked.value.name, name) &&
    view.getUint16(asked.value.end) === type &&
    view.getUint16(asked.value.end + 2) === RecordClass.IN
  );
}

export function isReply(message: Uint8Array, id: number, opcode: number): boolean {
  if (message.length < HEADER_OCTETS) return false;
  const isSameId = message[0] === id >> 8 && message[1] === (id & 0xff);
  return isSameId && ((message[2] ?? 0) & (QR | OPCODE_MASK)) === (QR | (opcode << 3));
}

/** Whether there is more of the answer by TCP. */
export function isTruncated(message: Uint8Array): boolean {
  return ((message[2] ?? 0) & TC) !== 0;
}

export function readAnswer(octets: Uint8Array): Result<Answer, DecodeError> {
  const read = readMessage(octets);
  if (!read.ok) return fail(read.error);
  const message = read.value;
  return ok({
    rcode: fullRcode(message),
    authoritative: ((octets[2] ?? 0) & AA) !== 0,
    answers: recordsOf(message, message.answers),
    authorities: recordsOf(message, message.authorities),
    additionals: recordsOf(message, message.additionals),
  });
}

function fullRcode({ octets, additionals }: RawMessage): number {
  const opt = additionals.find(({ type }) => type === RecordType.OPT);
  return ((octets[3] ?? 0) & 15) | (((opt?.ttl ?? 0) >>> 24) << 4);
}

function recordsOf({ octets }: RawMessage, records: readonly RawRecord[]): ZoneRecord[] {
  return records.flatMap(({ start, type, class: recordClass, ttl, rdataStart, rdataLength }) => {
    if (recordClass !== RecordClass.IN) return [];
    const name = readName(octets, start);
    const rdata = readRdata(type, octets, rdataStart, rdataLength);
    return name.ok && rdata.ok ? [{ name: name.value.name, type, ttl, rdata: rdata.value }] : [];
  });
}

/** `NXDOMAIN`, or `RCODE23`. */
export function rcodeText(rcode: number): string {
  if (rcode === Rcode.BADVERS) return "BADVERS";
  return RCODE_NAMES[rcode] ?? `RCODE${rcode}`;
}
