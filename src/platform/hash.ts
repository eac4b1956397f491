/** SHA-256 (FIPS 180-4): 32 octets. Passed in wherever a pure core needs a digest. */
export type Sha256 = (octets: Uint8Array) => Uint8Array;

export const sha256: Sha256 = (octets) => {
  // The runtime's type admits views on shared memory only with ArrayBufferLike; ours never are.
  const digest = new Uint8Array(SHA256_LENGTH);
  Bun.SHA256.hash(octets as Uint8Array<ArrayBuffer>, digest);
  return digest;
};

const SHA256_LENGTH = 32;
