/**
 * Whether something that failed is worth another try. Closed: every attempt is let through. After
 * so many failures in a row it opens: none is. Once the time to retry has passed it is half open:
 * one attempt, the probe, is let through, and its outcome closes or opens it again.
 */
export type BreakerSettings = {
  /** Failures in a row that open it. At least 1. */
  readonly failures: number;
  /** How long it stays open. */
  readonly retryMilliseconds: number;
};

export type BreakerState = "closed" | "open" | "halfOpen";

/** `refused`: make no attempt. The others come back with the outcome of the attempt. */
export type Admission = "attempt" | "probe" | "refused";

/** Times are milliseconds of a clock that is never set back. */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  #failures = 0;
  #openedAt: number | undefined;
  #isProbing = false;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
  }

  state(now: number): BreakerState {
    if (this.#openedAt === undefined) return "closed";
    return this.waitMilliseconds(now) > 0 ? "open" : "halfOpen";
  }

  /** Until the next probe may be made; 0 where it may now, or none is needed. */
  waitMilliseconds(now: number): number {
    if (this.#openedAt === undefined) return 0;
    return Math.max(0, this.#openedAt + this.#settings.retryMilliseconds - now);
  }

  /** Asks for an attempt. One that is let through must be answered for, by its outcome. */
  admit(now: number): Admission {
    const state = this.state(now);
    if (state === "closed") return "attempt";
    if (state === "open" || this.#isProbing) return "refused";
    this.#isProbing = true;
    return "probe";
  }

  /** Whatever came back, came back now: an older attempt proves as much as the probe does. */
  succeeded(): void {
    this.#failures = 0;
    this.#openedAt = undefined;
    this.#isProbing = false;
  }

  /** An attempt from before it opened says nothing new; only the probe keeps it open for longer. */
  failed(admission: Admission, now: number): void {
    this.#failures += 1;
    if (this.#openedAt === undefined) {
      if (this.#failures >= this.#settings.failures) this.#openedAt = now;
    } else if (admission === "probe") {
      this.#openedAt = now;
      this.#isProbing = false;
    }
  }
}
