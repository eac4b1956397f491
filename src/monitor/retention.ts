/** Keeps the event log within its limits (EVENT-4), step by step, so that nothing waits for it. */
import { MILLISECONDS_PER_DAY } from "../analysis/intervals.ts";
import type { Store } from "../store/store.ts";
import type { ClockWatch } from "./clock-watch.ts";

export type RetentionRules = { readonly keepDays: number; readonly maximumOctets: number };

export type Retention = {
  /** Does all that is to be done now; one at a time. */
  readonly run: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

/** Between two steps, at least; and so many times as long as the step took. */
const PAUSE_MILLISECONDS = 5;
const PAUSE_FACTOR = 4;

export type RetentionOptions = {
  readonly store: Pick<Store, "retainEvents">;
  readonly clock: Pick<ClockWatch, "wall" | "expiry">;
  readonly rules: RetentionRules;
  readonly monotonic?: () => number;
  readonly pause?: (milliseconds: number) => Promise<void>;
};

export function createRetention(options: RetentionOptions): Retention {
  const { store, clock, rules, monotonic = () => performance.now(), pause = Bun.sleep } = options;
  let isStopped = false;
  let running: Promise<number> | undefined;
  const steps = async (): Promise<number> => {
    let removed = 0;
    while (!isStopped) {
      const start = monotonic();
      const outcome = await store.retainEvents({
        deadline: clock.expiry() - rules.keepDays * MILLISECONDS_PER_DAY,
        // What a clock that was put right entered meanwhile is a day ahead at most.
        now: clock.wall() + MILLISECONDS_PER_DAY,
        maximumOctets: rules.maximumOctets,
      });
      if (!outcome.ok) break;
      removed += outcome.value.removed;
      if (outcome.value.isDone) break;
      await pause(Math.max(PAUSE_MILLISECONDS, PAUSE_FACTOR * (monotonic() - start)));
    }
    return removed;
  };
  return {
    run: () => {
      running ??= steps().finally(() => {
        running = undefined;
      });
      return running;
    },
    stop: async () => {
      isStopped = true;
      await running;
    },
  };
}
