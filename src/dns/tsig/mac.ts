import type { HmacFunctions } from "../../platform/hmac.ts";
import { readUint16 } from "../wire-numbers.ts";
import { ALGORITHM_FACTS, type TsigKey } from "./key.ts";
import { appendRecord, digestParts, TsigError, type TsigRecord } from "./record.ts";

/** How far the clocks of two parties may differ, RFC 8945 §10. */
export const FUDGE_SECONDS = 300;
/** A MAC may never be shorter than this, nor than half the hash (RFC 8945 §5.2.2.1). */
const SHORTEST_MAC_OCTETS = 10;

export type SigningParts = {
  readonly key: TsigKey;
  readonly hmac: HmacFunctions;
  readonly timeSigned: number;
  readonly fudge?: number;
  /** The MAC of the request that the message answers. */
  readonly requestMac?: Uint8Array;
  readonly error?: TsigError;
  readonly otherData?: Uint8Array;
};

export type Signed = { readonly message: Uint8Array; readonly mac: Uint8Array };

/** Signs a message, which has an id and no TSIG yet. */
export function signWith(message: Uint8Array, parts: SigningParts): Signed {
  const { key, hmac, timeSigned, fudge = FUDGE_SECONDS, requestMac } = parts;
  const { hash, name: algorithm } = ALGORITHM_FACTS[key.algorithm];
  const record = {
    keyName: key.name,
    algorithm,
    timeSigned,
    fudge,
    originalId: readUint16(message, 0),
    error: parts.error ?? TsigError.NONE,
    otherData: parts.otherData ?? new Uint8Array(0),
  };
  const mac = hmac.compute(hash, key.secret, digestParts(message, record, requestMac));
  return { message: appendRecord(message, { ...record, mac }), mac };
}

/** `malformed`: a length that no MAC of this algorithm may have. */
export type MacVerdict = "whole" | "truncated" | "wrong" | "malformed";

export function checkMac(
  unsigned: Uint8Array,
  record: TsigRecord,
  key: TsigKey,
  hmac: HmacFunctions,
  requestMac?: Uint8Array,
): MacVerdict {
  const { hash, macOctets } = ALGORITHM_FACTS[key.algorithm];
  const { length } = record.mac;
  const shortest = Math.max(SHORTEST_MAC_OCTETS, macOctets / 2);
  if (length > macOctets || length < shortest) return "malformed";
  const expected = hmac.compute(hash, key.secret, digestParts(unsigned, record, requestMac));
  if (!hmac.equal(expected.subarray(0, length), record.mac)) return "wrong";
  return length === macOctets ? "whole" : "truncated";
}

export function isInTime({ timeSigned, fudge }: TsigRecord, nowSeconds: number): boolean {
  return Math.abs(nowSeconds - timeSigned) <= fudge;
}
