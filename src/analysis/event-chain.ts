/**
 * Tamper evidence for the event log (EVENT-6): the hash of each entry covers the hash of the one
 * before it, so that nothing in between can be changed, taken out or moved without a trace.
 *
 * What it cannot show by itself: a log whose every hash was made anew from some entry on. Whoever
 * fears that notes the newest id and hash now and then, outside this machine.
 */
import type { Sha256 } from "../platform/hash.ts";

/** A column's value as SQLite keeps it. */
export type ChainValue = string | number | Uint8Array | null;

/** SHA-256. */
export const CHAIN_HASH_LENGTH = 32;

/** What the first entry of all follows. */
export const CHAIN_START: Uint8Array = new Uint8Array(CHAIN_HASH_LENGTH);

// Tags of the canonical form, one octet before each value.
const TAG_NULL = 0;
const TAG_INTEGER = 1;
const TAG_TEXT = 2;
const TAG_OCTETS = 3;
const TAG_REAL = 4;
const NUMBER_LENGTH = 9;
const HEAD_LENGTH = 5;
const INITIAL_LENGTH = 8192;

const ENCODER = new TextEncoder();

/**
 * Makes entries' hashes: SHA-256 over the previous hash and the entry's columns in their order.
 *
 * Each column is a tag and its value: 0 NULL; 1 integer, two's complement, 8 octets, big-endian;
 * 2 text and 3 octets, each behind its length in 4 octets, big-endian, text in UTF-8; 4 any other
 * number, IEEE 754, 8 octets, big-endian. No two rows have the same octets.
 */
export class EntryHasher {
  readonly #sha256: Sha256;
  #octets = new Uint8Array(INITIAL_LENGTH);
  #view = new DataView(this.#octets.buffer);

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  /** The hash of the entry with these columns behind the entry whose hash is `previous`. */
  link(previous: Uint8Array, columns: readonly ChainValue[]): Uint8Array {
    this.#octets.set(previous);
    let end = previous.length;
    for (const value of columns) end = this.#put(end, value);
    return this.#sha256(this.#octets.subarray(0, end));
  }

