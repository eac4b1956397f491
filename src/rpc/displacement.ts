/** What may have to go for another. */
export type Displaceable = {
  /**
   * How much of its time limit it has used, from 0 to 1; undefined where it waits for nothing from
   * its peer, such as during a call.
   */
  readonly timeUsed: (now: number) => number | undefined;
};

type Candidate<Connection> = { readonly connection: Connection; readonly used: number };

/** Kept of one search: a full listener under a flood must not be searched for each newcomer. */
const CANDIDATES_MAX = 256;
/** A search that finds less than one in so many is not repeated at the same time of the clock. */
const POOR_YIELD = 64;

/**
 * Who has to go where there is no room for another connection: whoever has used up most of the time
 * it is given. A flood of silent connections so displaces itself, while clients that come, ask and
 * leave have used next to nothing of theirs.
 */
export class Displacement<Connection extends Displaceable> {
  /** The next one to go last. */
  #candidates: Candidate<Connection>[] = [];
  #poorAt: number | undefined;

  /** One of the open connections, which come oldest first; undefined where none can go. */
  choose(open: Iterable<Connection>, now: number): Connection | undefined {
    for (;;) {
      if (this.#candidates.length === 0) this.#search(open, now);
      const candidate = this.#candidates.pop();
      if (candidate === undefined) return undefined;
      // While it waits it can only use more: whoever has used less has moved on since.
      const used = candidate.connection.timeUsed(now);
      if (used !== undefined && used >= candidate.used) return candidate.connection;
    }
  }

  #search(open: Iterable<Connection>, now: number): void {
    if (this.#poorAt === now) return;
    const found: Candidate<Connection>[] = [];
    let looked = 0;
    for (const connection of open) {
      looked += 1;
      const used = connection.timeUsed(now);
      if (used !== undefined) found.push({ connection, used });
    }
    this.#poorAt = found.length * POOR_YIELD < looked ? now : undefined;
    // The sort is stable: the older one first among equals.
    found.sort((left, right) => right.used - left.used);
    this.#candidates = found.slice(0, CANDIDATES_MAX).reverse();
  }
}
