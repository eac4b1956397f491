import { lowerOctet, MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name } from "./name.ts";

const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

const LOWER = Uint8Array.from({ length: 256 }, (_, octet) => lowerOctet(octet));

/**
 * One name, read once and kept in lower case together with a hash of each of its suffixes. The
 * octets are hashed from the root leftwards, so that one pass gives the hash of every ancestor:
 * a name of 127 labels costs no more than a plain one of the same length. Made to be reused.
 */
export class NameScan {
  readonly lower = new Uint8Array(MAX_NAME_OCTETS + 1);
  /** Where label i begins in `lower`; entry `labels` is the root's zero. */
  readonly starts = new Uint8Array(128);
  /** Hash of the suffix that begins at label i. */
  readonly hashes = new Int32Array(128);
  /** Labels without the root. */
  labels = 0;
  /** Octets with the root. */
  length = 0;

  /** The offset behind the name, or -1 where it is compressed, cut short or too long. */
  scan(octets: Uint8Array, offset: number, end: number): number {
    const { lower, starts } = this;
    let at = offset;
    let labels = 0;
    for (;;) {
      if (at >= end) return -1;
      const length = octets[at] ?? 0;
      const start = at - offset;
      if (length > MAX_LABEL_OCTETS || start + length >= MAX_NAME_OCTETS) return -1;
      if (at + length >= end) return -1;
      lower[start] = length;
      starts[labels] = start;
      if (length === 0) break;
      for (let index = 1; index <= length; index += 1) {
        lower[start + index] = LOWER[octets[at + index] ?? 0] ?? 0;
      }
      at += length + 1;
      labels += 1;
    }
    this.labels = labels;
    this.length = at - offset + 1;
    this.#hash();
    return at + 1;
  }

  /** Reads a complete wire name, which this program made or has checked. */
  scanName(name: Name): this {
    if (this.scan(name, 0, name.length) !== name.length) throw new Error("not a wire name");
    return this;
  }

  #hash(): void {
    const { lower, starts, hashes } = this;
    let hash = FNV_BASIS;
    let at = this.length;
    for (let label = this.labels; label >= 0; label -= 1) {
      const start = starts[label] ?? 0;
      while (at > start) {
        at -= 1;
        hash = Math.imul(hash ^ (lower[at] ?? 0), FNV_PRIME);
      }
      hashes[label] = hash;
    }
  }

  /** A copy of the name in lower case, from label `label` on. */
  name(label = 0): Name {
    return this.lower.slice(this.starts[label] ?? 0, this.length);
  }
}

/** The hash of `label.suffix`, continued from the suffix's own: finds wildcards without a copy. */
export function hashWithLabel(suffixHash: number, label: Uint8Array): number {
  let hash = suffixHash;
  for (let at = label.length - 1; at >= 0; at -= 1) {
    hash = Math.imul(hash ^ (label[at] ?? 0), FNV_PRIME);
  }
  return Math.imul(hash ^ label.length, FNV_PRIME);
}
