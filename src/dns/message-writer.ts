import { HEADER_OCTETS, MAX_MESSAGE_OCTETS, RecordClass } from "./codes.ts";
import { lowerOctet, type Name } from "./name.ts";
import { rdataLayout, skipField } from "./rdata.ts";

/** QTYPE and QCLASS behind the question's name. */
export const QUESTION_FIXED_OCTETS = 4;

/** Places in a message that later names are compared with. */
const MAX_COMPRESSION_TARGETS = 64;
const MAX_POINTER = 0x3fff;
const OPAQUE = ["octets"] as const;

/** Writes the records of one message, names compressed (RFC 1035 §4.1.4). Made to be reused. */
export class MessageWriter {
  readonly #message = new Uint8Array(MAX_MESSAGE_OCTETS);
  readonly #labelOffsets = new Uint16Array(MAX_COMPRESSION_TARGETS);
  #labels = 0;
  #used = 0;
  #bodyStart = 0;
  #pointers: number[] = [];

  /** Begins a message with one question: its records may point into the question's name. */
  begin(question: Name): void {
    this.#used = HEADER_OCTETS;
    this.#labels = 0;
    this.#pointers = [];
    this.#name(question, 0, false);
    this.#used += QUESTION_FIXED_OCTETS;
    this.#bodyStart = this.#used;
  }

  /** Octets behind the question. */
  get length(): number {
    return this.#used - this.#bodyStart;
  }

  /** What was written behind the question. */
  body(): Uint8Array {
    return this.#message.slice(this.#bodyStart, this.#used);
  }

  /** Where pointers stand in {@link body}. */
  pointers(): Uint16Array {
    return Uint16Array.from(this.#pointers, (offset) => offset - this.#bodyStart);
  }

  /** Takes back what was written behind `length` octets of the body. */
  cutTo(length: number): void {
    this.#used = this.#bodyStart + length;
    while (this.#labels > 0 && (this.#labelOffsets[this.#labels - 1] ?? 0) >= this.#used) {
      this.#labels -= 1;
    }
  }

  /**
   * Writes a record of class IN whose RDATA is `octets[from..to)`; false, and nothing written,
   * where it might not fit.
   */
  record(
    owner: Name,
    type: number,
    ttl: number,
    octets: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    if (this.#used + owner.length + 10 + to - from > MAX_MESSAGE_OCTETS) return false;
    this.#name(owner, 0, true);
    this.#write16(type);
    this.#write16(RecordClass.IN);
    this.#write16(ttl >>> 16);
    this.#write16(ttl & 0xffff);
    const lengthAt = this.#used;
    this.#used += 2;
    this.#rdata(type, octets, from, to);
    const length = this.#used - lengthAt - 2;
    this.#message[lengthAt] = length >> 8;
    this.#message[lengthAt + 1] = length & 0xff;
    return true;
  }

  #rdata(type: number, octets: Uint8Array, from: number, to: number): void {
    let at = from;
    for (const field of rdataLayout(type)?.fields ?? OPAQUE) {
      if (field === "name" || field === "plain-name") {
        at = this.#name(octets, at, field === "name");
        continue;
      }
      const end = skipField(field, octets, at, to);
      this.#octets(octets, at, end);
      at = end;
    }
  }

  #write16(value: number): void {
    this.#message[this.#used] = value >> 8;
    this.#message[this.#used + 1] = value & 0xff;
    this.#used += 2;
  }

  /** By hand: most are a few octets, for which a view to copy from costs more than copying. */
  #octets(octets: Uint8Array, from: number, to: number): void {
    let used = this.#used;
    for (let at = from; at < to; at += 1, used += 1) this.#message[used] = octets[at] ?? 0;
    this.#used = used;
  }

  /**
   * Writes the name at `octets[from]`, its longest known suffix as a pointer where that is
   * allowed, and gives the offset behind it.
   */
  #name(octets: Uint8Array, from: number, compress: boolean): number {
    // Not its own labels: what follows them is not written yet.
    const known = this.#labels;
    let at = from;
    while ((octets[at] ?? 0) !== 0) {
      const target = compress ? this.#findSuffix(octets, at, known) : -1;
      if (target >= 0) {
        this.#pointers.push(this.#used);
        this.#write16(0xc000 | target);
        while ((octets[at] ?? 0) !== 0) at += (octets[at] ?? 0) + 1;
        return at + 1;
      }
      if (this.#labels < MAX_COMPRESSION_TARGETS && this.#used <= MAX_POINTER) {
        this.#labelOffsets[this.#labels] = this.#used;
        this.#labels += 1;
      }
      const end = at + (octets[at] ?? 0) + 1;
      this.#octets(octets, at, end);
      at = end;
    }
    this.#message[this.#used] = 0;
    this.#used += 1;
    return at + 1;
  }

  /** Where one of the `known` labels begins the suffix of `name` from `at` on, or -1. */
  #findSuffix(name: Name, at: number, known: number): number {
    for (let index = 0; index < known; index += 1) {
      const offset = this.#labelOffsets[index] ?? 0;
      if (this.#holds(offset, name, at)) return offset;
    }
    return -1;
  }

  #holds(offset: number, name: Name, from: number): boolean {
    const message = this.#message;
    let at = from;
    let place = offset;
    for (;;) {
      let octet = message[place] ?? 0;
      while ((octet & 0xc0) === 0xc0) {
        place = ((octet & 0x3f) << 8) | (message[place + 1] ?? 0);
        octet = message[place] ?? 0;
      }
      if (octet !== name[at]) return false;
      if (octet === 0) return true;
      for (let index = 1; index <= octet; index += 1) {
        const own = lowerOctet(message[place + index] ?? 0);
        if (own !== lowerOctet(name[at + index] ?? 0)) return false;
      }
      place += octet + 1;
      at += octet + 1;
    }
  }
}
