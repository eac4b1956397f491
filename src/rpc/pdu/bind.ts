import { type DecodeError, fail, ok, type Result } from "../../platform/result.ts";
import type { OctetQueue } from "../octet-queue.ts";
import { readU16, readU32, writeU16, writeU32 } from "../octets.ts";
import { AUTH_TRAILER_LENGTH, appendHeader, HEADER_LENGTH, type PduHeader } from "./header.ts";
import { readSyntax, SYNTAX_LENGTH, type SyntaxId, writeSyntax } from "./syntax.ts";

/** p_cont_elem_t (C706 12.6.3.1): one presentation context on offer. */
export type ProposedContext = {
  readonly id: number;
  readonly abstractSyntax: SyntaxId;
  readonly transferSyntaxes: readonly SyntaxId[];
};

/**
 * Body of bind (C706 12.6.4.3) and of alter_context (12.6.4.1), which share their layout:
 * `max_xmit(u16) max_recv(u16) assoc_group(u32) n_contexts(u8) 3 reserved`, then per context
 * `id(u16) n_transfer(u8) 1 reserved abstract(20) transfer(20)...`.
 */
export type Bind = {
  readonly maxTransmit: number;
  readonly maxReceive: number;
  /** 0 asks for a new association group. */
  readonly associationGroup: number;
  readonly contexts: readonly ProposedContext[];
};

const FIXED_LENGTH = HEADER_LENGTH + 12;
const CONTEXT_FIXED_LENGTH = 4 + SYNTAX_LENGTH;

/** Reads the body of a bind or alter_context; an authentication trailer is left out. */
export function decodeBind(
  bytes: Uint8Array,
  start: number,
  header: PduHeader,
): Result<Bind, DecodeError> {
  const { littleEndian } = header;
  const trailer = header.authLength === 0 ? 0 : header.authLength + AUTH_TRAILER_LENGTH;
  const end = start + header.fragLength - trailer;
  if (end - start < FIXED_LENGTH) {
    return fail({ code: "truncated", offset: end - start, field: "bind" });
  }
  const count = bytes[start + 24] ?? 0;
  const contexts: ProposedContext[] = [];
  let offset = start + FIXED_LENGTH;
  for (let index = 0; index < count; index += 1) {
    if (end - offset < CONTEXT_FIXED_LENGTH) {
      return fail({ code: "truncated", offset: offset - start, field: "p_cont_elem" });
    }
    const transferCount = bytes[offset + 2] ?? 0;
    if (end - offset < CONTEXT_FIXED_LENGTH + transferCount * SYNTAX_LENGTH) {
      return fail({ code: "truncated", offset: offset - start, field: "transfer_syntaxes" });
    }
    contexts.push(readContext(bytes, offset, transferCount, littleEndian));
    offset += CONTEXT_FIXED_LENGTH + transferCount * SYNTAX_LENGTH;
  }
  return ok({
    maxTransmit: readU16(bytes, start + 16, littleEndian),
    maxReceive: readU16(bytes, start + 18, littleEndian),
    associationGroup: readU32(bytes, start + 20, littleEndian),
    contexts,
  });
}

function readContext(
  bytes: Uint8Array,
  offset: number,
  transferCount: number,
  littleEndian: boolean,
): ProposedContext {
  const transferSyntaxes: SyntaxId[] = [];
  for (let index = 0; index < transferCount; index += 1) {
    const at = offset + CONTEXT_FIXED_LENGTH + index * SYNTAX_LENGTH;
    transferSyntaxes.push(readSyntax(bytes, at, littleEndian));
  }
  return {
    id: readU16(bytes, offset, littleEndian),
    abstractSyntax: readSyntax(bytes, offset + 4, littleEndian),
    transferSyntaxes,
  };
}

/** Writes a bind or alter_context, as `type` says. */
export function appendBind(
  output: OctetQueue,
  type: number,
  flags: number,
  callId: number,
  body: Bind,
  littleEndian: boolean,
): void {
  let length = FIXED_LENGTH;
  for (const context of body.contexts) {
    length += CONTEXT_FIXED_LENGTH + context.transferSyntaxes.length * SYNTAX_LENGTH;
  }
  const start = appendHeader(output, type, flags, length, callId, littleEndian);
  const bytes = output.bytes;
  writeU16(bytes, start + 16, body.maxTransmit, littleEndian);
  writeU16(bytes, start + 18, body.maxReceive, littleEndian);
  writeU32(bytes, start + 20, body.associationGroup, littleEndian);
  bytes.fill(0, start + 24, start + FIXED_LENGTH);
  bytes[start + 24] = body.contexts.length;
  let offset = start + FIXED_LENGTH;
  for (const context of body.contexts) {
    writeU16(bytes, offset, context.id, littleEndian);
    bytes[offset + 2] = context.transferSyntaxes.length;
    bytes[offset + 3] = 0;
    writeSyntax(bytes, offset + 4, context.abstractSyntax, littleEndian);
    offset += CONTEXT_FIXED_LENGTH;
    for (const syntax of context.transferSyntaxes) {
      writeSyntax(bytes, offset, syntax, littleEndian);
      offset += SYNTAX_LENGTH;
    }
  }
}
