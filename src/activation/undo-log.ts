/**
 * What would take back the changes made since the last {@link forget}, newest last. A group of
 * requests is decided in memory before it is stored; where storing fails, memory goes back to what
 * the store holds (STORE-1).
 */
export class UndoLog {
  #steps: (() => void)[] = [];

  get length(): number {
    return this.#steps.length;
  }

  push(step: () => void): void {
    this.#steps.push(step);
  }

  /** Takes back every change, the newest first. */
  rollback(): void {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) step();
  }

  /** Keeps every change. */
  forget(): void {
    this.#steps = [];
  }
}
