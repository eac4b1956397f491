import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signWithKey,
  verify as verifyWithKey,
} from "node:crypto";

/** Ed25519 (RFC 8032): a 32-octet seed, a 32-octet public key, a 64-octet signature. */
export const SEED_LENGTH = 32;
export const PUBLIC_KEY_LENGTH = 32;
export const SIGNATURE_LENGTH = 64;

/** Signs a message with a key that stays inside: 64 octets. */
export type Sign = (message: Uint8Array) => Uint8Array;

/** Whether `signature` over `message` is by the owner of the 32-octet `publicKey`. Never throws. */
export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

export type SigningKey = {
  readonly publicKey: Uint8Array;
  readonly sign: Sign;
};

// RFC 8410: the fixed DER heads before a raw Ed25519 key, so that no ASN.1 library is needed.
const PRIVATE_KEY_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_KEY_HEAD = Buffer.from("302a300506032b6570032100", "hex");

/**
 * The key pair of a 32-octet seed (RFC 8032 5.1.5). A seed of another length is our own mistake.
 */
export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== SEED_LENGTH) throw new RangeError(`seed of ${seed.length} octets`);
  const privateKey = createPrivateKey({
    key: Buffer.concat([PRIVATE_KEY_HEAD, seed]),
    format: "der",
    type: "pkcs8",
  });
  const encoded = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = new Uint8Array(encoded.subarray(PUBLIC_KEY_HEAD.length));
  return { publicKey, sign: (message) => signWithKey(null, message, privateKey) };
}

/**
 * A verifier for one key: the key is parsed once. undefined where the octets are no Ed25519 key.
 */
export function verifierFor(
  publicKey: Uint8Array,
): ((message: Uint8Array, signature: Uint8Array) => boolean) | undefined {
  const key = parsePublicKey(publicKey);
  if (key === undefined) return undefined;
  return (message, signature) =>
    signature.length === SIGNATURE_LENGTH && verifyWithKey(null, message, key, signature);
}

/**
 * Verifies with a key given each time; who verifies many messages of one key wants {@link
 * verifierFor}.
 */
export const verifySignature: Verify = (publicKey, message, signature) =>
  verifierFor(publicKey)?.(message, signature) ?? false;

function parsePublicKey(publicKey: Uint8Array): KeyObject | undefined {
  if (publicKey.length !== PUBLIC_KEY_LENGTH) return undefined;
  try {
    return createPublicKey({
      key: Buffer.concat([PUBLIC_KEY_HEAD, publicKey]),
      format: "der",
      type: "spki",
    });
  } catch {
    return undefined;
  }
}
