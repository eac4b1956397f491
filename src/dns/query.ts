import { HEADER_OCTETS, Opcode, RecordType } from "./codes.ts";
import { EdnsQuery } from "./edns.ts";
import { QUESTION_FIXED_OCTETS } from "./message-writer.ts";
import { skipName } from "./name.ts";
import { NameScan } from "./name-scan.ts";

/** Fixed octets of a record behind its owner: type, class, TTL, RDLENGTH (RFC 1035 §4.1.3). */
const RECORD_FIXED_OCTETS = 10;

/**
 * A message that asks something, read in place. One object is used for every message in turn: the
 * server's way from query to reply allocates nothing.
 */
export class Query {
  opcode = 0;
  questions = 0;
  /** Behind the question, or behind the header where there is none. */
  questionEnd = 0;
  type = 0;
  class = 0;
  readonly name = new NameScan();
  readonly edns = new EdnsQuery();
  /** The last record is a TSIG (RFC 8945 §5.1). */
  isSigned = false;

  /**
   * Reads `message[start..end)`, which holds at least a header. False where it is malformed.
   * Octets behind the last record are no offence: older clients send them.
   */
  read(message: Uint8Array, start: number, end: number): boolean {
    this.edns.reset();
    this.isSigned = false;
    this.opcode = ((message[start + 2] ?? 0) >> 3) & 15;
    this.questions = count(message, start + 4);
    this.questionEnd = start + HEADER_OCTETS;
    // More than one question has no meaning, RFC 9619 §4.
    if (this.questions > 1) return false;
    if (this.questions === 1 && !this.#readQuestion(message, end)) return false;
    const before = count(message, start + 6) + count(message, start + 8);
    const additional = count(message, start + 10);
    if (before + additional === 0) return true;
    return this.#readRecords(message, end, before, additional);
  }

  #readQuestion(message: Uint8Array, end: number): boolean {
    const at = this.name.scan(message, this.questionEnd, end);
    if (at < 0 || at + QUESTION_FIXED_OCTETS > end) return false;
    this.type = count(message, at);
    this.class = count(message, at + 2);
    this.questionEnd = at + QUESTION_FIXED_OCTETS;
    return true;
  }

  /** Walks all records for the one OPT, which stands in the additional section or nowhere. */
  #readRecords(message: Uint8Array, end: number, before: number, additional: number): boolean {
    let at = this.questionEnd;
    for (let left = before + additional; left > 0; left -= 1) {
      const owner = at;
      at = skipName(message, owner, end);
      if (at < 0 || at + RECORD_FIXED_OCTETS > end) return false;
      const type = count(message, at);
      const length = count(message, at + 8);
      const next = at + RECORD_FIXED_OCTETS + length;
      if (next > end) return false;
      if (type === RecordType.OPT) {
        const isMisplaced = left > additional || this.edns.present || message[owner] !== 0;
        if (isMisplaced || !this.edns.read(message, at, length)) return false;
      }
      // A TSIG is the last additional record or none, RFC 8945 §5.1.
      if (type === RecordType.TSIG && (left > 1 || additional === 0)) return false;
      this.isSigned = type === RecordType.TSIG;
      at = next;
    }
    return true;
  }
}

/** The opcodes this server knows at all; the rest is answered NOTIMP (RFC 8906 §3.1.4). */
export function isKnownOpcode(opcode: number): boolean {
  return opcode === Opcode.QUERY || opcode === Opcode.NOTIFY || opcode === Opcode.UPDATE;
}

function count(message: Uint8Array, at: number): number {
  return ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
}
