import { describe, expect, test } from "bun:test";
import { openDrain } from "../../src/host/drain.ts";
import { fail, ok } from "../../src/platform/result.ts";
import { failureOf, type StoreHealth } from "../../src/store/health.ts";
import { StoreError } from "../../src/store/store.ts";

const DAY = 86_400_000;

/** A store of settings, and a clock, that the test moves. */
function world() {
  const settings = new Map<string, string>();
  const listeners = new Set<(health: StoreHealth) => void>();
  const state = { now: 1000, isFailed: false };
  const store = {
    setting: async (name: string) => {
      if (state.isFailed) throw new StoreError("unavailable", "failed");
      return settings.get(name);
    },
    putSetting: async (name: string, value: string) => {
      if (state.isFailed) return fail(failureOf("full", "no space"));
      settings.set(name, value);
      return ok(undefined);
    },
    onHealthChange: (listener: (health: StoreHealth) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const recover = () => {
    state.isFailed = false;
    for (const listener of listeners) listener({ state: "ok" });
  };
  return { state, store, listeners, recover, open: () => openDrain(store, () => state.now) };
}

describe("a drain (HOST-12)", () => {
  test("lasts until it is ended", async () => {
    const { state, open } = world();
    const drain = await open();
    expect(drain.state()).toBeUndefined();
    expect(await drain.begin(undefined)).toEqual(ok({ since: 1000, until: undefined }));
    state.now += 1000 * DAY;
    expect(drain.state()).toEqual({ since: 1000, until: undefined });
    expect((await drain.end()).ok).toBe(true);
    expect(drain.state()).toBeUndefined();
  });

  test("or for its time, to the millisecond", async () => {
    const { state, open } = world();
    const drain = await open();
    await drain.begin(7 * DAY);
    state.now += 7 * DAY - 1;
    expect(drain.state()).toEqual({ since: 1000, until: 1000 + 7 * DAY });
    state.now += 1;
    expect(drain.state()).toBeUndefined();
  });

  test("outlives a restart, and its end does too", async () => {
    const { open } = world();
    await (await open()).begin(DAY);
    const again = await open();
    expect(again.state()).toEqual({ since: 1000, until: 1000 + DAY });
    await again.end();
    expect((await open()).state()).toBeUndefined();
  });

  test("that is prolonged keeps its beginning; one that is over does not", async () => {
    const { state, open } = world();
    const drain = await open();
    await drain.begin(DAY);
    state.now += 10;
    expect(await drain.begin(DAY)).toEqual(ok({ since: 1000, until: 1010 + DAY }));
    state.now += 2 * DAY;
    expect(await drain.begin(DAY)).toEqual(ok({ since: state.now, until: state.now + DAY }));
  });

  test("that cannot be kept does not begin, nor end", async () => {
    const { state, open } = world();
    const drain = await open();
    state.isFailed = true;
    expect(await drain.begin(DAY)).toMatchObject({ ok: false, error: { reason: "full" } });
    expect(drain.state()).toBeUndefined();
    state.isFailed = false;
    await drain.begin(DAY);
    state.isFailed = true;
    expect((await drain.end()).ok).toBe(false);
    expect(drain.state()).toBeDefined();
  });

  test("is told to who listens, where it was kept", async () => {
    const { state, open } = world();
    const drain = await open();
    const seen: boolean[] = [];
    drain.onChange(() => void seen.push(drain.state() !== undefined));
    await drain.begin(DAY);
    state.isFailed = true;
    await drain.end();
    state.isFailed = false;
    await drain.end();
    expect(seen).toEqual([true, false]);
  });

  test("is taken up when a store recovers that had failed at the start (STORE-6)", async () => {
    const { state, listeners, recover, open } = world();
    await (await open()).begin(undefined);
    state.isFailed = true;
    const drain = await open();
    expect(drain.state()).toBeUndefined();
    recover();
    await Promise.resolve();
    await Promise.resolve();
    expect(drain.state()).toEqual({ since: 1000, until: undefined });
    drain.close();
    expect(listeners.size).toBe(1);
  });
});
