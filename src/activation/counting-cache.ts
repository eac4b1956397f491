import type { Guid } from "../protocol/types.ts";
import type { UndoLog } from "./undo-log.ts";

export const MILLISECONDS_PER_DAY = 24 * 60 * 60 * 1000;

/** A client in the cache. */
export type CacheRecord = {
  readonly cmid: Guid;
  /** Grows with every record of the installation: the order of recency. */
  readonly sequence: number;
  /** Unix milliseconds by the host's clock, when the record was made. */
  readonly time: number;
  readonly virtual: boolean;
};

/** A record in its place. Neighbours stay in a removed node: that is what undoing goes by. */
type Node = {
  readonly cmid: Guid;
  readonly sequence: number;
  time: number;
  readonly virtual: boolean;
  older: Node;
  newer: Node;
};

/** A ring with a node that is no record: `newer` of it is the oldest record, `older` the newest. */
function emptyRing(): Node {
  const ends: Partial<Node> & Omit<Node, "older" | "newer"> = {
    cmid: "",
    sequence: 0,
    time: Number.NEGATIVE_INFINITY,
    virtual: false,
  };
  ends.older = ends as Node;
  ends.newer = ends as Node;
  return ends as Node;
}

/**
 * The table of client machine ids of one application, most recent last (COUNT-6, COUNT-7).
 * Every operation takes constant time, amortised, and can be taken back through the undo log.
 *
 * No record is older in the ring and later in time than another: where the host's clock was set
 * back, records from the time that has not come yet count as made now. Otherwise one hour spent in
 * the wrong year would keep its records, and all behind them, until that year.
 */
export class CountingCache {
  readonly #undo: UndoLog;
  readonly #ends = emptyRing();
  readonly #byCmid = new Map<Guid, Node>();
  #settledTime: number | undefined;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  /** Distinct clients held, those not yet expired by {@link expire} included. */
  get size(): number {
    return this.#byCmid.size;
  }

  /** Sequence of the oldest record held; undefined while empty. */
  get oldestSequence(): number | undefined {
    return this.size === 0 ? undefined : this.#ends.newer.sequence;
  }

  /**
   * The time to which later records were set back since {@link forgetSettledTime}; undefined where
   * none was. A store has to do the same to its own.
   */
  get settledTime(): number | undefined {
    return this.#settledTime;
  }

  forgetSettledTime(): void {
    this.#settledTime = undefined;
  }

  /** How many records were made later than `deadline`. Changes nothing. */
  countSince(deadline: number): number {
    let count = this.size;
    for (let node = this.#ends.newer; count > 0 && node.time <= deadline; node = node.newer) {
      count -= 1;
    }
    return count;
  }

  /** Oldest first. */
  *records(): Generator<CacheRecord> {
    for (let node = this.#ends.newer; node !== this.#ends; node = node.newer) {
      const { cmid, sequence, time, virtual } = node;
      yield { cmid, sequence, time, virtual };
    }
  }

  /**
   * Deletes the client's record, if any, and writes this one as the newest (COUNT-6).
   * Returns the sequence of the record deleted.
   */
  renew(record: CacheRecord): number | undefined {
    const replaced = this.remove(record.cmid);
    this.#settleTimes(record.time);
    const newest = this.#ends.older;
    const node: Node = { ...record, older: newest, newer: this.#ends };
    newest.newer = node;
    this.#ends.older = node;
    this.#byCmid.set(node.cmid, node);
    this.#undo.push(() => {
      unlink(node);
      this.#byCmid.delete(node.cmid);
    });
    return replaced;
  }

  /** Deletes the client's record and returns its sequence; undefined where there was none. */
  remove(cmid: Guid): number | undefined {
    const node = this.#byCmid.get(cmid);
    if (node === undefined) return undefined;
    this.#take(node);
    return node.sequence;
  }

  /** Deletes every record made at `deadline` or before. */
  expire(deadline: number): void {
    while (this.size > 0 && this.#ends.newer.time <= deadline) this.#take(this.#ends.newer);
  }

  /** Deletes the oldest records over `capacity`. */
  trim(capacity: number): void {
    while (this.size > capacity) this.#take(this.#ends.newer);
  }

  #take(node: Node): void {
    unlink(node);
    this.#byCmid.delete(node.cmid);
    this.#undo.push(() => {
      node.older.newer = node;
      node.newer.older = node;
      this.#byCmid.set(node.cmid, node);
    });
  }

  /** No record may be later than the one that comes now. */
  #settleTimes(now: number): void {
    for (let node = this.#ends.older; node.time > now; node = node.older) {
      const settled = node;
      const { time } = node;
      settled.time = now;
      this.#settledTime = now;
      this.#undo.push(() => {
        settled.time = time;
      });
    }
  }
}

function unlink(node: Node): void {
  node.older.newer = node.newer;
  node.newer.older = node.older;
}
