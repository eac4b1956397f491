import type { Guid } from "../protocol/types.ts";

/**
 * Octets of a GUID on the wire (C706 appendix A: u32, u16, u16 in the byte order of the PDU, then 8
 * octets).
 */
export const GUID_LENGTH = 16;

export const NIL_GUID: Guid = "00000000-0000-0000-0000-000000000000";

const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  octet.toString(16).padStart(2, "0"),
);
const GUID_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Where the octets of the text form stand on the wire, for each byte order. */
const LITTLE_ENDIAN_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;
const BIG_ENDIAN_ORDER = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const;

/** Whether text is a GUID in the one form this project uses: lower case, without braces. */
export function isGuid(text: string): text is Guid {
  return GUID_FORM.test(text);
}

/** Reads 16 octets as text. The caller has checked that they are there. */
export function readGuid(bytes: Uint8Array, offset: number, littleEndian: boolean): Guid {
  const order = littleEndian ? LITTLE_ENDIAN_ORDER : BIG_ENDIAN_ORDER;
  let text = "";
  for (let index = 0; index < GUID_LENGTH; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += "-";
    text += HEX[bytes[offset + (order[index] ?? 0)] ?? 0];
  }
  return text;
}

/** Writes a GUID given in text form as 16 octets. */
export function writeGuid(
  bytes: Uint8Array,
  offset: number,
  guid: Guid,
  littleEndian: boolean,
): void {
  const order = littleEndian ? LITTLE_ENDIAN_ORDER : BIG_ENDIAN_ORDER;
  let position = 0;
  for (let index = 0; index < GUID_LENGTH; index += 1) {
    if (guid.charCodeAt(position) === 0x2d) position += 1;
    const octet = (hexDigit(guid, position) << 4) | hexDigit(guid, position + 1);
    bytes[offset + (order[index] ?? 0)] = octet;
    position += 2;
  }
}

function hexDigit(text: string, position: number): number {
  const code = text.charCodeAt(position);
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
}
