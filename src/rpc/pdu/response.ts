import { type DecodeError, fail, ok, type Result } from "../../platform/result.ts";
import type { OctetQueue } from "../octet-queue.ts";
import { readU16, readU32, writeU16, writeU32 } from "../octets.ts";
import { appendHeader, HEADER_LENGTH, PDU_FLAG, PDU_TYPE, type PduHeader } from "./header.ts";

/**
 * Octets in front of the stub: header, `alloc_hint(u32) context(u16) cancel_count(u8)
 * reserved(u8)`.
 */
const RESPONSE_HEADER_LENGTH = HEADER_LENGTH + 8;

/** Body of response (C706 12.6.4.10). */
export type Response = {
  readonly allocHint: number;
  readonly contextId: number;
  /** Where the stub of this fragment starts and ends in the bytes given to the decoder. */
  readonly stubStart: number;
  readonly stubEnd: number;
};

export function decodeResponse(
  bytes: Uint8Array,
  start: number,
  header: PduHeader,
): Result<Response, DecodeError> {
  if (header.fragLength < RESPONSE_HEADER_LENGTH) {
    return fail({ code: "truncated", offset: header.fragLength, field: "response" });
  }
  return ok({
    allocHint: readU32(bytes, start + 16, header.littleEndian),
    contextId: readU16(bytes, start + 20, header.littleEndian),
    stubStart: start + RESPONSE_HEADER_LENGTH,
    stubEnd: start + header.fragLength,
  });
}

/**
 * Writes a response, in as many fragments of at most `maxFragment` octets as its stub needs, and
 * returns their number. Every fragment but the last carries a multiple of 8 octets of stub;
 * alloc_hint is what is still to come. Of the context id only the low octet is sent, as Windows
 * does.
 */
export function appendResponse(
  output: OctetQueue,
  callId: number,
  contextId: number,
  stub: Uint8Array,
  maxFragment: number,
  littleEndian: boolean,
): number {
  const chunkMax = (maxFragment - RESPONSE_HEADER_LENGTH) & ~7;
  let sent = 0;
  let fragments = 0;
  do {
    const chunk = Math.min(stub.length - sent, chunkMax);
    const flags =
      (sent === 0 ? PDU_FLAG.first : 0) | (sent + chunk === stub.length ? PDU_FLAG.last : 0);
    const length = RESPONSE_HEADER_LENGTH + chunk;
    const start = appendHeader(output, PDU_TYPE.response, flags, length, callId, littleEndian);
    const bytes = output.bytes;
    writeU32(bytes, start + 16, stub.length - sent, littleEndian);
    writeU16(bytes, start + 20, contextId & 0xff, littleEndian);
    bytes[start + 22] = 0;
    bytes[start + 23] = 0;
    const part = chunk === stub.length ? stub : stub.subarray(sent, sent + chunk);
    bytes.set(part, start + RESPONSE_HEADER_LENGTH);
    sent += chunk;
    fragments += 1;
  } while (sent < stub.length);
  return fragments;
}
