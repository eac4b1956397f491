/**
 * Association groups (C706 9.3.3, 12.6.4.3): connections of one client process share an id. A group
 * lives as long as one of its connections; ids are per listener.
 */
export class AssociationGroups {
  readonly #members = new Map<number, number>();
  #next: number;

  /**
   * `seed` is where ids start: drawn at random, so that an id of an earlier process is unlikely to
   * be ours.
   */
  constructor(seed: number) {
    this.#next = seed >>> 0;
  }

  /** Groups that have a connection. */
  get size(): number {
    return this.#members.size;
  }

  /** Makes a group with one member. Its id is never 0. */
  create(): number {
    do {
      this.#next = (this.#next + 1) >>> 0;
    } while (this.#next === 0 || this.#members.has(this.#next));
    this.#members.set(this.#next, 1);
    return this.#next;
  }

  /** Adds a member; false where no such group is alive. */
  join(id: number): boolean {
    const members = this.#members.get(id);
    if (members === undefined) return false;
    this.#members.set(id, members + 1);
    return true;
  }

  leave(id: number): void {
    const members = this.#members.get(id);
    if (members === undefined) return;
    if (members === 1) this.#members.delete(id);
    else this.#members.set(id, members - 1);
  }
}
