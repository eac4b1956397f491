/**
 * A whole message cut into questions and records (RFC 1035 §4.1), for those that need all of it:
 * updates and signatures. What the records hold is not looked at yet.
 */
import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import { HEADER_OCTETS, Opcode, RecordType } from "./codes.ts";
import { EdnsQuery, OPT_OCTETS, writeOpt } from "./edns.ts";
import { isName, skipName } from "./name.ts";
import { readUint16, writeUint16 } from "./wire-numbers.ts";

/** Its name stands at `start` and is never compressed. */
type RawQuestion = {
  readonly start: number;
  readonly nameEnd: number;
  readonly type: number;
  readonly class: number;
};

/** Its owner stands at `start` and may be compressed. */
export type RawRecord = {
  readonly start: number;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly rdataStart: number;
  readonly rdataLength: number;
};

/** The sections have other names in an UPDATE: zone, prerequisites, updates, additional data. */
export type RawMessage = {
  readonly octets: Uint8Array;
  readonly questions: readonly RawQuestion[];
  /** Behind the questions. */
  readonly questionsEnd: number;
  readonly answers: readonly RawRecord[];
  readonly authorities: readonly RawRecord[];
  readonly additionals: readonly RawRecord[];
};

const QUESTION_FIXED_OCTETS = 4;
const RECORD_FIXED_OCTETS = 10;
const QR = 0x80;
const OPCODE_MASK = 0x78;
const TC = 0x02;
const RD = 0x01;

function messageError<Value>(code: string, offset: number): Result<Value, DecodeError> {
  return fail({ code, offset, field: "message" });
}

/** Octets behind the last record are an error. */
export function readMessage(octets: Uint8Array): Result<RawMessage, DecodeError> {
  if (octets.length < HEADER_OCTETS) return messageError("truncated", octets.length);
  const questions: RawQuestion[] = [];
  let at = HEADER_OCTETS;
  for (let left = readUint16(octets, 4); left > 0; left -= 1) {
    const nameEnd = skipName(octets, at, octets.length);
    if (nameEnd < 0 || !isName(octets.subarray(at, nameEnd))) return messageError("question", at);
    if (nameEnd + QUESTION_FIXED_OCTETS > octets.length) return messageError("truncated", nameEnd);
    const [type, recordClass] = [readUint16(octets, nameEnd), readUint16(octets, nameEnd + 2)];
    questions.push({ start: at, nameEnd, type, class: recordClass });
    at = nameEnd + QUESTION_FIXED_OCTETS;
  }
  const questionsEnd = at;
  const sections: RawRecord[][] = [];
  for (const countAt of [6, 8, 10]) {
    const section = readSection(octets, at, readUint16(octets, countAt));
    if (section === undefined) return messageError("record", at);
    at = section.end;
    sections.push(section.records);
  }
  if (at !== octets.length) return messageError("trailing-octets", at);
  const [answers = [], authorities = [], additionals = []] = sections;
  return ok({ octets, questions, questionsEnd, answers, authorities, additionals });
}

function readSection(
  octets: Uint8Array,
  start: number,
  count: number,
): { readonly records: RawRecord[]; readonly end: number } | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const records: RawRecord[] = [];
  let at = start;
  for (let left = count; left > 0; left -= 1) {
    const fixed = skipName(octets, at, octets.length);
    if (fixed < 0 || fixed + RECORD_FIXED_OCTETS > octets.length) return undefined;
    const rdataStart = fixed + RECORD_FIXED_OCTETS;
    const rdataLength = view.getUint16(fixed + 8);
    if (rdataStart + rdataLength > octets.length) return undefined;
    records.push({
      start: at,
      type: view.getUint16(fixed),
      class: view.getUint16(fixed + 2),
      ttl: view.getUint32(fixed + 4),
      rdataStart,
      rdataLength,
    });
    at = rdataStart + rdataLength;
  }
  return { records, end: at };
}

/** A reply of ours with nothing but its question and OPT left, and TC set. */
export function truncateReply(reply: Uint8Array): Uint8Array {
  const message = readMessage(reply);
  if (!message.ok) throw new Error("our own reply is sound");
  const { questionsEnd, additionals } = message.value;
  const opt = additionals.find(({ type }) => type === RecordType.OPT);
  const kept = opt && reply.subarray(opt.start, opt.rdataStart + opt.rdataLength);
  const cut = new Uint8Array(questionsEnd + (kept?.length ?? 0));
  cut.set(reply.subarray(0, questionsEnd));
  cut.set(kept ?? [], questionsEnd);
  cut[2] = (cut[2] ?? 0) | TC;
  for (const [countAt, count] of [
    [6, 0],
    [8, 0],
    [10, kept === undefined ? 0 : 1],
  ] as const) {
    writeUint16(cut, countAt, count);
  }
  return cut;
}

/**
 * The OPT of the additional section (RFC 6891 §6.1.1): undefined without one, `malformed` where
 * there are two, it does not belong to the root or cannot be read.
 */
export function readOpt({ octets, additionals }: RawMessage): EdnsQuery | undefined | "malformed" {
  const [record, second] = additionals.filter(({ type }) => type === RecordType.OPT);
  if (record === undefined) return undefined;
  const edns = new EdnsQuery();
  const typeAt = record.rdataStart - RECORD_FIXED_OCTETS;
  const isSound =
    second === undefined &&
    octets[record.start] === 0 &&
    edns.read(octets, typeAt, record.rdataLength);
  return isSound ? edns : "malformed";
}

/** A header alone: id, opcode, RD of a query, rcode. `message` has at least a header. */
export function headerReply(message: Uint8Array, rcode: number): Uint8Array {
  const reply = new Uint8Array(HEADER_OCTETS);
  const flags = message[2] ?? 0;
  const opcode = flags & OPCODE_MASK;
  reply.set(message.subarray(0, 2));
  reply[2] = QR | opcode | (opcode === Opcode.QUERY ? flags & RD : 0);
  reply[3] = rcode & 15;
  return reply;
}

/** A reply with the message's questions and, where it had one, an OPT. */
export function questionReply(
  message: RawMessage,
  edns: EdnsQuery | undefined,
  rcode: number,
  udpPayloadOctets: number,
): Uint8Array {
  const { octets, questions, questionsEnd } = message;
  const reply = new Uint8Array(questionsEnd + (edns === undefined ? 0 : OPT_OCTETS));
  reply.set(octets.subarray(0, questionsEnd));
  reply.set(headerReply(octets, rcode));
  writeUint16(reply, 4, questions.length);
  if (edns === undefined) return reply;
  writeUint16(reply, 10, 1);
  writeOpt(reply, questionsEnd, rcode >> 4, edns.dnssecOk, udpPayloadOctets);
  return reply;
}
