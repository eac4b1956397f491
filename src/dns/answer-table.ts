import type { Template } from "./compose.ts";
import type { NameScan } from "./name-scan.ts";
import { mixHash } from "./name-table.ts";

type Entry = {
  readonly name: Uint8Array;
  readonly type: number;
  readonly hash: number;
  readonly template: Template;
};

const WAYS = 4;
const TYPE_FACTOR = 0x9e3779b1 | 0;

/** The hash of a question: of its name in lower case and its type. */
export function questionHash(name: NameScan, type: number): number {
  return (name.hashes[0] ?? 0) ^ Math.imul(type + 1, TYPE_FACTOR);
}

/**
 * Prepared answers by question (class IN), in a fixed number of places: each question may stand in
 * four of them, and a new one takes the next in turn. So neither memory nor search grows,
 * whatever strangers ask.
 */
export class AnswerTable {
  readonly #entries: (Entry | undefined)[];
  readonly #mask: number;
  #victim = 0;

  /** `capacity` is rounded up to a power of two. */
  constructor(capacity: number) {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, capacity / WAYS)));
    this.#entries = new Array<Entry | undefined>(buckets * WAYS).fill(undefined);
    this.#mask = buckets - 1;
  }

  find(name: NameScan, type: number, hash: number): Template | undefined {
    const first = (mixHash(hash) & this.#mask) * WAYS;
    for (let way = 0; way < WAYS; way += 1) {
      const entry = this.#entries[first + way];
      if (entry === undefined) return undefined;
      if (entry.hash === hash && entry.type === type && sameAs(entry.name, name)) {
        return entry.template;
      }
    }
    return undefined;
  }

  /** Adds an answer that is not there; false where another had to go. */
  insert(name: NameScan, type: number, hash: number, template: Template): boolean {
    const entry = { name: name.name(), type, hash, template };
    const first = (mixHash(hash) & this.#mask) * WAYS;
    for (let way = 0; way < WAYS; way += 1) {
      if (this.#entries[first + way] !== undefined) continue;
      this.#entries[first + way] = entry;
      return true;
    }
    this.#victim = (this.#victim + 1) % WAYS;
    this.#entries[first + this.#victim] = entry;
    return false;
  }
}

function sameAs(own: Uint8Array, name: NameScan): boolean {
  const { length } = own;
  if (length !== name.length) return false;
  const { lower } = name;
  for (let at = 0; at < length; at += 1) if (own[at] !== lower[at]) return false;
  return true;
}
