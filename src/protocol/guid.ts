import type { RandomBytes } from "../platform/randomness.ts";
import type { Guid } from "./types.ts";

/**
 * GUIDs between text and octets.
 *
 * Octets are those of a little-endian DCE UUID (C706 appendix A; MS-DTYP 2.3.4.2): the first three
 * fields (4, 2 and 2 octets) are little-endian numbers, the last eight octets stand as they read:
 *
 *     text    00112233-4455-6677-8899-aabbccddeeff
 *     octets  33 22 11 00  55 44  77 66  88 99  aa bb cc dd ee ff
 */
export const GUID_LENGTH = 16;
const TEXT_LENGTH = 36;
const HYPHEN = 0x2d;

/** Where in the text the two digits of octet 0..15 stand. */
const DIGIT_POSITION = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34] as const;

const HIGH_DIGIT = new Uint8Array(256);
const LOW_DIGIT = new Uint8Array(256);
/** Value of a hexadecimal digit by its character code; 0xff where it is none. */
const DIGIT_VALUE = new Uint8Array(128).fill(0xff);
for (let octet = 0; octet < 256; octet += 1) {
  const text = octet.toString(16).padStart(2, "0");
  HIGH_DIGIT[octet] = text.charCodeAt(0);
  LOW_DIGIT[octet] = text.charCodeAt(1);
}
for (let value = 0; value < 16; value += 1) {
  const digit = value.toString(16);
  DIGIT_VALUE[digit.charCodeAt(0)] = value;
  DIGIT_VALUE[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Reads 16 octets at `offset`; the caller has checked that they are there. Lower-case text. */
export function readGuid(octets: Uint8Array, offset: number): Guid {
  // Unrolled: half the time of a loop over DIGIT_POSITION, and three GUIDs pass in every request.
  return String.fromCharCode(
    HIGH_DIGIT[octets[offset + 3] as number] as number,
    LOW_DIGIT[octets[offset + 3] as number] as number,
    HIGH_DIGIT[octets[offset + 2] as number] as number,
    LOW_DIGIT[octets[offset + 2] as number] as number,
    HIGH_DIGIT[octets[offset + 1] as number] as number,
    LOW_DIGIT[octets[offset + 1] as number] as number,
    HIGH_DIGIT[octets[offset] as number] as number,
    LOW_DIGIT[octets[offset] as number] as number,
    HYPHEN,
    HIGH_DIGIT[octets[offset + 5] as number] as number,
    LOW_DIGIT[octets[offset + 5] as number] as number,
    HIGH_DIGIT[octets[offset + 4] as number] as number,
    LOW_DIGIT[octets[offset + 4] as number] as number,
    HYPHEN,
    HIGH_DIGIT[octets[offset + 7] as number] as number,
    LOW_DIGIT[octets[offset + 7] as number] as number,
    HIGH_DIGIT[octets[offset + 6] as number] as number,
    LOW_DIGIT[octets[offset + 6] as number] as number,
    HYPHEN,
    HIGH_DIGIT[octets[offset + 8] as number] as number,
    LOW_DIGIT[octets[offset + 8] as number] as number,
    HIGH_DIGIT[octets[offset + 9] as number] as number,
    LOW_DIGIT[octets[offset + 9] as number] as number,
    HYPHEN,
    HIGH_DIGIT[octets[offset + 10] as number] as number,
    LOW_DIGIT[octets[offset + 10] as number] as number,
    HIGH_DIGIT[octets[offset + 11] as number] as number,
    LOW_DIGIT[octets[offset + 11] as number] as number,
    HIGH_DIGIT[octets[offset + 12] as number] as number,
    LOW_DIGIT[octets[offset + 12] as number] as number,
    HIGH_DIGIT[octets[offset + 13] as number] as number,
    LOW_DIGIT[octets[offset + 13] as number] as number,
    HIGH_DIGIT[octets[offset + 14] as number] as number,
    LOW_DIGIT[octets[offset + 14] as number] as number,
    HIGH_DIGIT[octets[offset + 15] as number] as number,
    LOW_DIGIT[octets[offset + 15] as number] as number,
  );
}

/**
 * Writes `guid` (either case) as 16 octets at `offset`. A text that is no GUID is our own mistake.
 */
export function writeGuid(octets: Uint8Array, offset: number, guid: Guid): void {
  if (!hasGuidForm(guid)) throw new RangeError(`not a GUID: ${guid}`);
  for (let index = 0; index < GUID_LENGTH; index += 1) {
    const position = DIGIT_POSITION[index] as number;
    const high = DIGIT_VALUE[guid.charCodeAt(position)] as number;
    const low = DIGIT_VALUE[guid.charCodeAt(position + 1)] as number;
    octets[offset + index] = (high << 4) | low;
  }
}

/** Reads a GUID as a person or a file gives it: either case, with or without braces. */
export function parseGuid(text: string): Guid | undefined {
  const bare = text.startsWith("{") && text.endsWith("}") ? text.slice(1, -1) : text;
  return hasGuidForm(bare) ? bare.toLowerCase() : undefined;
}

/** A fresh random GUID (RFC 9562 version 4), as a client machine id or a serial. */
export function randomGuid(randomBytes: RandomBytes): Guid {
  const octets = randomBytes(GUID_LENGTH).slice();
  // Little-endian: the version stands in octet 7, the variant in octet 8.
  octets[7] = ((octets[7] as number) & 0x0f) | 0x40;
  octets[8] = ((octets[8] as number) & 0x3f) | 0x80;
  return readGuid(octets, 0);
}

function hasGuidForm(text: string): boolean {
  if (text.length !== TEXT_LENGTH) return false;
  for (let index = 0; index < TEXT_LENGTH; index += 1) {
    const code = text.charCodeAt(index);
    const isSeparator = index === 8 || index === 13 || index === 18 || index === 23;
    if (isSeparator ? code !== HYPHEN : code > 127 || DIGIT_VALUE[code] === 0xff) return false;
  }
  return true;
}
