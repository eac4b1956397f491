/** Wakes those who wait for a change, and no more often than they can make use of it. */
export class Bell {
  readonly #quietMilliseconds: number;
  readonly #waiting = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rings = 0;

  /** Changes that follow one another within so long wake once. */
  constructor(quietMilliseconds: number) {
    this.#quietMilliseconds = quietMilliseconds;
  }

  /** Changes so far: who looks first and waits then misses none in between. */
  get rings(): number {
    return this.#rings;
  }

  /** Costs next to nothing while nobody waits: called with every commit. */
  ring(): void {
    this.#rings += 1;
    if (this.#waiting.size > 0) this.#wakeSoon();
  }

  /** Until it rings more often than `since`, the time is up, or the signal aborts. */
  wait(since: number, milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, Math.max(0, milliseconds));
      this.#waiting.add(end);
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
      else if (this.#rings !== since) this.#wakeSoon();
    });
  }

  #wakeSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const wake of [...this.#waiting]) wake();
    }, this.#quietMilliseconds);
  }
}
