/**
 * Integers in byte arrays, in either byte order. The callers have checked the bounds; reading past
 * the end gives 0. No DataView: making one for every segment costs more than all the reads of a
 * small PDU.
 */

export function readU16(bytes: Uint8Array, offset: number, littleEndian: boolean): number {
  const first = bytes[offset] ?? 0;
  const second = bytes[offset + 1] ?? 0;
  return littleEndian ? first | (second << 8) : (first << 8) | second;
}

export function readU32(bytes: Uint8Array, offset: number, littleEndian: boolean): number {
  const a = bytes[offset] ?? 0;
  const b = bytes[offset + 1] ?? 0;
  const c = bytes[offset + 2] ?? 0;
  const d = bytes[offset + 3] ?? 0;
  return (
    (littleEndian ? a | (b << 8) | (c << 16) | (d << 24) : (a << 24) | (b << 16) | (c << 8) | d) >>>
    0
  );
}

export function writeU16(
  bytes: Uint8Array,
  offset: number,
  value: number,
  littleEndian: boolean,
): void {
  bytes[offset + (littleEndian ? 0 : 1)] = value;
  bytes[offset + (littleEndian ? 1 : 0)] = value >>> 8;
}

export function writeU32(
  bytes: Uint8Array,
  offset: number,
  value: number,
  littleEndian: boolean,
): void {
  if (littleEndian) {
    bytes[offset] = value;
    bytes[offset + 1] = value >>> 8;
    bytes[offset + 2] = value >>> 16;
    bytes[offset + 3] = value >>> 24;
  } else {
    bytes[offset] = value >>> 24;
    bytes[offset + 1] = value >>> 16;
    bytes[offset + 2] = value >>> 8;
    bytes[offset + 3] = value;
  }
}
