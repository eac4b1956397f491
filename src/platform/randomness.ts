/**
 * Draws `length` random octets. Passed in wherever chance is needed: no pure core draws its own.
 */
export type RandomBytes = (length: number) => Uint8Array;

export const systemRandomBytes: RandomBytes = (length) =>
  crypto.getRandomValues(new Uint8Array(length));
