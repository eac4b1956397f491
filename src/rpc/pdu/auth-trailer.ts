import { AUTH_TRAILER_LENGTH, type PduHeader } from "./header.ts";

/** The fixed part of an authentication trailer (MS-RPCE 2.2.2.11); its value is never looked at. */
export type AuthTrailer = {
  readonly type: number;
  readonly level: number;
};

/** Levels that exist: connect (2) to packet privacy (6) (MS-RPCE 2.2.1.1.8). */
export const AUTH_LEVEL_MIN = 2;
export const AUTH_LEVEL_MAX = 6;

/** Reads the trailer of a PDU whose header has no defect and an auth_length above 0. */
export function readAuthTrailer(bytes: Uint8Array, start: number, header: PduHeader): AuthTrailer {
  const offset = start + header.fragLength - header.authLength - AUTH_TRAILER_LENGTH;
  return { type: bytes[offset] ?? 0, level: bytes[offset + 1] ?? 0 };
}
