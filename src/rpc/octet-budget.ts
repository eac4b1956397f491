/**
 * Octets that one holder may have whatever the others took: enough for a message of this domain's
 * protocol that arrives in pieces, so that nobody is refused because others hoard.
 */
export const OWN_OCTETS = 512;

/** A number of octets shared by all connections: taken before they are held, given back after. */
export class OctetBudget {
  readonly #total: number;
  #used = 0;

  constructor(total: number) {
    this.#total = total;
  }

  get used(): number {
    return this.#used;
  }

  /**
   * Takes `count` octets for a holder that has `held`; false, and nothing taken, where they are not
   * there. Holders' own octets count as used and may exceed the total.
   */
  take(count: number, held: number): boolean {
    if (this.#used + count > this.#total && held + count > OWN_OCTETS) return false;
    this.#used += count;
    return true;
  }

  giveBack(count: number): void {
    this.#used -= count;
  }
}
