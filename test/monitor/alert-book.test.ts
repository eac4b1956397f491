import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { EVENT_CODE } from "../../src/activation/events.ts";
import { ALERT_KINDS, type AlertFacts, type AlertRules } from "../../src/analysis/alerts.ts";
import { ALERTS_SETTING, AlertBook, parseAlerts } from "../../src/monitor/alert-book.ts";
import type { AlertNews } from "../../src/monitor/alert-hooks.ts";
import { openLog } from "../../src/platform/log.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { NOW } from "../activation/support.ts";
import { scratchDirectory } from "../support/scratch.ts";

const folder = scratchDirectory("alert-book");
const open: Store[] = [];
let files = 0;

const RULES: AlertRules = {
  kinds: new Set(ALERT_KINDS),
  countDays: 7,
  diskFreeOctets: 1000,
  burstClients: 100,
  burstMinutes: 60,
};
const FACTS: AlertFacts = {
  now: NOW,
  clock: null,
  disk: { path: "x", freeOctets: 5000 },
  publication: [],
  duplicates: [],
  forecasts: [],
  licensing: { expiring: [], expiringTotal: 0 },
  newClients: 0,
};
const FULL: AlertFacts = { ...FACTS, disk: { path: "x", freeOctets: 10 } };

async function opened(path = join(folder, `${++files}.db`)): Promise<Store> {
  const store = await openStore({ path });
  open.push(store);
  return store;
}

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

function bookOf(store: Pick<Store, "setting" | "putSetting" | "logEvent">) {
  const news: AlertNews[] = [];
  const tell = (one: AlertNews): void => void news.push(one);
  const book = new AlertBook({ store, rules: RULES, log: openLog("monitor"), tell });
  const told = () => news.map(({ transition, alert }) => `${transition} ${alert.kind}`);
  return { book, told };
}

describe("REPORT-3: alerts are raised once and cleared once", () => {
  test("in the event log, and to whom is to be told", async () => {
    const store = await opened();
    const { book, told } = bookOf(store);
    for (const facts of [FACTS, FULL, FULL, FACTS, FACTS]) await book.judge(facts, NOW);
    expect(told()).toEqual(["raised disk", "cleared disk"]);
    const { items } = await store.events({ after: 0 });
    expect(items.map(({ code }) => code)).toEqual([
      EVENT_CODE.alertRaised,
      EVENT_CODE.alertCleared,
    ]);
    expect(JSON.parse(items[0]?.detail ?? "")).toMatchObject({ kind: "disk", key: "disk" });
  });

  test("a restart raises nothing again, and clears what is over", async () => {
    const path = join(folder, `${++files}.db`);
    const first = await opened(path);
    await bookOf(first).book.judge(FULL, NOW);
    await first.close();
    const second = await opened(path);
    const { book, told } = bookOf(second);
    await book.judge(FULL, NOW + 5);
    expect(told()).toEqual([]);
    expect(book.standing).toMatchObject([{ kind: "disk", raisedAt: NOW }]);
    await book.judge(FACTS, NOW + 6);
    expect(told()).toEqual(["cleared disk"]);
    expect(parseAlerts(await second.setting(ALERTS_SETTING))).toEqual([]);
  });

  test("a store that cannot be read yet raises nothing: what stood is not known", async () => {
    const store = await opened();
    let works = false;
    const failing = {
      ...store,
      setting: (name: string) => (works ? store.setting(name) : Promise.reject(new Error("no"))),
    };
    const { book, told } = bookOf(failing);
    await book.judge(FULL, NOW);
    expect(told()).toEqual([]);
    works = true;
    await book.judge(FULL, NOW);
    expect(told()).toEqual(["raised disk"]);
  });

  test("what was kept is read with care", () => {
    expect(parseAlerts(undefined)).toEqual([]);
    expect(parseAlerts("{")).toEqual([]);
    expect(parseAlerts('{"a":1}')).toEqual([]);
    expect(parseAlerts('[null, 1, {"key":"a"}]')).toEqual([]);
  });
});
