/** The signals that end or reload a service. */

/** The part of `process` that is used; tests give their own. */
export type SignalSource = {
  readonly on: (signal: NodeJS.Signals, listener: () => void) => unknown;
  readonly off: (signal: NodeJS.Signals, listener: () => void) => unknown;
};

export type ServiceSignals = {
  /** Resolves at the first signal that asks to stop. */
  readonly stopRequested: Promise<NodeJS.Signals>;
  /** Puts the default actions back. */
  readonly release: () => void;
};

export type SignalActions = {
  /** A second request to stop: the person does not want to wait. */
  readonly onSecondStop: (signal: NodeJS.Signals) => void;
  /** SIGHUP. */
  readonly onReload: () => void;
};

const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Takes the signals over, before anything that needs an orderly end is opened. */
export function watchSignals(source: SignalSource, actions: SignalActions): ServiceSignals {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const listeners: [NodeJS.Signals, () => void][] = [["SIGHUP", actions.onReload]];
  let stopping = false;
  for (const signal of STOP_SIGNALS) {
    listeners.push([
      signal,
      () => {
        if (stopping) return actions.onSecondStop(signal);
        stopping = true;
        resolve(signal);
      },
    ]);
  }
  for (const [signal, listener] of listeners) source.on(signal, listener);
  return {
    stopRequested: promise,
    release: () => {
      for (const [signal, listener] of listeners) source.off(signal, listener);
    },
  };
}
