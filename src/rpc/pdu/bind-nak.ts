import { type DecodeError, fail, ok, type Result } from "../../platform/result.ts";
import type { OctetQueue } from "../octet-queue.ts";
import { readU16, writeU16 } from "../octets.ts";
import {
  appendHeader,
  FIRST_AND_LAST,
  HEADER_LENGTH,
  PDU_TYPE,
  type PduHeader,
  VERSION_MAJOR,
  VERSION_MINOR,
} from "./header.ts";

/** p_reject_reason_t (C706 12.6.3.1; MS-RPCE 2.2.2.5). */
export const NAK_REASON = {
  notSpecified: 0,
  localLimitExceeded: 2,
  protocolVersionNotSupported: 4,
  authenticationTypeNotRecognized: 8,
} as const;

/** `reason(u16) n_versions(u8)=1 major minor` and padding to a multiple of four. */
const BIND_NAK_LENGTH = HEADER_LENGTH + 8;

/** Writes a bind_nak (C706 12.6.4.5). It names the one version we speak, whatever the reason. */
export function appendBindNak(output: OctetQueue, callId: number, reason: number): void {
  const flags = FIRST_AND_LAST;
  const start = appendHeader(output, PDU_TYPE.bindNak, flags, BIND_NAK_LENGTH, callId, true);
  const bytes = output.bytes;
  writeU16(bytes, start + 16, reason, true);
  bytes[start + 18] = 1;
  bytes[start + 19] = VERSION_MAJOR;
  bytes[start + 20] = VERSION_MINOR;
  bytes.fill(0, start + 21, start + BIND_NAK_LENGTH);
}

/** Reads the reason; the list of versions tells a peer of version 5.0 nothing. */
export function decodeBindNak(
  bytes: Uint8Array,
  start: number,
  header: PduHeader,
): Result<{ readonly reason: number }, DecodeError> {
  if (header.fragLength < HEADER_LENGTH + 2) {
    return fail({ code: "truncated", offset: header.fragLength, field: "provider_reject_reason" });
  }
  return ok({ reason: readU16(bytes, start + 16, header.littleEndian) });
}
