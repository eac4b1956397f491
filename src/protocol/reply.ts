import type { Sha256 } from "../platform/hash.ts";
import { type DecodeError, fail, ok, type Result } from "../platform/result.ts";
import type { Sign } from "../platform/signature.ts";
import { KEY_ID_LENGTH } from "./host-id.ts";
import {
  assertLength,
  assertTime,
  assertU32,
  encodeText,
  readTime,
  readU32,
  writeTime,
  writeU32,
} from "./octets.ts";
import type { ActivationReply } from "./types.ts";

/**
 * The activation reply, version 1. Little-endian, 104 octets.
 *
 *     offset  octets
 *          0       1  version, 1
 *          1       1  flags; bit 0: host licensed by a self-issued lab authority, the others zero
 *          2       2  zero
 *          4       4  count (COUNT-1)
 *          8       4  activation interval, minutes
 *         12       4  renewal interval, minutes
 *         16       8  host time, Unix milliseconds
 *         24      16  host id
 *         40      64  Ed25519 signature by the host key
 *
 * The signature covers 97 octets, which never occur as a message of another kind:
 *
 *     offset  octets
 *          0      25  the ASCII text "muster/activation-reply/1" (the label)
 *         25      32  SHA-256 of the request's octets, all of them
 *         57      40  octets 0..39 of the reply
 *
 * The request holds a fresh nonce, so a reply answers that one request and no other.
 */
const REPLY_VERSION = 1;
export const REPLY_LENGTH = 104;
const REPLY_HEAD_LENGTH = 40;

const FLAG_SELF_ISSUED = 1;
const FLAGS_OFFSET = 1;
const RESERVED_OFFSET = 2;
const COUNT_OFFSET = 4;
const ACTIVATION_INTERVAL_OFFSET = 8;
const RENEWAL_INTERVAL_OFFSET = 12;
const HOST_TIME_OFFSET = 16;
const HOST_ID_OFFSET = 24;
const SIGNATURE_OFFSET = REPLY_HEAD_LENGTH;

const LABEL = encodeText("muster/activation-reply/1");
const DIGEST_LENGTH = 32;
const SIGNED_LENGTH = LABEL.length + DIGEST_LENGTH + REPLY_HEAD_LENGTH;

/**
 * A reply as it stood on the wire: what it says, and what vouches for it. Nothing is verified yet.
 */
export type SignedReply = {
  readonly reply: ActivationReply;
  readonly signature: Uint8Array;
};

/**
 * Writes a reply to the request of `requestOctets` (as received, without NDR) and signs it.
 * A field out of its range is our own mistake: RangeError.
 */
export function encodeReply(
  reply: ActivationReply,
  requestOctets: Uint8Array,
  sha256: Sha256,
  sign: Sign,
): Uint8Array {
  assertU32(reply.count, "count");
  assertU32(reply.activationIntervalMinutes, "activationIntervalMinutes");
  assertU32(reply.renewalIntervalMinutes, "renewalIntervalMinutes");
  assertTime(reply.hostTime, "hostTime");
  assertLength(reply.hostId, KEY_ID_LENGTH, "hostId");
  const octets = new Uint8Array(REPLY_LENGTH);
  octets[0] = REPLY_VERSION;
  octets[FLAGS_OFFSET] = reply.selfIssued ? FLAG_SELF_ISSUED : 0;
  writeU32(octets, COUNT_OFFSET, reply.count);
  writeU32(octets, ACTIVATION_INTERVAL_OFFSET, reply.activationIntervalMinutes);
  writeU32(octets, RENEWAL_INTERVAL_OFFSET, reply.renewalIntervalMinutes);
  writeTime(octets, HOST_TIME_OFFSET, reply.hostTime);
  octets.set(reply.hostId, HOST_ID_OFFSET);
  octets.set(sign(signedMessage(octets, requestOctets, sha256)), SIGNATURE_OFFSET);
  return octets;
}

/**
 * Reads a reply without verifying it. Errors: `tooShort`, `trailingOctets`, `unsupportedVersion`,
 * `reservedNotZero`, `outOfRange`.
 */
export function decodeReply(octets: Uint8Array): Result<SignedReply, DecodeError> {
  if (octets.length === 0) return refuse("tooShort", 0, "version");
  if (octets[0] !== REPLY_VERSION) return refuse("unsupportedVersion", 0, "version");
  if (octets.length < REPLY_LENGTH) return refuse("tooShort", octets.length, "reply");
  if (octets.length > REPLY_LENGTH) return refuse("trailingOctets", REPLY_LENGTH, "reply");
  const flags = octets[FLAGS_OFFSET] as number;
  if ((flags & ~FLAG_SELF_ISSUED) !== 0) return refuse("reservedNotZero", FLAGS_OFFSET, "flags");
  if (octets[RESERVED_OFFSET] !== 0 || octets[RESERVED_OFFSET + 1] !== 0) {
    return refuse("reservedNotZero", RESERVED_OFFSET, "reserved");
  }
  const hostTime = readTime(octets, HOST_TIME_OFFSET);
  if (hostTime === undefined) return refuse("outOfRange", HOST_TIME_OFFSET, "hostTime");
  const reply: ActivationReply = {
    selfIssued: flags === FLAG_SELF_ISSUED,
    count: readU32(octets, COUNT_OFFSET),
    activationIntervalMinutes: readU32(octets, ACTIVATION_INTERVAL_OFFSET),
    renewalIntervalMinutes: readU32(octets, RENEWAL_INTERVAL_OFFSET),
    hostTime,
    hostId: octets.slice(HOST_ID_OFFSET, HOST_ID_OFFSET + KEY_ID_LENGTH),
  };
  return ok({ reply, signature: octets.slice(SIGNATURE_OFFSET) });
}

/** The octets under the signature (layout above). `replyOctets` are at least the first 40. */
export function signedMessage(
  replyOctets: Uint8Array,
  requestOctets: Uint8Array,
  sha256: Sha256,
): Uint8Array {
  const message = new Uint8Array(SIGNED_LENGTH);
  message.set(LABEL);
  message.set(sha256(requestOctets), LABEL.length);
  message.set(replyOctets.subarray(0, REPLY_HEAD_LENGTH), LABEL.length + DIGEST_LENGTH);
  return message;
}

function refuse(code: string, offset: number, field: string): Result<never, DecodeError> {
  return fail({ code, offset, field });
}
