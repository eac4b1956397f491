/**
 * What the appliance looks after by itself, off the way of requests: alerts, the clock, and the
 * size of the event log.
 */
import type { AlertRules, StandingAlert } from "../analysis/alerts.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/store.ts";
import { AlertBook } from "./alert-book.ts";
import { type AnalysisFrame, gatherFacts } from "./alert-facts.ts";
import { createHooks, type HookOptions } from "./alert-hooks.ts";
import { takeConfirmation } from "./clock-confirmation.ts";
import { CLOCK_SETTING, type ClockWatch } from "./clock-watch.ts";
import { createRetention, type RetentionRules } from "./retention.ts";

export type MonitorOptions = {
  readonly store: Store;
  readonly clock: ClockWatch;
  readonly frame: AnalysisFrame;
  readonly alertRules: AlertRules;
  readonly alertMilliseconds: number;
  readonly retention: RetentionRules;
  readonly hooks: Omit<HookOptions, "log">;
  readonly databasePath: string;
  readonly dataDirectory: string;
  readonly log: Log;
};

export type Monitor = {
  /** The alerts that stand, the gravest first. */
  readonly alerts: () => readonly StandingAlert[];
  /** Looks at everything now; resolves when it is looked at. */
  readonly look: () => Promise<void>;
  /** Ends what is under way and keeps the clock's mark. */
  readonly stop: () => Promise<void>;
};

/** How often the clock, and word from the operator, are looked for. */
const TICK_MILLISECONDS = 1000;
/** How often the clock's high-water mark is kept: a power cut loses so much of it. */
const MARK_MILLISECONDS = 10 * 60_000;
const RETENTION_MILLISECONDS = 10 * 60_000;
/**
 * Looking costs the reader's thread at most this share of its time, however large the inventory.
 */
const LOOK_SHARE = 0.05;

export function startMonitor(options: MonitorOptions): Monitor {
  const { store, clock, log } = options;
  const hooks = createHooks({ ...options.hooks, log });
  const book = new AlertBook({ store, rules: options.alertRules, log, tell: hooks.tell });
  const retention = createRetention({ store, clock, rules: options.retention });
  const looker = createLooker(options, book);
  const mark = async (): Promise<void> => {
    if (store.health().state !== "ok") return;
    await store.putSetting(CLOCK_SETTING, JSON.stringify(clock.save()));
  };
  let doubted = clock.doubt() !== undefined;
  const tick = (): void => {
    if (takeConfirmation(options.dataDirectory, clock.wall())) {
      clock.confirm();
      log.warning("clock confirmed by an operator");
    }
    const isDoubted = clock.doubt() !== undefined;
    if (isDoubted === doubted) return;
    doubted = isDoubted;
    log.warning(isDoubted ? "clock doubted: nobody expires" : "clock believed again");
    void mark();
    void looker.look();
  };
  const retain = (): void => {
    if (store.health().state === "ok") void retention.run();
  };
  const timers = [
    setInterval(tick, TICK_MILLISECONDS),
    setInterval(() => void mark(), MARK_MILLISECONDS),
    setInterval(retain, RETENTION_MILLISECONDS),
  ];
  tick();
  void mark();
  retain();
  looker.start();
  return {
    alerts: () => book.standing,
    look: looker.look,
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await Promise.all([looker.stop(), retention.stop(), hooks.stop()]);
      await mark();
    },
  };
}

type Looker = {
  readonly start: () => void;
  readonly look: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Looks at the facts now and then, one look at a time. */
function createLooker(options: MonitorOptions, book: AlertBook): Looker {
  const { log, alertMilliseconds, databasePath } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;
  const judge = async (): Promise<void> => {
    try {
      await book.judge(await gatherFacts({ ...options, databasePath }), options.clock.wall());
    } catch (error) {
      log.error("alerts could not be looked at", { error });
    }
  };
  const look = (): Promise<void> => {
    running ??= judge().finally(() => {
      running = undefined;
    });
    return running;
  };
  const start = (): void => {
    if (isStopped) return;
    const begun = performance.now();
    void look().then(() => {
      const taken = performance.now() - begun;
      if (!isStopped) timer = setTimeout(start, Math.max(alertMilliseconds, taken / LOOK_SHARE));
    });
  };
  return {
    start,
    look,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
