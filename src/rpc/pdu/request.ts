import { type DecodeError, fail, ok, type Result } from "../../platform/result.ts";
import type { Guid } from "../../protocol/types.ts";
import { GUID_LENGTH, readGuid, writeGuid } from "../guid.ts";
import type { OctetQueue } from "../octet-queue.ts";
import { readU16, readU32, writeU16, writeU32 } from "../octets.ts";
import { appendHeader, HEADER_LENGTH, PDU_FLAG, PDU_TYPE, type PduHeader } from "./header.ts";

/** Octets in front of the stub: header, `alloc_hint(u32) context(u16) opnum(u16)`. */
const REQUEST_HEADER_LENGTH = HEADER_LENGTH + 8;

/** Body of request (C706 12.6.4.9). The object UUID is there where the flag 0x80 is set. */
export type Request = {
  /**
   * What the sender expects all stubs of the call to come to. A hint: nothing is allocated from it.
   */
  readonly allocHint: number;
  readonly contextId: number;
  readonly opnum: number;
  readonly objectUuid: Guid | undefined;
  /** Where the stub of this fragment starts and ends in the bytes given to the decoder. */
  readonly stubStart: number;
  readonly stubEnd: number;
};

export function decodeRequest(
  bytes: Uint8Array,
  start: number,
  header: PduHeader,
): Result<Request, DecodeError> {
  const { littleEndian } = header;
  const hasObject = (header.flags & PDU_FLAG.objectUuid) !== 0;
  const stubOffset = hasObject ? REQUEST_HEADER_LENGTH + GUID_LENGTH : REQUEST_HEADER_LENGTH;
  if (header.fragLength < stubOffset) {
    return fail({ code: "truncated", offset: header.fragLength, field: "request" });
  }
  return ok({
    allocHint: readU32(bytes, start + 16, littleEndian),
    contextId: readU16(bytes, start + 20, littleEndian),
    opnum: readU16(bytes, start + 22, littleEndian),
    objectUuid: hasObject
      ? readGuid(bytes, start + REQUEST_HEADER_LENGTH, littleEndian)
      : undefined,
    stubStart: start + stubOffset,
    stubEnd: start + header.fragLength,
  });
}

/** What a request needs beside its stub. */
export type RequestCall = {
  readonly callId: number;
  readonly contextId: number;
  readonly opnum: number;
  readonly objectUuid: Guid | undefined;
  readonly littleEndian: boolean;
};

/**
 * Writes a request, in as many fragments of at most `maxFragment` octets as its stub needs. Every
 * fragment but the last carries a multiple of 8 octets of stub (C706 12.6.3.1).
 */
export function appendRequest(
  output: OctetQueue,
  call: RequestCall,
  stub: Uint8Array,
  maxFragment: number,
): void {
  const { littleEndian, objectUuid } = call;
  const stubOffset = REQUEST_HEADER_LENGTH + (objectUuid === undefined ? 0 : GUID_LENGTH);
  const chunkMax = (maxFragment - stubOffset) & ~7;
  let sent = 0;
  do {
    const chunk = Math.min(stub.length - sent, chunkMax);
    const flags =
      (sent === 0 ? PDU_FLAG.first : 0) |
      (sent + chunk === stub.length ? PDU_FLAG.last : 0) |
      (objectUuid === undefined ? 0 : PDU_FLAG.objectUuid);
    const length = stubOffset + chunk;
    const start = appendHeader(output, PDU_TYPE.request, flags, length, call.callId, littleEndian);
    const bytes = output.bytes;
    writeU32(bytes, start + 16, stub.length - sent, littleEndian);
    writeU16(bytes, start + 20, call.contextId, littleEndian);
    writeU16(bytes, start + 22, call.opnum, littleEndian);
    if (objectUuid !== undefined) {
      writeGuid(bytes, start + REQUEST_HEADER_LENGTH, objectUuid, littleEndian);
    }
    bytes.set(chunk === stub.length ? stub : stub.subarray(sent, sent + chunk), start + stubOffset);
    sent += chunk;
  } while (sent < stub.length);
}
