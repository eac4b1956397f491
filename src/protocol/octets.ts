/**
 * Little-endian numbers and text in our own messages. Offsets are checked by the caller: these
 * stand on the hot path, after one length check for the whole fixed part.
 */

/**
 * The greatest time that a message may carry: the end of ECMAScript's time values (year 275760).
 * A later one could not become a date anywhere further on, so it is refused where it enters.
 */
export const TIME_MAXIMUM = 8_640_000_000_000_000;

const TWO_TO_32 = 0x1_0000_0000;

export function readU16(octets: Uint8Array, offset: number): number {
  return (octets[offset] as number) | ((octets[offset + 1] as number) << 8);
}

export function readU32(octets: Uint8Array, offset: number): number {
  return (
    ((octets[offset] as number) |
      ((octets[offset + 1] as number) << 8) |
      ((octets[offset + 2] as number) << 16) |
      ((octets[offset + 3] as number) << 24)) >>>
    0
  );
}

/** Unix milliseconds in eight octets, unsigned; undefined beyond {@link TIME_MAXIMUM}. */
export function readTime(octets: Uint8Array, offset: number): number | undefined {
  const time = readU32(octets, offset + 4) * TWO_TO_32 + readU32(octets, offset);
  return time <= TIME_MAXIMUM ? time : undefined;
}

export function writeU16(octets: Uint8Array, offset: number, value: number): void {
  octets[offset] = value;
  octets[offset + 1] = value >>> 8;
}

export function writeU32(octets: Uint8Array, offset: number, value: number): void {
  octets[offset] = value;
  octets[offset + 1] = value >>> 8;
  octets[offset + 2] = value >>> 16;
  octets[offset + 3] = value >>> 24;
}

export function writeTime(octets: Uint8Array, offset: number, time: number): void {
  writeU32(octets, offset, time);
  writeU32(octets, offset + 4, Math.floor(time / TWO_TO_32));
}

/** Throws where `value` is no unsigned 32-bit number: what we send is our own responsibility. */
export function assertU32(value: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value >= TWO_TO_32) {
    throw new RangeError(`${field}: ${value} is no unsigned 32-bit number`);
  }
}

/** Throws where `time` is no Unix time in whole milliseconds that a message can carry. */
export function assertTime(time: number, field: string): void {
  if (!Number.isInteger(time) || time < 0 || time > TIME_MAXIMUM) {
    throw new RangeError(`${field}: ${time} is no Unix time in milliseconds`);
  }
}

/** Throws where `octets` has another length than a field of fixed size. */
export function assertLength(octets: Uint8Array, length: number, field: string): void {
  if (octets.length !== length) {
    throw new RangeError(`${field}: ${octets.length} octets where ${length} belong`);
  }
}

export function octetsEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}

const ENCODER = new TextEncoder();
// ignoreBOM: a leading U+FEFF is part of the text, or decoding and encoding would not be inverse.
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function encodeText(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** `length` octets of UTF-8 at `offset`; undefined where they are not well-formed. */
export function readText(octets: Uint8Array, offset: number, length: number): string | undefined {
  let text = "";
  for (let index = offset; index < offset + length; index += 1) {
    const octet = octets[index] as number;
    if (octet > 127) return readNonAsciiText(octets.subarray(offset, offset + length));
    text += String.fromCharCode(octet);
  }
  return text;
}

function readNonAsciiText(octets: Uint8Array): string | undefined {
  try {
    return DECODER.decode(octets);
  } catch {
    return undefined;
  }
}

/** Writes ASCII at `offset` and says whether all of `text` was; what was written before stays. */
export function writeAscii(octets: Uint8Array, offset: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 127) return false;
    octets[offset + index] = code;
  }
  return true;
}
