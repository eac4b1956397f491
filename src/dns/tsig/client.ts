/** The client's side of RFC 8945: signs a request, verifies what answers it. */
import type { HmacFunctions } from "../../platform/hmac.ts";
import { fail, ok, type Result } from "../../platform/result.ts";
import { sameName } from "../name.ts";
import { readMessage } from "../raw-message.ts";
import { ALGORITHM_FACTS, type TsigKey } from "./key.ts";
import { checkMac, isInTime, type Signed, signWith } from "./mac.ts";
import { readUint48, splitSigned, TsigError } from "./record.ts";

export type SigningContext = {
  readonly key: TsigKey;
  readonly hmac: HmacFunctions;
  /** Unix seconds. */
  readonly nowSeconds: number;
};

/**
 * Signs a request: a whole message without TSIG. Keep `mac`: the reply is only verified with it.
 */
export function signMessage(message: Uint8Array, context: SigningContext): Signed {
  const { key, hmac, nowSeconds } = context;
  return signWith(message, { key, hmac, timeSigned: nowSeconds });
}

/** Why a reply must not be believed, or says that the request was not. */
export type TsigReplyError =
  /** No DNS message, or a signature that cannot be read. */
  | { readonly code: "malformed" }
  /** The reply is not signed: it may be anybody's. */
  | { readonly code: "unsigned" }
  /** The reply is signed by another key, wrongly, or too long ago. */
  | { readonly code: "wrong-key" | "wrong-signature" | "out-of-time" }
  /** The server does not know the key, or its secret is another one. Anybody may have said so. */
  | { readonly code: "key-refused" | "signature-refused" }
  /** The server's clock, in Unix seconds, is too far from ours. The server said so. */
  | { readonly code: "time-refused"; readonly serverSeconds: number }
  | { readonly code: "truncation-refused" };

/**
 * Verifies the reply to a request that {@link signMessage} signed; gives it without its signature.
 * Its rcode, which may be an error, is the caller's to look at.
 */
export function verifyReply(
  reply: Uint8Array,
  requestMac: Uint8Array,
  context: SigningContext,
): Result<Uint8Array, TsigReplyError> {
  const { key, hmac, nowSeconds } = context;
  const message = readMessage(reply);
  if (!message.ok) return fail({ code: "malformed" });
  const split = splitSigned(message.value);
  if (!split.ok) return fail({ code: "malformed" });
  if (split.value === undefined) return fail({ code: "unsigned" });
  const { record, unsigned } = split.value;
  const isOurKey =
    sameName(record.keyName, key.name) &&
    sameName(record.algorithm, ALGORITHM_FACTS[key.algorithm].name);
  if (!isOurKey) return fail({ code: "wrong-key" });
  if (record.mac.length === 0) {
    if (record.error === TsigError.BADKEY) return fail({ code: "key-refused" });
    if (record.error === TsigError.BADSIG) return fail({ code: "signature-refused" });
  }
  if (checkMac(unsigned, record, key, hmac, requestMac) !== "whole") {
    return fail({ code: "wrong-signature" });
  }
  if (!isInTime(record, nowSeconds)) return fail({ code: "out-of-time" });
  if (record.error === TsigError.BADTIME) {
    return fail({ code: "time-refused", serverSeconds: readUint48(record.otherData, 0) });
  }
  if (record.error === TsigError.BADTRUNC) return fail({ code: "truncation-refused" });
  return record.error === TsigError.NONE ? ok(unsigned) : fail({ code: "malformed" });
}
