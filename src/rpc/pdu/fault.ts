import { type DecodeError, fail, ok, type Result } from "../../platform/result.ts";
import type { OctetQueue } from "../octet-queue.ts";
import { readU16, readU32, writeU16, writeU32 } from "../octets.ts";
import {
  appendHeader,
  FIRST_AND_LAST,
  HEADER_LENGTH,
  PDU_FLAG,
  PDU_TYPE,
  type PduHeader,
} from "./header.ts";

/** Fault status codes (C706 appendix E; MS-RPCE 3.1.1.5.5; Win32 codes as they stand). */
export const FAULT_STATUS = {
  accessDenied: 0x00000005,
  /** RPC_S_SERVER_UNAVAILABLE: what stands behind this server cannot be reached. */
  serverUnavailable: 0x000006ba,
  /** RPC_S_CALL_FAILED: the connection was lost with the call on it; it may have had an effect. */
  callFailed: 0x000006be,
  /**
   * RPC_S_CALL_FAILED_DNE's neighbour RPC_S_NO_CALL_ACTIVE: the call was cancelled before it began.
   */
  noCallActive: 0x000006bd,
  /** RPC_X_BAD_STUB_DATA: the stub is not what the operation's NDR says. */
  badStubData: 0x000006f7,
  /** nca_s_fault_unspec: a defect of ours. */
  unspecified: 0x1c000012,
  /** nca_s_op_rng_error: no such operation in this interface. */
  operationRange: 0x1c010002,
  /** nca_s_unk_if: no such presentation context. */
  unknownInterface: 0x1c010003,
  /** nca_s_proto_error: the connection's rules were broken. */
  protocolError: 0x1c01000b,
  /** nca_s_server_too_busy. */
  serverTooBusy: 0x1c010014,
} as const;

/** Body of fault (C706 12.6.4.7), always with an empty stub. */
export type Fault = {
  readonly contextId: number;
  readonly status: number;
  /** The call certainly had no effect (MS-RPCE 3.3.3.5.1). */
  readonly didNotExecute: boolean;
};

/**
 * Header, `alloc_hint(u32) context(u16) cancel_count(u8) reserved(u8) status(u32) reserved(u32)`.
 */
const FAULT_LENGTH = HEADER_LENGTH + 16;
/** What Windows and Samba send as alloc_hint of a fault. */
const FAULT_ALLOC_HINT = 24;

export function appendFault(
  output: OctetQueue,
  callId: number,
  fault: Fault,
  littleEndian: boolean,
): void {
  const flags = FIRST_AND_LAST | (fault.didNotExecute ? PDU_FLAG.didNotExecute : 0);
  const start = appendHeader(output, PDU_TYPE.fault, flags, FAULT_LENGTH, callId, littleEndian);
  const bytes = output.bytes;
  writeU32(bytes, start + 16, FAULT_ALLOC_HINT, littleEndian);
  writeU16(bytes, start + 20, fault.contextId, littleEndian);
  bytes[start + 22] = 0;
  bytes[start + 23] = 0;
  writeU32(bytes, start + 24, fault.status, littleEndian);
  writeU32(bytes, start + 28, 0, littleEndian);
}

/** Reads a fault. Some servers leave out the last reserved field. */
export function decodeFault(
  bytes: Uint8Array,
  start: number,
  header: PduHeader,
): Result<Fault, DecodeError> {
  if (header.fragLength < HEADER_LENGTH + 12) {
    return fail({ code: "truncated", offset: header.fragLength, field: "fault" });
  }
  return ok({
    contextId: readU16(bytes, start + 20, header.littleEndian),
    status: readU32(bytes, start + 24, header.littleEndian),
    didNotExecute: (header.flags & PDU_FLAG.didNotExecute) !== 0,
  });
}
