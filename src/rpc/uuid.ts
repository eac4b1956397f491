import type { Guid } from "../protocol/types.ts";
import { NIL_GUID, readGuid, writeGuid } from "./guid.ts";
import { readU16, readU32, writeU16, writeU32 } from "./octets.ts";

/**
 * A UUID as four unsigned 32-bit numbers, most significant first: read, compared and written
 * without making text. A bind carries one for each interface and transfer syntax it names.
 */
export type Uuid = readonly [number, number, number, number];

export function uuidFrom(text: Guid): Uuid {
  const bytes = new Uint8Array(16);
  writeGuid(bytes, 0, text, false);
  return readUuid(bytes, 0, false);
}

export function uuidText(uuid: Uuid): Guid {
  const bytes = new Uint8Array(16);
  writeUuid(bytes, 0, uuid, false);
  return readGuid(bytes, 0, false);
}

export const NIL_UUID = uuidFrom(NIL_GUID);

/** The first three fields are in the byte order of the PDU, the last eight octets are octets. */
export function readUuid(bytes: Uint8Array, offset: number, littleEndian: boolean): Uuid {
  const timeMid = readU16(bytes, offset + 4, littleEndian);
  const timeHigh = readU16(bytes, offset + 6, littleEndian);
  return [
    readU32(bytes, offset, littleEndian),
    ((timeMid << 16) | timeHigh) >>> 0,
    readU32(bytes, offset + 8, false),
    readU32(bytes, offset + 12, false),
  ];
}

export function writeUuid(
  bytes: Uint8Array,
  offset: number,
  uuid: Uuid,
  littleEndian: boolean,
): void {
  writeU32(bytes, offset, uuid[0], littleEndian);
  writeU16(bytes, offset + 4, uuid[1] >>> 16, littleEndian);
  writeU16(bytes, offset + 6, uuid[1] & 0xffff, littleEndian);
  writeU32(bytes, offset + 8, uuid[2], false);
  writeU32(bytes, offset + 12, uuid[3], false);
}

export function sameUuid(left: Uuid, right: Uuid): boolean {
  return (
    left[0] === right[0] && left[1] === right[1] && left[2] === right[2] && left[3] === right[3]
  );
}
