import type { CallConnection } from "./interface.ts";

/** Who wants to know when a connection is over; most have nobody who does. */
export class ConnectionLifetime implements CallConnection {
  #listeners: (() => void)[] | undefined;
  #isOver = false;

  onClose(listener: () => void): void {
    if (this.#isOver) {
      listener();
      return;
    }
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  /** May come more than once: the listeners are called the first time. */
  end(): void {
    this.#isOver = true;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }
}
