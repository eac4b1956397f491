import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_POLICY } from "../../src/activation/policy.ts";
import { ALERT_KINDS } from "../../src/analysis/alerts.ts";
import {
  confirmationPath,
  leaveConfirmation,
  takeConfirmation,
} from "../../src/monitor/clock-confirmation.ts";
import {
  CLOCK_SETTING,
  type ClockWatch,
  parseSavedClock,
  watchClock,
} from "../../src/monitor/clock-watch.ts";
import { type Monitor, type MonitorOptions, startMonitor } from "../../src/monitor/monitor.ts";
import { createRetention } from "../../src/monitor/retention.ts";
import { openLog } from "../../src/platform/log.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { CATALOGUE, DAY, NOW } from "../activation/support.ts";
import { RULES } from "../analysis/support.ts";
import { commit, effectOf, groupOf } from "../store/support.ts";
import { scratchDirectory } from "../support/scratch.ts";

const folder = scratchDirectory("monitor");
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const HOUR = DAY / 24;

type Scene = {
  readonly store: Store;
  readonly clock: ClockWatch;
  readonly monitor: Monitor;
  readonly directory: string;
  readonly jump: (milliseconds: number) => void;
};

/** A monitor that looks when it is told to, on a clock that a test sets. */
async function scene(changes: Partial<MonitorOptions> = {}): Promise<Scene> {
  const directory = mkdtempSync(join(folder, "box-"));
  const databasePath = join(directory, "muster.db");
  const store = await openStore({ path: databasePath });
  closers.push(store.close);
  let offset = 0;
  const start = performance.now();
  const monotonic = () => performance.now() - start;
  const wall = () => NOW + monotonic() + offset;
  const rules = { jumpMilliseconds: 4 * HOUR, settleMilliseconds: 0 };
  const clock = watchClock({ saved: undefined, rules, wall, monotonic });
  const monitor = startMonitor({
    store,
    clock,
    frame: {
      catalogue: CATALOGUE,
      policy: DEFAULT_POLICY,
      rules: RULES,
      activationDays: 30,
      graceDays: 3,
    },
    alertRules: {
      kinds: new Set(ALERT_KINDS),
      countDays: 7,
      diskFreeOctets: 1,
      burstClients: 100,
      burstMinutes: 60,
    },
    alertMilliseconds: DAY,
    retention: { keepDays: 365, maximumOctets: 1e9 },
    hooks: { host: "box", webhook: undefined, exec: undefined },
    databasePath,
    dataDirectory: directory,
    log: openLog("monitor"),
    ...changes,
  });
  closers.push(monitor.stop);
  await monitor.look();
  const jump = (milliseconds: number): void => {
    offset += milliseconds;
  };
  return { store, clock, monitor, directory, jump };
}

describe("REPORT-3: the appliance looks after itself", () => {
  test("shared ids stand as an alert until they are shared no more", async () => {
    const { store, monitor } = await scene();
    expect(monitor.alerts()).toEqual([]);
    const clone = { machineName: "CLONE", time: NOW + 60_000 };
    await commit(store, groupOf([effectOf(0), effectOf(0, clone)]));
    await monitor.look();
    expect(monitor.alerts()).toMatchObject([{ kind: "duplicate" }]);
    expect(monitor.alerts()[0]?.message).toContain("CLONE");
  });

  test("a burst of new ids", async () => {
    const { store, monitor } = await scene();
    await commit(store, groupOf(Array.from({ length: 100 }, (_, index) => effectOf(index))));
    await monitor.look();
    expect(monitor.alerts().map(({ kind }) => kind)).toContain("burst");
  });

  test("a clock that jumps, with its mark kept for the next start", async () => {
    const { store, clock, monitor, jump } = await scene();
    jump(100 * DAY);
    await monitor.look();
    expect(monitor.alerts()).toMatchObject([{ kind: "clock", severity: "critical" }]);
    await monitor.stop();
    const saved = parseSavedClock(await store.setting(CLOCK_SETTING));
    expect(saved?.doubt).toMatchObject({ kind: "forward" });
    expect(saved?.believed).toBeLessThan(NOW + HOUR);
    expect(clock.expiry()).toBeLessThan(NOW + HOUR);
  });

  test("facts that a failing store cannot give leave the alerts as they are", async () => {
    const { store, monitor } = await scene();
    await commit(store, groupOf([effectOf(0), effectOf(0, { machineName: "CLONE" })]));
    await monitor.look();
    await store.close();
    await monitor.look();
    expect(monitor.alerts()).toMatchObject([{ kind: "duplicate" }]);
  });
});

describe("`muster clock confirm`", () => {
  test("is taken once, and only for about the time that it was given at", () => {
    const directory = mkdtempSync(join(folder, "confirm-"));
    expect(takeConfirmation(directory, NOW)).toBe(false);
    leaveConfirmation(directory, NOW);
    expect(takeConfirmation(directory, NOW + HOUR)).toBe(true);
    expect(takeConfirmation(directory, NOW + HOUR)).toBe(false);
    leaveConfirmation(directory, NOW);
    expect(takeConfirmation(directory, NOW + 2 * DAY)).toBe(false);
    writeFileSync(confirmationPath(directory), "nonsense");
    expect(takeConfirmation(directory, NOW)).toBe(false);
  });
});

describe("what is kept of the clock", () => {
  test("is read with care", () => {
    for (const text of [undefined, "", "{", "null", '{"believed":"x"}', "[]"]) {
      expect(parseSavedClock(text)).toBeUndefined();
    }
    expect(parseSavedClock('{"believed":5}')).toEqual({ believed: 5, doubt: null });
  });
});

describe("EVENT-4: retention", () => {
  const clock = { wall: () => NOW, expiry: () => NOW - HOUR };
  const rules = { keepDays: 30, maximumOctets: 1000 };

  test("goes step by step until all is done, resting longer than it works", async () => {
    const rests: number[] = [];
    let steps = 0;
    let time = 0;
    const retention = createRetention({
      clock,
      rules,
      monotonic: () => time,
      pause: async (milliseconds) => void rests.push(milliseconds),
      store: {
        retainEvents: async (limits) => {
          expect(limits).toEqual({
            deadline: NOW - HOUR - 30 * DAY,
            now: NOW + DAY,
            maximumOctets: 1000,
          });
          steps += 1;
          time += 10;
          return { ok: true, value: { removed: 7, isDone: steps === 3 } };
        },
      },
    });
    expect(await retention.run()).toBe(21);
    expect(rests).toEqual([40, 40]);
  });

  test("runs once at a time, and ends when it is stopped", async () => {
    let calls = 0;
    const held = Promise.withResolvers<void>();
    const retention = createRetention({
      clock,
      rules,
      pause: () => held.promise,
      store: {
        retainEvents: async () => {
          calls += 1;
          return { ok: true, value: { removed: 1, isDone: false } };
        },
      },
    });
    expect(retention.run()).toBe(retention.run());
    const stopped = retention.stop();
    held.resolve();
    await stopped;
    expect(calls).toBe(1);
  });
});
