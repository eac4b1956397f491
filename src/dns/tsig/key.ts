import type { HmacHash } from "../../platform/hmac.ts";
import { literalName, lowerName, type Name, sameName } from "../name.ts";

/** The algorithms in use; the older ones of RFC 8945 §6 are not offered. */
export const TSIG_ALGORITHMS = ["hmac-sha256", "hmac-sha384", "hmac-sha512"] as const;
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number];

/** A secret that two parties share, under a name that both call it by. */
export type TsigKey = {
  readonly name: Name;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Uint8Array;
};

type AlgorithmFacts = {
  readonly hash: HmacHash;
  readonly macOctets: number;
  readonly name: Name;
};

export const ALGORITHM_FACTS: { readonly [algorithm in TsigAlgorithm]: AlgorithmFacts } = {
  "hmac-sha256": { hash: "sha256", macOctets: 32, name: literalName("hmac-sha256") },
  "hmac-sha384": { hash: "sha384", macOctets: 48, name: literalName("hmac-sha384") },
  "hmac-sha512": { hash: "sha512", macOctets: 64, name: literalName("hmac-sha512") },
};

/** The keys that a server knows; names are told apart without regard to case. */
export class TsigKeys {
  readonly #keys = new Map<string, TsigKey>();

  constructor(keys: readonly TsigKey[]) {
    for (const key of keys) {
      const id = lowerName(key.name).join();
      if (this.#keys.has(id)) throw new Error("two keys of one name");
      this.#keys.set(id, key);
    }
  }

  /** The key of this name, if it is used with this algorithm. */
  find(name: Name, algorithm: Name): TsigKey | undefined {
    const key = this.#keys.get(lowerName(name).join());
    if (key === undefined) return undefined;
    return sameName(ALGORITHM_FACTS[key.algorithm].name, algorithm) ? key : undefined;
  }
}
