import { type DecodeError, fail, ok, type Result } from "../../platform/result.ts";
import type { OctetQueue } from "../octet-queue.ts";
import { readU16, readU32, writeU16, writeU32 } from "../octets.ts";

/** PDU types of the connection-oriented protocol (C706 12.6.4; MS-RPCE 2.2.2.1 for auth3). */
export const PDU_TYPE = {
  request: 0,
  response: 2,
  fault: 3,
  bind: 11,
  bindAck: 12,
  bindNak: 13,
  alterContext: 14,
  alterContextResponse: 15,
  auth3: 16,
  shutdown: 17,
  cancel: 18,
  orphaned: 19,
} as const;

/** pfc_flags (C706 12.6.3.1; MS-RPCE 2.2.2.3). */
export const PDU_FLAG = {
  first: 0x01,
  last: 0x02,
  /** In a request: a cancel was pending when it was sent. */
  pendingCancel: 0x04,
  /**
   * The same bit in bind, bind_ack, alter_context and its response: header signing is understood.
   */
  headerSigning: 0x04,
  concurrentMultiplexing: 0x10,
  didNotExecute: 0x20,
  maybe: 0x40,
  objectUuid: 0x80,
} as const;

export const FIRST_AND_LAST = PDU_FLAG.first | PDU_FLAG.last;

/** Octets of the common header. */
export const HEADER_LENGTH = 16;
/** Octets of an authentication trailer in front of its value (MS-RPCE 2.2.2.11). */
export const AUTH_TRAILER_LENGTH = 8;

/** The only protocol version (MS-RPCE 1.7). */
export const VERSION_MAJOR = 5;
export const VERSION_MINOR = 0;

/**
 * The common header (C706 12.6.3.1):
 * `05 00 type flags drep[4] frag_length(u16) auth_length(u16) call_id(u32)`.
 */
export type PduHeader = {
  readonly type: number;
  readonly flags: number;
  /** Byte order of every integer of the PDU, from the data representation. */
  readonly littleEndian: boolean;
  /** Octets of the whole PDU, header included. */
  readonly fragLength: number;
  /** Octets of the authentication value, without its trailer. */
  readonly authLength: number;
  readonly callId: number;
  /** What makes the header unusable although it can be read; its sender still gets an answer. */
  readonly defect: "version" | "dataRepresentation" | "authLength" | undefined;
};

/**
 * Reads the header at `offset`. Fails only where nothing can be answered: fewer than 16 octets, or
 * a frag_length below them. Everything else is a `defect` of the header.
 */
export function decodeHeader(bytes: Uint8Array, offset: number): Result<PduHeader, DecodeError> {
  if (bytes.length - offset < HEADER_LENGTH) {
    return fail({ code: "truncated", offset, field: "header" });
  }
  // drep[0]: high nibble integers (0 big-endian, 1 little-endian), low nibble characters (0 ASCII).
  const integers = bytes[offset + 4] ?? 0;
  const littleEndian = (integers & 0xf0) !== 0;
  const fragLength = readU16(bytes, offset + 8, littleEndian);
  if (fragLength < HEADER_LENGTH) {
    return fail({ code: "tooShort", offset: offset + 8, field: "frag_length" });
  }
  const authLength = readU16(bytes, offset + 10, littleEndian);
  return ok({
    type: bytes[offset + 2] ?? 0,
    flags: bytes[offset + 3] ?? 0,
    littleEndian,
    fragLength,
    authLength,
    callId: readU32(bytes, offset + 12, littleEndian),
    defect: headerDefect(bytes, offset, fragLength, authLength),
  });
}

function headerDefect(
  bytes: Uint8Array,
  offset: number,
  fragLength: number,
  authLength: number,
): PduHeader["defect"] {
  if (bytes[offset] !== VERSION_MAJOR || bytes[offset + 1] !== VERSION_MINOR) return "version";
  const integers = bytes[offset + 4];
  if (integers !== 0x10 && integers !== 0x00) return "dataRepresentation";
  // IEEE floating point, and two octets that are always zero.
  if (readU32(bytes, offset + 4, false) % 0x1000000 !== 0) return "dataRepresentation";
  if (authLength > 0 && authLength + AUTH_TRAILER_LENGTH > fragLength - HEADER_LENGTH) {
    return "authLength";
  }
  return undefined;
}

/** Reserves a PDU of `fragLength` octets and writes its header; returns where the PDU starts. */
export function appendHeader(
  output: OctetQueue,
  type: number,
  flags: number,
  fragLength: number,
  callId: number,
  littleEndian: boolean,
): number {
  const start = output.reserve(fragLength);
  const bytes = output.bytes;
  bytes[start] = VERSION_MAJOR;
  bytes[start + 1] = VERSION_MINOR;
  bytes[start + 2] = type;
  bytes[start + 3] = flags;
  bytes[start + 4] = littleEndian ? 0x10 : 0x00;
  bytes[start + 5] = 0;
  bytes[start + 6] = 0;
  bytes[start + 7] = 0;
  writeU16(bytes, start + 8, fragLength, littleEndian);
  writeU16(bytes, start + 10, 0, littleEndian);
  writeU32(bytes, start + 12, callId, littleEndian);
  return start;
}
