import { fail, ok, type Result } from "../platform/result.ts";
import type { RpcInterface } from "./interface.ts";
import type { ProposedContext } from "./pdu/bind.ts";
import { CONTEXT_RESULT, type ContextResult, PROVIDER_REASON } from "./pdu/bind-ack.ts";
import { featureMask, NDR32, NDR64, NO_SYNTAX, type SyntaxId, sameSyntax } from "./pdu/syntax.ts";
import type { InterfaceRegistry } from "./registry.ts";

/** Accepted presentation contexts of one connection: context id -> what a request of it calls. */
export type ContextTable = Map<number, RpcInterface>;

/** Why a bind or alter_context is refused as a whole, rather than context by context. */
export type NegotiationFailure =
  | "noContexts"
  | "noTransferSyntaxes"
  | "twoFeatureContexts"
  | "contextRedefined";

/** Fragment sizes of a connection (MS-RPCE 3.3.3.5.4; what Windows and Samba offer). */
export const FRAGMENT_MAX = 5840;
const FRAGMENT_MIN = 2048;

/**
 * Bind-time features that we answer for: security context multiplexing, keep connection on orphan.
 */
const FEATURES = 0x03;

const ACCEPTANCE: ContextResult = {
  result: CONTEXT_RESULT.acceptance,
  reason: PROVIDER_REASON.notSpecified,
  transferSyntax: NDR32,
};
const ABSTRACT_SYNTAX_NOT_SUPPORTED = rejection(PROVIDER_REASON.abstractSyntaxNotSupported);
const TRANSFER_SYNTAXES_NOT_SUPPORTED = rejection(PROVIDER_REASON.transferSyntaxesNotSupported);
const LOCAL_LIMIT_EXCEEDED = rejection(PROVIDER_REASON.localLimitExceeded);

/** Both fragment sizes of the connection: within our bounds, and a multiple of 8. */
export function negotiateFragmentMax(clientTransmit: number, clientReceive: number): number {
  const wanted = Math.max(FRAGMENT_MIN, Math.min(clientTransmit, clientReceive));
  return Math.min(wanted, FRAGMENT_MAX) & ~7;
}

/**
 * Answers a list of presentation contexts, one result each in their order, and adds what was
 * accepted to `table`. At most one context is accepted per PDU (MS-RPCE 3.3.1.5.6); the clients of
 * Windows offer the same interface with NDR, NDR64 and bind-time features, and take the first that
 * is accepted.
 */
export function negotiateContexts(
  proposed: readonly ProposedContext[],
  table: ContextTable,
  registry: InterfaceRegistry,
  contextsMax: number,
): Result<readonly ContextResult[], NegotiationFailure> {
  if (proposed.length === 0) return fail("noContexts");
  const results: ContextResult[] = [];
  let accepted: { readonly id: number; readonly entry: RpcInterface } | undefined;
  let featuresSeen = false;
  for (const context of proposed) {
    const first = context.transferSyntaxes[0];
    if (first === undefined) return fail("noTransferSyntaxes");
    const mask = featureMask(first);
    if (mask !== undefined) {
      if (featuresSeen) return fail("twoFeatureContexts");
      featuresSeen = true;
      results.push(featureAck(mask));
      continue;
    }
    const entry = registry.find(context.abstractSyntax);
    const offered = offers(context.transferSyntaxes, NDR32);
    const known = table.get(context.id);
    if (known !== undefined) {
      // The same id again is fine for the same interface and transfer syntax, and nothing else.
      const changed = !offered && offers(context.transferSyntaxes, NDR64);
      if (known !== entry || changed) return fail("contextRedefined");
    }
    if (entry === undefined) results.push(ABSTRACT_SYNTAX_NOT_SUPPORTED);
    else if (!offered || accepted !== undefined) results.push(TRANSFER_SYNTAXES_NOT_SUPPORTED);
    else if (known === undefined && table.size >= contextsMax) results.push(LOCAL_LIMIT_EXCEEDED);
    else {
      accepted = { id: context.id, entry };
      results.push(ACCEPTANCE);
    }
  }
  if (accepted !== undefined) table.set(accepted.id, accepted.entry);
  return ok(results);
}

function offers(transferSyntaxes: readonly SyntaxId[], wanted: SyntaxId): boolean {
  for (const syntax of transferSyntaxes) {
    if (sameSyntax(syntax, wanted)) return true;
  }
  return false;
}

function rejection(reason: number): ContextResult {
  return { result: CONTEXT_RESULT.providerRejection, reason, transferSyntax: NO_SYNTAX };
}

function featureAck(mask: number): ContextResult {
  const reason = mask & FEATURES;
  return { result: CONTEXT_RESULT.negotiateAck, reason, transferSyntax: NO_SYNTAX };
}
