import type { Name } from "./name.ts";

const INITIAL_NAMES = 16;

/** A larger copy of a typed array, its contents in front. */
export function grown<Values extends Uint8Array | Uint16Array | Uint32Array | Int32Array>(
  values: Values,
  capacity: number,
): Values {
  const larger = new (values.constructor as new (length: number) => Values)(capacity);
  larger.set(values);
  return larger;
}

/** Spreads a hash over the low bits that index a table. */
export function mixHash(hash: number): number {
  return (hash ^ (hash >>> 15) ^ (hash >>> 23)) >>> 0;
}

/**
 * Lower-case wire names, numbered 0, 1, 2... in the order they came: an open hash over typed
 * arrays, because a hundred thousand small objects cost several times the memory and the
 * collector's time. Names are never taken out; the zone rebuilds when too many are unused.
 */
export class NameTable {
  #slots = new Int32Array(INITIAL_NAMES * 2);
  #hashes = new Int32Array(INITIAL_NAMES);
  #offsets = new Uint32Array(INITIAL_NAMES);
  #lengths = new Uint8Array(INITIAL_NAMES);
  #octets = new Uint8Array(INITIAL_NAMES * 16);
  #used = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Number of the name in `octets[start..start+length)`, which is in lower case; -1 if absent. */
  find(octets: Uint8Array, start: number, length: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = mixHash(hash) & mask; ; slot = (slot + 1) & mask) {
      const index = (slots[slot] ?? 0) - 1;
      if (index < 0) return -1;
      if (this.#hashes[index] === hash && this.#equals(index, octets, start, length)) return index;
    }
  }

  /** As {@link find}, for `label` in front of `octets[start..start+length)`. */
  findWithLabel(
    label: Uint8Array,
    octets: Uint8Array,
    start: number,
    length: number,
    hash: number,
  ): number {
    const whole = new Uint8Array(label.length + 1 + length);
    whole[0] = label.length;
    whole.set(label, 1);
    whole.set(octets.subarray(start, start + length), label.length + 1);
    return this.find(whole, 0, whole.length, hash);
  }

  /** Adds a name that is not in the table. */
  add(octets: Uint8Array, start: number, length: number, hash: number): number {
    const index = this.#size;
    if (index === this.#hashes.length) this.#growNames();
    while (this.#used + length > this.#octets.length) {
      this.#octets = grown(this.#octets, this.#octets.length * 2);
    }
    this.#octets.set(octets.subarray(start, start + length), this.#used);
    this.#hashes[index] = hash;
    this.#offsets[index] = this.#used;
    this.#lengths[index] = length;
    this.#used += length;
    this.#size += 1;
    this.#place(index);
    return index;
  }

  name(index: number): Name {
    const offset = this.#offsets[index] ?? 0;
    return this.#octets.slice(offset, offset + (this.#lengths[index] ?? 0));
  }

  #equals(index: number, octets: Uint8Array, start: number, length: number): boolean {
    if (this.#lengths[index] !== length) return false;
    const offset = this.#offsets[index] ?? 0;
    const own = this.#octets;
    for (let at = 0; at < length; at += 1) {
      if (own[offset + at] !== octets[start + at]) return false;
    }
    return true;
  }

  #place(index: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = mixHash(this.#hashes[index] ?? 0) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = index + 1;
  }

  /** Twice the names, and four slots for each, so that a search seldom sees a second one. */
  #growNames(): void {
    const capacity = this.#hashes.length * 2;
    this.#hashes = grown(this.#hashes, capacity);
    this.#offsets = grown(this.#offsets, capacity);
    this.#lengths = grown(this.#lengths, capacity);
    this.#slots = new Int32Array(capacity * 2);
    for (let index = 0; index < this.#size; index += 1) this.#place(index);
  }
}
