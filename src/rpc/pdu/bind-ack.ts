import { type DecodeError, fail, ok, type Result } from "../../platform/result.ts";
import type { OctetQueue } from "../octet-queue.ts";
import { readU16, readU32, writeU16, writeU32 } from "../octets.ts";
import { appendHeader, HEADER_LENGTH, type PduHeader } from "./header.ts";
import { readSyntax, SYNTAX_LENGTH, type SyntaxId, writeSyntax } from "./syntax.ts";

/** p_cont_def_result_t (C706 12.6.3.1; MS-RPCE 2.2.2.4 for negotiateAck). */
export const CONTEXT_RESULT = {
  acceptance: 0,
  userRejection: 1,
  providerRejection: 2,
  /** The answer to bind-time feature negotiation; `reason` carries the accepted mask. */
  negotiateAck: 3,
} as const;

/** p_provider_reason_t (C706 12.6.3.1). */
export const PROVIDER_REASON = {
  notSpecified: 0,
  abstractSyntaxNotSupported: 1,
  transferSyntaxesNotSupported: 2,
  localLimitExceeded: 3,
} as const;

export type ContextResult = {
  readonly result: number;
  readonly reason: number;
  readonly transferSyntax: SyntaxId;
};

/**
 * Body of bind_ack (C706 12.6.4.4) and alter_context_resp (12.6.4.2): `max_xmit(u16) max_recv(u16)
 * assoc_group(u32) sec_addr(u16 length with its NUL, text) pad to 4 n_results(u8) 3 reserved`, then
 * `result(u16) reason(u16) transfer(20)` each. The pad counts from the start of the PDU.
 */
export type BindAck = {
  readonly maxTransmit: number;
  readonly maxReceive: number;
  readonly associationGroup: number;
  /** Port of the listener as text; empty in an alter_context_resp, which then has length 0. */
  readonly secondaryAddress: string;
  readonly results: readonly ContextResult[];
};

const FIXED_LENGTH = HEADER_LENGTH + 10;
const RESULT_LENGTH = 4 + SYNTAX_LENGTH;

/** Writes a bind_ack or alter_context_resp, as `type` says. The secondary address is ASCII. */
export function appendBindAck(
  output: OctetQueue,
  type: number,
  flags: number,
  callId: number,
  body: BindAck,
  littleEndian: boolean,
): void {
  const address = body.secondaryAddress;
  const addressLength = address === "" ? 0 : address.length + 1;
  const listOffset = (FIXED_LENGTH + addressLength + 3) & ~3;
  const length = listOffset + 4 + body.results.length * RESULT_LENGTH;
  const start = appendHeader(output, type, flags, length, callId, littleEndian);
  const bytes = output.bytes;
  writeU16(bytes, start + 16, body.maxTransmit, littleEndian);
  writeU16(bytes, start + 18, body.maxReceive, littleEndian);
  writeU32(bytes, start + 20, body.associationGroup, littleEndian);
  writeU16(bytes, start + 24, addressLength, littleEndian);
  bytes.fill(0, start + FIXED_LENGTH, start + listOffset + 4);
  for (let index = 0; index < address.length; index += 1) {
    bytes[start + FIXED_LENGTH + index] = address.charCodeAt(index);
  }
  bytes[start + listOffset] = body.results.length;
  let offset = start + listOffset + 4;
  for (const result of body.results) {
    writeU16(bytes, offset, result.result, littleEndian);
    writeU16(bytes, offset + 2, result.reason, littleEndian);
    writeSyntax(bytes, offset + 4, result.transferSyntax, littleEndian);
    offset += RESULT_LENGTH;
  }
}

export function decodeBindAck(
  bytes: Uint8Array,
  start: number,
  header: PduHeader,
): Result<BindAck, DecodeError> {
  const { littleEndian, fragLength } = header;
  if (fragLength < FIXED_LENGTH) {
    return fail({ code: "truncated", offset: fragLength, field: "bind_ack" });
  }
  const addressLength = readU16(bytes, start + 24, littleEndian);
  const listOffset = (FIXED_LENGTH + addressLength + 3) & ~3;
  if (listOffset + 4 > fragLength) {
    return fail({ code: "truncated", offset: 24, field: "sec_addr" });
  }
  const count = bytes[start + listOffset] ?? 0;
  if (listOffset + 4 + count * RESULT_LENGTH > fragLength) {
    return fail({ code: "truncated", offset: listOffset, field: "p_result_list" });
  }
  const results: ContextResult[] = [];
  for (let index = 0; index < count; index += 1) {
    const offset = start + listOffset + 4 + index * RESULT_LENGTH;
    results.push({
      result: readU16(bytes, offset, littleEndian),
      reason: readU16(bytes, offset + 2, littleEndian),
      transferSyntax: readSyntax(bytes, offset + 4, littleEndian),
    });
  }
  let secondaryAddress = "";
  for (let index = 0; index + 1 < addressLength; index += 1) {
    secondaryAddress += String.fromCharCode(bytes[start + FIXED_LENGTH + index] ?? 0);
  }
  return ok({
    maxTransmit: readU16(bytes, start + 16, littleEndian),
    maxReceive: readU16(bytes, start + 18, littleEndian),
    associationGroup: readU32(bytes, start + 20, littleEndian),
    secondaryAddress,
    results,
  });
}
