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

  /** Takes `count` octets; false, and nothing taken, where they are not there. */
  take(count: number): boolean {
    if (this.#used + count > this.#total) return false;
    this.#used += count;
    return true;
  }

  giveBack(count: number): void {
    this.#used -= count;
  }
}
