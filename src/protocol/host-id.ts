import type { Sha256 } from "../platform/hash.ts";
import { encodeText } from "./octets.ts";

/** A host's id in its replies, and an authority's in the licences it signs: 16 octets. */
export const KEY_ID_LENGTH = 16;

const HOST_LABEL = encodeText("muster/host-id/1\0");
const AUTHORITY_LABEL = encodeText("muster/authority-id/1\0");

/**
 * The host's id: the first 16 octets of SHA-256 over the label `muster/host-id/1`, a zero octet
 * and the 32 octets of the host's Ed25519 public key.
 */
export function hostIdOf(hostPublicKey: Uint8Array, sha256: Sha256): Uint8Array {
  return keyId(HOST_LABEL, hostPublicKey, sha256);
}

/** As {@link hostIdOf}, under the label `muster/authority-id/1`. */
export function authorityIdOf(authorityPublicKey: Uint8Array, sha256: Sha256): Uint8Array {
  return keyId(AUTHORITY_LABEL, authorityPublicKey, sha256);
}

function keyId(label: Uint8Array, publicKey: Uint8Array, sha256: Sha256): Uint8Array {
  const message = new Uint8Array(label.length + publicKey.length);
  message.set(label);
  message.set(publicKey, label.length);
  return sha256(message).slice(0, KEY_ID_LENGTH);
}
