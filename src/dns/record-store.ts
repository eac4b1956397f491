import { grown } from "./name-table.ts";

const INITIAL_SETS = 16;
/** Below this much waste the octets are not moved together. */
const COMPACT_FLOOR_OCTETS = 65_536;

/**
 * Record sets (RFC 2181 §5) by number, in typed arrays: type, TTL, and the RDATA one after
 * another, each behind its two-octet length. A set knows the next one of the same name.
 */
export class RecordStore {
  #types = new Uint16Array(INITIAL_SETS);
  #ttls = new Uint32Array(INITIAL_SETS);
  #counts = new Uint16Array(INITIAL_SETS);
  #nexts = new Int32Array(INITIAL_SETS);
  #offsets = new Uint32Array(INITIAL_SETS);
  #lengths = new Uint32Array(INITIAL_SETS);
  #octets = new Uint8Array(INITIAL_SETS * 32);
  #used = 0;
  #wasted = 0;
  #size = 0;
  #free: number[] = [];

  /** Sets in use. */
  get live(): number {
    return this.#size - this.#free.length;
  }

  type(set: number): number {
    return this.#types[set] ?? 0;
  }
  ttl(set: number): number {
    return this.#ttls[set] ?? 0;
  }
  /** Records in the set. */
  count(set: number): number {
    return this.#counts[set] ?? 0;
  }
  /** The next set of the same name, or -1. */
  next(set: number): number {
    return this.#nexts[set] ?? -1;
  }
  /** Where the set's first RDLENGTH stands in {@link octets}. Only valid until the next change. */
  offset(set: number): number {
    return this.#offsets[set] ?? 0;
  }
  /** Octets of the set with its RDLENGTH fields. */
  length(set: number): number {
    return this.#lengths[set] ?? 0;
  }
  /** Only valid until the next change. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  setNext(set: number, next: number): void {
    this.#nexts[set] = next;
  }
  setTtl(set: number, ttl: number): void {
    this.#ttls[set] = ttl;
  }

  create(type: number, ttl: number, next: number): number {
    const set = this.#free.pop() ?? this.#size;
    if (set === this.#size) {
      if (set === this.#types.length) this.#growSets();
      this.#size += 1;
    }
    this.#types[set] = type;
    this.#ttls[set] = ttl;
    this.#counts[set] = 0;
    this.#nexts[set] = next;
    this.#offsets[set] = this.#used;
    this.#lengths[set] = 0;
    return set;
  }

  append(set: number, rdata: Uint8Array): void {
    const length = this.length(set);
    this.#reserve(length + rdata.length + 2);
    const offset = this.offset(set);
    if (offset + length !== this.#used) {
      this.#octets.copyWithin(this.#used, offset, offset + length);
      this.#offsets[set] = this.#used;
      this.#used += length;
      this.#wasted += length;
    }
    this.#octets[this.#used] = rdata.length >> 8;
    this.#octets[this.#used + 1] = rdata.length & 0xff;
    this.#octets.set(rdata, this.#used + 2);
    this.#used += rdata.length + 2;
    this.#lengths[set] = length + rdata.length + 2;
    this.#counts[set] = this.count(set) + 1;
  }

  /** Gives the set's number and octets back. */
  release(set: number): void {
    this.#wasted += this.length(set);
    this.#counts[set] = 0;
    this.#lengths[set] = 0;
    this.#free.push(set);
  }

  has(set: number, rdata: Uint8Array): boolean {
    const octets = this.#octets;
    let at = this.offset(set);
    for (let left = this.count(set); left > 0; left -= 1) {
      const length = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
      at += 2;
      let index = length === rdata.length ? 0 : length;
      while (index < length && octets[at + index] === rdata[index]) index += 1;
      if (index === length && length === rdata.length) return true;
      at += length;
    }
    return false;
  }

  /** Copies of the set's RDATA. */
  all(set: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    let at = this.offset(set);
    for (let index = this.count(set); index > 0; index -= 1) {
      const length = ((this.#octets[at] ?? 0) << 8) | (this.#octets[at + 1] ?? 0);
      found.push(this.#octets.slice(at + 2, at + 2 + length));
      at += length + 2;
    }
    return found;
  }

  #reserve(more: number): void {
    if (this.#wasted > COMPACT_FLOOR_OCTETS && this.#wasted > this.#used / 2) this.#compact();
    let capacity = this.#octets.length;
    while (this.#used + more > capacity) capacity *= 2;
    if (capacity > this.#octets.length) this.#octets = grown(this.#octets, capacity);
  }

  #compact(): void {
    const packed = new Uint8Array(this.#octets.length);
    let used = 0;
    for (let set = 0; set < this.#size; set += 1) {
      const offset = this.offset(set);
      const length = this.length(set);
      packed.set(this.#octets.subarray(offset, offset + length), used);
      this.#offsets[set] = used;
      used += length;
    }
    this.#octets = packed;
    this.#used = used;
    this.#wasted = 0;
  }

  #growSets(): void {
    const capacity = this.#types.length * 2;
    this.#types = grown(this.#types, capacity);
    this.#ttls = grown(this.#ttls, capacity);
    this.#counts = grown(this.#counts, capacity);
    this.#nexts = grown(this.#nexts, capacity);
    this.#offsets = grown(this.#offsets, capacity);
    this.#lengths = grown(this.#lengths, capacity);
  }
}
