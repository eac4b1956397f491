import { createHmac, timingSafeEqual } from "node:crypto";

export type HmacHash = "sha256" | "sha384" | "sha512";

/** Keyed hashes (RFC 2104). Passed in wherever a pure core signs or verifies with a secret. */
export type HmacFunctions = {
  /** Over the parts as if they were one. */
  readonly compute: (
    hash: HmacHash,
    secret: Uint8Array,
    parts: readonly Uint8Array[],
  ) => Uint8Array;
  /** In a time that depends on the lengths alone. */
  readonly equal: (first: Uint8Array, second: Uint8Array) => boolean;
};

export const systemHmac: HmacFunctions = {
  compute: (hash, secret, parts) => {
    const hmac = createHmac(hash, secret);
    for (const part of parts) hmac.update(part);
    return new Uint8Array(hmac.digest());
  },
  equal: (first, second) => first.length === second.length && timingSafeEqual(first, second),
};