  #put(offset: number, value: ChainValue): number {
    if (value === null) {
      this.#reserve(offset, 1);
      this.#octets[offset] = TAG_NULL;
      return offset + 1;
    }
    if (typeof value === "number") return this.#putNumber(offset, value);
    if (typeof value === "string") return this.#putText(offset, value);
    this.#reserve(offset, HEAD_LENGTH + value.length);
    this.#octets[offset] = TAG_OCTETS;
    this.#view.setUint32(offset + 1, value.length);
    this.#octets.set(value, offset + HEAD_LENGTH);
    return offset + HEAD_LENGTH + value.length;
  }

  #putNumber(offset: number, value: number): number {
    this.#reserve(offset, NUMBER_LENGTH);
    if (Number.isSafeInteger(value)) {
      this.#octets[offset] = TAG_INTEGER;
      const high = Math.floor(value / 2 ** 32);
      this.#view.setInt32(offset + 1, high);
      this.#view.setUint32(offset + 5, value - high * 2 ** 32);
    } else {
      this.#octets[offset] = TAG_REAL;
      this.#view.setFloat64(offset + 1, value);
    }
    return offset + NUMBER_LENGTH;
  }

  #putText(offset: number, text: string): number {
    // Three octets for a UTF-16 unit at most.
    this.#reserve(offset, HEAD_LENGTH + text.length * 3);
    this.#octets[offset] = TAG_TEXT;
    const room = this.#octets.subarray(offset + HEAD_LENGTH);
    const { written } = ENCODER.encodeInto(text, room);
    this.#view.setUint32(offset + 1, written);
    return offset + HEAD_LENGTH + written;
  }

  #reserve(offset: number, length: number): void {
    if (offset + length <= this.#octets.length) return;
    const grown = new Uint8Array(2 * (offset + length));
    grown.set(this.#octets);
    this.#octets = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Entries of the log that are chained: all from one id on, to another or to the log's end. */
export type ChainSegment = {
  /** The oldest entry kept; retention moves it (EVENT-4). */
  readonly firstId: number;
  /** undefined: the segment is still written. */
  readonly lastId: number | undefined;
  /** The hash of the entry before the first, which may be gone. */
  readonly anchor: Uint8Array;
};

export type ChainedEntry = {
  readonly id: number;
  readonly columns: readonly ChainValue[];
  /** null: entered without. */
  readonly hash: Uint8Array | null;
};

/** The end of the log, as the last commit left it. */
export type ChainHead = { readonly lastId: number; readonly hash: Uint8Array };

/** The first entry that does not hold. */
export type ChainBreak = {
  readonly id: number;
  /**
   * `missing`: taken out. `altered`: the entry, or its hash, is not what it was. `anchor`: the
   * segment that begins here does not follow the one before it.
   */
  readonly kind: "missing" | "altered" | "anchor";
};

export type ChainReport = {
  readonly firstBreak: ChainBreak | undefined;
  /** Entries whose hash holds. */
  readonly intact: number;
  /** Entries from before the chain, or from while it was switched off. */
  readonly unchained: number;
  /** The newest entry whose hash holds: what to note outside this machine. */
  readonly newest: ChainHead | undefined;
};

/** Checks a log as it is read: entries in order of id, segments too. Stops at the first break. */
export class ChainVerifier {
  readonly #hasher: EntryHasher;
  readonly #segments: readonly ChainSegment[];
  readonly #head: ChainHead;
  #segment = 0;
  /** The id that comes next in the segment at hand; undefined before its first entry. */
  #expected: number | undefined;
  #hash: Uint8Array = CHAIN_START;
  #newest: ChainHead | undefined;
  #firstBreak: ChainBreak | undefined;
  #intact = 0;
  #unchained = 0;

  constructor(sha256: Sha256, segments: readonly ChainSegment[], head: ChainHead) {
    this.#hasher = new EntryHasher(sha256);
    this.#segments = segments;
    this.#head = head;
  }

  /** False once the log is known to be broken. */
  take(entry: ChainedEntry): boolean {
    if (this.#firstBreak !== undefined) return false;
    while (this.#firstBreak === undefined) {
      const segment = this.#segments[this.#segment];
      if (segment?.lastId === undefined || entry.id <= segment.lastId) {
        this.#check(entry, segment);
        break;
      }
      this.#leave(segment, segment.lastId);
    }
    return this.#firstBreak === undefined;
  }

  /** After the last entry. */
  finish(): ChainReport {
    while (this.#firstBreak === undefined) {
      const segment = this.#segments[this.#segment];
      if (segment === undefined) break;
      this.#leave(segment, segment.lastId ?? this.#head.lastId);
      if (segment.lastId === undefined) this.#checkHead();
    }
    return {
      firstBreak: this.#firstBreak,
      intact: this.#intact,
      unchained: this.#unchained,
      newest: this.#newest,
    };
  }

  #check(entry: ChainedEntry, segment: ChainSegment | undefined): void {
    if (segment === undefined || entry.id < segment.firstId) {
      // A hash that no segment accounts for is what is left where a segment was taken out.
      if (entry.hash === null) this.#unchained += 1;
      else this.#break("altered", entry.id);
      return;
    }
    this.#enter(segment);
    if (this.#firstBreak !== undefined) return;
    const expected = this.#expected ?? segment.firstId;
    if (entry.id !== expected) {
      this.#break("missing", expected);
      return;
    }
    const hash = this.#hasher.link(this.#hash, entry.columns);
    if (entry.hash === null || !sameOctets(hash, entry.hash)) {
      this.#break("altered", entry.id);
      return;
    }
    this.#hash = hash;
    this.#newest = { lastId: entry.id, hash };
    this.#expected = entry.id + 1;
    this.#intact += 1;
  }

  #enter({ firstId, anchor }: ChainSegment): void {
    if (this.#expected !== undefined) return;
    if (this.#segment > 0 && !sameOctets(anchor, this.#hash)) this.#break("anchor", firstId);
    this.#expected = firstId;
    this.#hash = anchor;
  }

  #leave(segment: ChainSegment, lastId: number): void {
    this.#enter(segment);
    if (this.#firstBreak !== undefined) return;
    const expected = this.#expected ?? segment.firstId;
    if (expected <= lastId) this.#break("missing", expected);
    this.#segment += 1;
    this.#expected = undefined;
  }

  #checkHead(): void {
    if (this.#firstBreak !== undefined || sameOctets(this.#hash, this.#head.hash)) return;
    this.#break("altered", this.#head.lastId);
  }

  #break(kind: ChainBreak["kind"], id: number): void {
    this.#firstBreak ??= { id, kind };
  }
}

function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index]);
}
