/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012), as RFC 9018 §4.4 names it for cookies. The 64-bit
 * words are pairs of 32-bit halves: BigInt would make every step an allocation.
 */

/** v0..v3, each low half first. */
const state = new Int32Array(8);

/** state[a] += state[b], 64 bits wide; indices of low halves. */
function add(a: number, b: number): void {
  const low = ((state[a] ?? 0) >>> 0) + ((state[b] ?? 0) >>> 0);
  state[a + 1] = (state[a + 1] ?? 0) + (state[b + 1] ?? 0) + (low > 0xffff_ffff ? 1 : 0);
  state[a] = low | 0;
}

/** state[a] = rotl(state[a], bits) ^ state[b], for bits below 32. */
function rotateXor(a: number, bits: number, b: number): void {
  const low = state[a] ?? 0;
  const high = state[a + 1] ?? 0;
  state[a] = ((low << bits) | (high >>> (32 - bits))) ^ (state[b] ?? 0);
  state[a + 1] = ((high << bits) | (low >>> (32 - bits))) ^ (state[b + 1] ?? 0);
}

/** rotl by 32: the halves change places. */
function swap(a: number): void {
  const low = state[a] ?? 0;
  state[a] = state[a + 1] ?? 0;
  state[a + 1] = low;
}

function round(): void {
  add(0, 2);
  rotateXor(2, 13, 0);
  swap(0);
  add(4, 6);
  rotateXor(6, 16, 4);
  add(0, 6);
  rotateXor(6, 21, 0);
  add(4, 2);
  rotateXor(2, 17, 4);
  swap(4);
}

function word(octets: Uint8Array, at: number): number {
  return (
    (octets[at] ?? 0) |
    ((octets[at + 1] ?? 0) << 8) |
    ((octets[at + 2] ?? 0) << 16) |
    ((octets[at + 3] ?? 0) << 24)
  );
}

/** Writes the eight octets of the hash of `input[0..length)` under a key of sixteen octets. */
export function sipHash24(
  key: Uint8Array,
  input: Uint8Array,
  length: number,
  out: Uint8Array,
  outOffset: number,
): void {
  const key0Low = word(key, 0);
  const key0High = word(key, 4);
  const key1Low = word(key, 8);
  const key1High = word(key, 12);
  state[0] = key0Low ^ 0x70736575;
  state[1] = key0High ^ 0x736f6d65;
  state[2] = key1Low ^ 0x6e646f6d;
  state[3] = key1High ^ 0x646f7261;
  state[4] = key0Low ^ 0x6e657261;
  state[5] = key0High ^ 0x6c796765;
  state[6] = key1Low ^ 0x79746573;
  state[7] = key1High ^ 0x74656462;
  const whole = length - (length % 8);
  for (let at = 0; at < whole; at += 8) absorb(word(input, at), word(input, at + 4));
  let low = 0;
  let high = length << 24;
  for (let at = whole; at < length; at += 1) {
    const shift = ((at - whole) % 4) * 8;
    if (at - whole < 4) low |= (input[at] ?? 0) << shift;
    else high |= (input[at] ?? 0) << shift;
  }
  absorb(low, high);
  state[4] = (state[4] ?? 0) ^ 0xff;
  for (let index = 0; index < 4; index += 1) round();
  for (let half = 0; half < 2; half += 1) {
    const a = (state[half] ?? 0) ^ (state[2 + half] ?? 0);
    const value = a ^ (state[4 + half] ?? 0) ^ (state[6 + half] ?? 0);
    for (let index = 0; index < 4; index += 1) {
      out[outOffset + half * 4 + index] = (value >>> (index * 8)) & 0xff;
    }
  }
}

function absorb(low: number, high: number): void {
  state[6] = (state[6] ?? 0) ^ low;
  state[7] = (state[7] ?? 0) ^ high;
  round();
  round();
  state[0] = (state[0] ?? 0) ^ low;
  state[1] = (state[1] ?? 0) ^ high;
}
