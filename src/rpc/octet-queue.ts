/**
 * Octets waiting to be sent: PDUs are written at the tail, the socket takes from the head. One
 * allocation serves a short connection for its whole life, and PDUs of one turn leave in one write.
 */
export class OctetQueue {
  /** The storage; what waits is `bytes[head .. tail)`. Replaced when it grows. */
  bytes: Uint8Array;
  head = 0;
  tail = 0;
  readonly #initialCapacity: number;

  constructor(initialCapacity: number) {
    this.#initialCapacity = initialCapacity;
    this.bytes = new Uint8Array(initialCapacity);
  }

  /** Octets that wait. */
  get length(): number {
    return this.tail - this.head;
  }

  /**
   * Makes room for `count` octets and returns where they start in `bytes`. Their old content is
   * undefined.
   */
  reserve(count: number): number {
    const start = this.tail;
    if (start + count <= this.bytes.length) {
      this.tail = start + count;
      return start;
    }
    return this.#grow(count);
  }

  /** Drops `count` octets from the head: the socket has them. */
  consume(count: number): void {
    this.head += count;
    if (this.head < this.tail) return;
    this.head = 0;
    this.tail = 0;
    // A burst must not keep its memory for the life of an idle connection.
    if (this.bytes.length > this.#initialCapacity * RETAINED_GROWTH) {
      this.bytes = new Uint8Array(this.#initialCapacity);
    }
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.consume(this.length);
  }

  /** A copy of what waits. */
  toBytes(): Uint8Array {
    return this.bytes.slice(this.head, this.tail);
  }

  #grow(count: number): number {
    const waiting = this.length;
    let capacity = this.bytes.length;
    while (capacity < waiting + count) capacity *= 2;
    const grown = capacity === this.bytes.length ? this.bytes : new Uint8Array(capacity);
    if (grown === this.bytes) grown.copyWithin(0, this.head, this.tail);
    else grown.set(this.bytes.subarray(this.head, this.tail));
    this.bytes = grown;
    this.head = 0;
    this.tail = waiting + count;
    return waiting;
  }
}

/** How many times its first capacity an empty queue may keep. */
const RETAINED_GROWTH = 16;
