/**
 * DNS cookies: RFC 7873 with the interoperable server cookies of RFC 9018 §4. They let a client
 * drop forged replies, and let us see that a client's address is not forged.
 */
import { addressFromText } from "./address.ts";
import { sipHash24 } from "./siphash.ts";

const CLIENT_COOKIE_OCTETS = 8;
/** Version, three of zero, time stamp of four, hash of eight. */
const SERVER_COOKIE_OCTETS = 16;
export const COOKIE_OCTETS = CLIENT_COOKIE_OCTETS + SERVER_COOKIE_OCTETS;
export const COOKIE_SECRET_OCTETS = 16;

const COOKIE_VERSION = 1;
/** RFC 7873 §5.2: a server cookie has 8 to 32 octets, of whatever make. */
const MIN_WITH_SERVER = CLIENT_COOKIE_OCTETS + 8;
const MAX_WITH_SERVER = CLIENT_COOKIE_OCTETS + 32;
/** RFC 9018 §4.3: valid for an hour, and up to five minutes ahead of our own clock. */
const MAX_AGE_SECONDS = 3600;
const MAX_AHEAD_SECONDS = 300;

export type CookieSecrets = {
  /** Sixteen octets; the same on all servers of one anycast or failover group. */
  readonly current: Uint8Array;
  /** Still accepted while a change of secrets spreads, RFC 9018 §5. */
  readonly previous?: Uint8Array;
};

export function isCookieLength(octets: number): boolean {
  return (
    octets === CLIENT_COOKIE_OCTETS || (octets >= MIN_WITH_SERVER && octets <= MAX_WITH_SERVER)
  );
}

export class CookieJar {
  readonly #secrets: readonly Uint8Array[];
  /** Client cookie, version, reserved, time stamp, address: what is hashed (RFC 9018 §4.4). */
  readonly #input = new Uint8Array(COOKIE_OCTETS + 8);
  readonly #hash = new Uint8Array(8);

  constructor({ current, previous }: CookieSecrets) {
    this.#secrets = previous === undefined ? [current] : [current, previous];
    for (const secret of this.#secrets) {
      if (secret.length !== COOKIE_SECRET_OCTETS) throw new Error("cookie secret: 16 octets");
    }
  }

  /** Whether the query's cookie of `octets` octets is one that we gave to this address. */
  isValid(
    message: Uint8Array,
    offset: number,
    octets: number,
    address: string,
    nowSeconds: number,
  ): boolean {
    if (octets !== COOKIE_OCTETS || message[offset + CLIENT_COOKIE_OCTETS] !== COOKIE_VERSION) {
      return false;
    }
    const input = this.#input;
    for (let index = 0; index < 16; index += 1) input[index] = message[offset + index] ?? 0;
    const stamp = new DataView(input.buffer).getUint32(12);
    // Serial number arithmetic (RFC 1982), as the stamp has 32 bits.
    const age = (Math.floor(nowSeconds) - stamp) | 0;
    if (age > MAX_AGE_SECONDS || age < -MAX_AHEAD_SECONDS) return false;
    const length = this.#setAddress(address);
    return this.#secrets.some((secret) => {
      sipHash24(secret, input, length, this.#hash, 0);
      let difference = 0;
      for (let index = 0; index < 8; index += 1) {
        difference |= (this.#hash[index] ?? 0) ^ (message[offset + 16 + index] ?? 0);
      }
      return difference === 0;
    });
  }

  /** Writes the client's cookie at `message[offset..]` and a fresh one of ours behind it. */
  write(
    message: Uint8Array,
    offset: number,
    address: string,
    nowSeconds: number,
    out: Uint8Array,
    at: number,
  ): void {
    const input = this.#input;
    for (let index = 0; index < 8; index += 1) input[index] = message[offset + index] ?? 0;
    input.fill(0, 8, 12);
    input[8] = COOKIE_VERSION;
    new DataView(input.buffer).setUint32(12, Math.floor(nowSeconds) >>> 0);
    const length = this.#setAddress(address);
    for (let index = 0; index < 16; index += 1) out[at + index] = input[index] ?? 0;
    sipHash24(
      this.#secrets[0] ?? new Uint8Array(COOKIE_SECRET_OCTETS),
      input,
      length,
      out,
      at + 16,
    );
  }

  /** Puts the address behind what is hashed and gives the whole length. */
  #setAddress(address: string): number {
    const octets = addressFromText(address) ?? new Uint8Array(4);
    this.#input.set(octets, 16);
    return 16 + octets.length;
  }
}
