/** The server's side of RFC 8945: verifies requests, signs their replies. */
import type { HmacFunctions } from "../../platform/hmac.ts";
import type { RawMessage } from "../raw-message.ts";
import { readUint16 } from "../wire-numbers.ts";
import type { TsigKey, TsigKeys } from "./key.ts";
import { checkMac, FUDGE_SECONDS, isInTime, signWith } from "./mac.ts";
import { appendRecord, octets48, splitSigned, TsigError, type TsigRecord } from "./record.ts";

export type TsigContext = {
  readonly keys: TsigKeys;
  readonly hmac: HmacFunctions;
  readonly nowSeconds: number;
};

/** A request whose signature was looked at; for all but `malformed`, how to sign its reply. */
export type CheckedRequest =
  | { readonly kind: "unsigned" }
  /** To be answered FORMERR, unsigned. */
  | { readonly kind: "malformed" }
  /** To be answered NOTAUTH, with what `sign` puts behind the reply. */
  | { readonly kind: "rejected"; readonly error: TsigError; readonly sign: SignReply }
  | {
      readonly kind: "verified";
      readonly key: TsigKey;
      /** The request without its signature. */
      readonly unsigned: Uint8Array;
      readonly sign: SignReply;
    };

/** The reply with a TSIG behind it. */
export type SignReply = (reply: Uint8Array) => Uint8Array;

/** In the order of RFC 8945 §5.2: key, MAC, time, truncation. */
export function checkRequest(message: RawMessage, context: TsigContext): CheckedRequest {
  const { keys, hmac, nowSeconds } = context;
  const split = splitSigned(message);
  if (!split.ok) return { kind: "malformed" };
  if (split.value === undefined) return { kind: "unsigned" };
  const { record, unsigned } = split.value;
  const key = keys.find(record.keyName, record.algorithm);
  if (key === undefined) return withoutMac(record, TsigError.BADKEY, nowSeconds);
  const verdict = checkMac(unsigned, record, key, hmac);
  if (verdict === "malformed") return { kind: "malformed" };
  if (verdict === "wrong") return withoutMac(record, TsigError.BADSIG, nowSeconds);
  const parts = { key, hmac, requestMac: record.mac };
  if (!isInTime(record, nowSeconds)) {
    // The client's own time, or it could not verify what tells it ours (RFC 8945 §5.2.3).
    const { timeSigned } = record;
    const error = TsigError.BADTIME;
    const late = { ...parts, timeSigned, error, otherData: octets48(nowSeconds) };
    return { kind: "rejected", error, sign: (reply) => signWith(reply, late).message };
  }
  if (verdict === "truncated") {
    const error = TsigError.BADTRUNC;
    const short = { ...parts, timeSigned: nowSeconds, error };
    return { kind: "rejected", error, sign: (reply) => signWith(reply, short).message };
  }
  const sound = { ...parts, timeSigned: nowSeconds };
  return { kind: "verified", key, unsigned, sign: (reply) => signWith(reply, sound).message };
}

/** RFC 8945 §5.3.2: to who may not know the key, nothing is signed. */
function withoutMac(
  { keyName, algorithm }: TsigRecord,
  error: TsigError,
  nowSeconds: number,
): CheckedRequest {
  const empty = new Uint8Array(0);
  const record = { keyName, algorithm, timeSigned: nowSeconds, fudge: FUDGE_SECONDS, error };
  const sign: SignReply = (reply) => {
    const originalId = readUint16(reply, 0);
    return appendRecord(reply, { ...record, originalId, mac: empty, otherData: empty });
  };
  return { kind: "rejected", error, sign };
}
