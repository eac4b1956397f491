/** A reading with the time it was made at; Unix milliseconds. */
export type Reading<Value> = { readonly asOf: number; readonly value: Value };

/** A reading costs its thread at most this share of the time, however often it is asked for. */
const READING_SHARE = 0.02;

/**
 * Reads anew when what is kept is older than `lifeMilliseconds`, or than fifty times what reading
 * it took: a page that many look at costs no more than one. Who asks meanwhile waits for the
 * reading under way; a reading that fails is not kept.
 */
export function kept<Value>(
  read: () => Promise<Value>,
  lifeMilliseconds: number,
  clock: () => number,
): () => Promise<Reading<Value>> {
  let current: Promise<Reading<Value>> | undefined;
  let validUntil = Number.NEGATIVE_INFINITY;
  return () => {
    if (current !== undefined && performance.now() < validUntil) return current;
    const begun = performance.now();
    validUntil = Number.POSITIVE_INFINITY;
    const reading = read().then((value) => ({ asOf: clock(), value }));
    current = reading;
    reading.then(
      () => {
        const taken = performance.now() - begun;
        validUntil = performance.now() + Math.max(lifeMilliseconds, taken / READING_SHARE);
      },
      () => {
        if (current === reading) current = undefined;
      },
    );
    return reading;
  };
}

/** {@link kept} for each key, the ones used last. */
export function keptByKey<Key, Value>(
  read: (key: Key) => Promise<Value>,
  lifeMilliseconds: number,
  clock: () => number,
  keysMaximum: number,
): (key: Key) => Promise<Reading<Value>> {
  const readers = new Map<Key, () => Promise<Reading<Value>>>();
  return (key) => {
    const reader = readers.get(key) ?? kept(() => read(key), lifeMilliseconds, clock);
    readers.delete(key);
    readers.set(key, reader);
    const [oldest] = readers.keys();
    if (readers.size > keysMaximum && oldest !== undefined) readers.delete(oldest);
    return reader();
  };
}
