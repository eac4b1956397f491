import type { Drain } from "../host/drain.ts";
import type { Store } from "../store/store.ts";
import type { DrainReport } from "./sources.ts";

const MILLISECONDS_PER_DAY = 86_400_000;
/** For so long a number counted is shown again: counting reads every client. */
const COUNT_LIFE_MILLISECONDS = 10_000;

/**
 * What is known of a drain (HOST-12). Still to move: clients that were served within the life of a
 * record and not sent away since. One that was sent away asks elsewhere; one that has been silent
 * for longer is gone.
 */
export function drainReporter(
  drain: Pick<Drain, "state">,
  store: Pick<Store, "clientsServedSince">,
  recordDays: number,
): () => Promise<DrainReport | undefined> {
  let counted: Promise<number | undefined> = Promise.resolve(undefined);
  let countedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const state = drain.state();
    if (state === undefined) return undefined;
    const now = performance.now();
    if (now - countedAt > COUNT_LIFE_MILLISECONDS) {
      countedAt = now;
      const from = state.since - recordDays * MILLISECONDS_PER_DAY;
      counted = store.clientsServedSince(from).catch(() => undefined);
    }
    return { ...state, clientsToMove: await counted };
  };
}
