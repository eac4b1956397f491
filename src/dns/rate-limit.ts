/**
 * Response rate limiting (the scheme of BIND and NSD, after Vixie and Schryver): a stranger who
 * forges a victim's address as the source of many queries gets few answers sent there. UDP only;
 * off unless the operator asks for it.
 */
import { addressFromText } from "./address.ts";
import { mixHash } from "./name-table.ts";

export type RateLimitOptions = {
  /** Equal answers to one network and second; what passes is dropped or slipped. */
  readonly answersPerSecond: number;
  /** Every how many limited answers a truncated one goes out, so that TCP remains; 0: none. */
  readonly slip: number;
  /** Seconds of credit or debt a network can gather. */
  readonly windowSeconds: number;
  /** Networks and answers followed at once. */
  readonly tableSize: number;
};

export const DEFAULT_RATE_LIMIT: RateLimitOptions = {
  answersPerSecond: 200,
  slip: 2,
  windowSeconds: 15,
  tableSize: 65_536,
};

export type RateDecision = "answer" | "slip" | "drop";

/** Networks are /24 and /56: what one site is given (RFC 6177 §2 for the latter). */
const IPV4_NETWORK_OCTETS = 3;
const IPV6_NETWORK_OCTETS = 7;
const FNV_PRIME = 0x01000193;

/**
 * Buckets in typed arrays, one per hash of network and answer. Two that fall together: the later
 * one takes the bucket over, so that memory and time stay bounded whatever comes.
 */
export class RateLimiter {
  readonly #options: RateLimitOptions;
  readonly #owners: Int32Array;
  readonly #balances: Float32Array;
  readonly #seconds: Float64Array;
  readonly #limited: Uint32Array;
  readonly #seed: number;

  /** `seed` keeps strangers from choosing which networks share a bucket. */
  constructor(options: RateLimitOptions, seed: number) {
    this.#options = options;
    this.#owners = new Int32Array(options.tableSize);
    this.#balances = new Float32Array(options.tableSize);
    this.#seconds = new Float64Array(options.tableSize).fill(Number.NEGATIVE_INFINITY);
    this.#limited = new Uint32Array(options.tableSize);
    this.#seed = seed;
  }

  /**
   * `answerHash` is equal for what counts as one answer: the name's for its data; the zone's for
   * NXDOMAIN, NODATA and what wildcards make (else random names escape the limit); the rcode's for
   * errors.
   */
  decide(address: string, answerHash: number, nowSeconds: number): RateDecision {
    const { answersPerSecond, windowSeconds, slip, tableSize } = this.#options;
    const owner = this.#hash(address, answerHash);
    const bucket = mixHash(owner) % tableSize;
    const elapsed = nowSeconds - (this.#seconds[bucket] ?? 0);
    let balance = this.#balances[bucket] ?? 0;
    if (this.#owners[bucket] !== owner || elapsed > windowSeconds || elapsed < 0) {
      this.#owners[bucket] = owner;
      this.#limited[bucket] = 0;
      balance = answersPerSecond;
    } else balance = Math.min(answersPerSecond, balance + elapsed * answersPerSecond);
    this.#seconds[bucket] = nowSeconds;
    balance = Math.max(balance - 1, -answersPerSecond * windowSeconds);
    this.#balances[bucket] = balance;
    if (balance >= 0) return "answer";
    const limited = ((this.#limited[bucket] ?? 0) + 1) >>> 0;
    this.#limited[bucket] = limited;
    return slip > 0 && limited % slip === 0 ? "slip" : "drop";
  }

  #hash(address: string, answerHash: number): number {
    const octets = addressFromText(address) ?? new Uint8Array(4);
    const network = octets.length === 4 ? IPV4_NETWORK_OCTETS : IPV6_NETWORK_OCTETS;
    let hash = this.#seed ^ answerHash;
    for (let index = 0; index < network; index += 1) {
      hash = Math.imul(hash ^ (octets[index] ?? 0), FNV_PRIME);
    }
    return hash;
  }
}
