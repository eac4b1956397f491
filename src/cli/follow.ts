/** Waiting for something new without a busy loop, until the user has seen enough. */
import type { SignalSource } from "../platform/signals.ts";

/** How often is looked whether another connection has committed: a look costs microseconds. */
const LOOK_MILLISECONDS = 250;

/**
 * Calls `onChange` after each change of `version`, and once at the start. Resolves at SIGINT or
 * SIGTERM; rejects with what a call throws.
 */
export function follow(
  version: () => number,
  onChange: () => void,
  signals: SignalSource,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let seen: number | undefined;
  const look = (): void => {
    try {
      const now = version();
      if (now === seen) return;
      seen = now;
      onChange();
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const timer = setInterval(look, LOOK_MILLISECONDS);
  const stop = (): void => resolve();
  signals.on("SIGINT", stop);
  signals.on("SIGTERM", stop);
  look();
  return promise.finally(() => {
    clearInterval(timer);
    signals.off("SIGINT", stop);
    signals.off("SIGTERM", stop);
  });
}
