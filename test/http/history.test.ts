import { describe, expect, test } from "bun:test";
import { createHttpApp } from "../../src/http/app.ts";
import { History, type HistorySample, RESOLUTIONS } from "../../src/http/history/history.ts";
import { startRecorder } from "../../src/http/history/recorder.ts";
import { ok } from "../../src/platform/result.ts";
import { type Store, StoreError } from "../../src/store/store.ts";
import { NOW, SOURCES, STATUS } from "./sources.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
/** The beginning of an hour. */
const START = Math.floor(NOW / HOUR) * HOUR;

function sampleAt(time: number, count = 1): HistorySample {
  return { time, count, clientsKnown: 2, requests: 3, failed: 4 };
}

describe("a history", () => {
  test("keeps the first sample of each minute and of each hour", () => {
    const history = new History();
    const isHour: boolean[] = [];
    for (let seconds = 0; seconds < 7300; seconds += 15) {
      isHour.push(history.add(sampleAt(START + seconds * 1000, seconds)));
    }
    expect(history.samples("minute")).toHaveLength(122);
    expect(history.samples("minute")[1]?.count).toBe(60);
    expect(history.samples("hour").map(({ count }) => count)).toEqual([0, 3600, 7200]);
    expect(isHour.filter(Boolean)).toHaveLength(3);
  });

  test("is bounded, whatever time it spans", () => {
    const history = new History();
    for (let hours = 0; hours < 3000; hours += 1) history.add(sampleAt(START + hours * HOUR));
    for (const resolution of ["minute", "hour"] as const) {
      const samples = history.samples(resolution);
      expect(samples.length).toBeLessThanOrEqual(RESOLUTIONS[resolution].samplesMaximum);
      expect(samples.at(-1)?.time).toBe(START + 2999 * HOUR);
    }
    expect(history.toText().length).toBeLessThan(200_000);
  });

  test("drops what lies in the future of a clock that was set back", () => {
    const history = new History();
    for (const minutes of [0, 1, 2, 600]) history.add(sampleAt(START + minutes * MINUTE));
    history.add(sampleAt(START + 3 * MINUTE));
    expect(history.samples("minute").map(({ time }) => (time - START) / MINUTE)).toEqual([
      0, 1, 2, 3,
    ]);
    expect(history.samples("hour")).toHaveLength(1);
  });

  test("comes back from its text, and empty from any other", () => {
    const history = new History();
    for (const minutes of [0, 1, 61]) history.add(sampleAt(START + minutes * MINUTE));
    const again = History.fromText(history.toText());
    for (const resolution of ["minute", "hour"] as const) {
      expect(again.samples(resolution)).toEqual(history.samples(resolution));
    }
    for (const text of [undefined, "", "{", "[]", "null", '{"minute":3}', '{"minute":[[1],"x"]}']) {
      expect(History.fromText(text).samples("minute")).toEqual([]);
    }
  });
});

describe("the recorder", () => {
  function settings() {
    const kept = new Map<string, string>();
    const state = { isFailed: false, writes: 0 };
    const store: Pick<Store, "setting" | "putSetting" | "health"> = {
      setting: async (name) => {
        if (state.isFailed) throw new StoreError("unavailable", "failed");
        return kept.get(name);
      },
      putSetting: async (name, value) => {
        state.writes += 1;
        kept.set(name, value);
        return ok(undefined);
      },
      health: () =>
        state.isFailed
          ? { state: "failed", since: 0, reason: "full", hresult: 0, message: "" }
          : { state: "ok" },
    };
    return { store, state };
  }

  test("goes on with what was kept before", async () => {
    const { store } = settings();
    let now = START;
    const options = { store, status: () => STATUS, clock: () => now };
    await (await startRecorder(options)).close();
    now += MINUTE;
    const recorder = await startRecorder(options);
    expect(recorder.samples("minute")).toEqual([
      { time: START, count: 27, clientsKnown: 31, requests: 9826, failed: 7402 },
      { time: now, count: 27, clientsKnown: 31, requests: 9826, failed: 7402 },
    ]);
    await recorder.close();
  });

  test("asks nothing of a store that has failed (STORE-6)", async () => {
    const { store, state } = settings();
    state.isFailed = true;
    const recorder = await startRecorder({ store, status: () => STATUS, clock: () => NOW });
    expect(recorder.samples("hour")).toHaveLength(1);
    await recorder.close();
    expect(state.writes).toBe(0);
  });
});

test("GET /api/v1/history, open to all", async () => {
  const app = createHttpApp(SOURCES);
  const response = await app.request("/api/v1/history?resolution=hour");
  expect(await response.json()).toEqual({
    resolution: "hour",
    items: [
      {
        time: "2026-03-04T05:05:07.000Z",
        count: 26,
        clientsKnown: 30,
        requests: 9800,
        failed: 7400,
      },
      {
        time: "2026-03-04T05:06:07.000Z",
        count: 27,
        clientsKnown: 31,
        requests: 9826,
        failed: 7402,
      },
    ],
  });
  const csv = await app.request("/api/v1/history?format=csv");
  expect((await csv.text()).split("\r\n")).toHaveLength(4);
  expect((await app.request("/api/v1/history?resolution=day")).status).toBe(400);
});
