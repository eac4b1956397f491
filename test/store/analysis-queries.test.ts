import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { EVENT_CODE } from "../../src/activation/events.ts";
import type { ForecastQuery } from "../../src/store/analysis-queries.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import {
  CLIENT_PRODUCT,
  cmid,
  DAY,
  NOW,
  OFFICE_PRODUCT,
  requestOf,
  SERVER_PRODUCT,
} from "../activation/support.ts";
import { INTERVALS, MINUTE, RULES } from "../analysis/support.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { commit, effectOf, groupOf, Ledger } from "./support.ts";

const folder = scratchDirectory("analysis-queries");
let files = 0;
const open: Store[] = [];

async function freshStore(): Promise<Store> {
  files += 1;
  const store = await openStore({ path: join(folder, `${files}.db`) });
  open.push(store);
  return store;
}

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

describe("COUNT-10: shared ids in the record", () => {
  test("are found with their machines, and others are not", async () => {
    const store = await freshStore();
    const clone = { machineName: "CLONE", peerAddress: "192.0.2.9", time: NOW + MINUTE };
    await commit(store, groupOf([effectOf(0), effectOf(0, clone), effectOf(1)]));
    const [found, ...others] = await store.duplicates({ intervals: INTERVALS, now: NOW + DAY });
    expect(others).toEqual([]);
    expect(found).toMatchObject({ cmid: cmid(0), certainty: "likely" });
    expect(found?.machines.map(({ machineName, address }) => [machineName, address])).toEqual([
      ["CLONE", "192.0.2.9"],
      ["MACHINE-0", "192.0.2.1"],
    ]);
  });

  test("are none where one machine got other addresses by DHCP", async () => {
    const store = await freshStore();
    for (const [week, host] of [1, 2, 1, 3, 1, 2, 1, 2, 1].entries()) {
      const time = NOW + week * 7 * DAY;
      await commit(
        store,
        groupOf([effectOf(0, { time, peerAddress: `192.0.2.${host}`, count: 30 })]),
      );
    }
    expect(await store.duplicates({ intervals: INTERVALS, now: NOW + 60 * DAY })).toEqual([]);
  });
});

describe("COUNT-11: the forecast from the record", () => {
  const query: ForecastQuery = {
    now: NOW,
    intervals: INTERVALS,
    policy: { recordDays: 30, capacity: "bounded" },
    thresholds: { [CLIENT_PRODUCT.applicationId]: [25, 5] },
    otherThresholds: [5],
  };

  test("names the machines that go, of each application apart", async () => {
    const store = await freshStore();
    const ledger = await Ledger.of(store);
    await ledger.ask(
      [0, 1, 2, 3, 4, 5].map((machine) => requestOf(machine, SERVER_PRODUCT)),
      NOW,
    );
    await ledger.ask([requestOf(0, OFFICE_PRODUCT)], NOW);
    const later = NOW + 20 * DAY;
    await ledger.ask(
      [0, 1].map((machine) => requestOf(machine, SERVER_PRODUCT)),
      later,
    );
    const forecasts = await store.forecasts({ ...query, now: later });
    expect(forecasts).toHaveLength(2);
    const systems = forecasts.find((one) => one.applicationId === SERVER_PRODUCT.applicationId);
    expect(systems).toMatchObject({ count: 6, capacity: 10, silent: 4, largestRequiredCount: 5 });
    expect(systems?.thresholds).toMatchObject([
      { threshold: 25, outlook: "below" },
      { threshold: 5, outlook: "falls", at: NOW + 30 * DAY, leavingTotal: 2 },
    ]);
    expect(systems?.thresholds[1]?.leaving.map(({ machineName }) => machineName)).toEqual([
      "MACHINE-2",
      "MACHINE-3",
    ]);
  });
});

test("REPORT-1: activity by day, product and outcome", async () => {
  const store = await freshStore();
  const { activationId } = CLIENT_PRODUCT;
  await commit(
    store,
    groupOf([
      effectOf(0, { count: 30 }),
      effectOf(1, { count: 30, licenceState: 1 }),
      effectOf(2, { count: 3 }),
      effectOf(3, { hresult: 0xc004f042 }),
      effectOf(4, { count: 30, time: NOW + DAY }),
      effectOf(5, { count: 30, time: NOW + 9 * DAY }),
    ]),
  );
  await store.logEvent({ code: EVENT_CODE.countReset, time: NOW, hresult: 0, detail: "" });
  const day = Math.floor(NOW / DAY);
  const rows = await store.activity({ from: NOW, before: NOW + 5 * DAY });
  expect(rows.toSorted((one, other) => (one.outcome < other.outcome ? -1 : 1))).toEqual([
    { day, activationId, outcome: "activation", requests: 1 },
    { day: day + 1, activationId, outcome: "activation", requests: 1 },
    { day, activationId, outcome: "refused", requests: 1 },
    { day, activationId, outcome: "renewal", requests: 1 },
    { day, activationId, outcome: "waiting", requests: 1 },
  ]);
});

test("REPORT-2: licensing from the inventory", async () => {
  const store = await freshStore();
  await commit(store, groupOf([effectOf(0, { count: 30 }), effectOf(1), effectOf(2)]));
  const options = { rules: RULES, now: NOW + 28 * DAY, activationDays: 30, graceDays: 3 };
  expect(await store.licensing(options)).toMatchObject({
    machines: 3,
    byState: { licensed: 1, initialGrace: 2 },
    expiring: [{ machineName: "MACHINE-1" }, { machineName: "MACHINE-2" }],
  });
});

test("new clients are counted up to a limit", async () => {
  const store = await freshStore();
  const effects = Array.from({ length: 20 }, (_, index) => effectOf(index));
  await commit(store, groupOf(effects));
  expect(await store.newClients({ since: NOW + 15, limit: 100 })).toBe(5);
  expect(await store.newClients({ since: NOW, limit: 7 })).toBe(7);
});

describe("EVENT-3: publications that fail now", () => {
  const log = (store: Store, code: number, time: number, detail: object | string) =>
    store.logEvent({
      code,
      time,
      hresult: 0,
      detail: typeof detail === "string" ? detail : JSON.stringify(detail),
    });
  const { publicationFailed: failed, publicationSucceeded: succeeded } = EVENT_CODE;
  const one = { zone: "one.test", server: "192.0.2.53", reason: "refused" };
  const two = { zone: "two.test", server: "192.0.2.53", reason: "no answer" };

  test("since the first failure in a row, each zone and server by itself", async () => {
    const store = await freshStore();
    await log(store, failed, NOW, one);
    await log(store, succeeded, NOW + 1, one);
    await log(store, failed, NOW + 2, two);
    await log(store, failed, NOW + 3, one);
    await log(store, failed, NOW + 4, { ...one, reason: "timed out" });
    const failures = await store.publicationFailures();
    expect(failures.map(({ subject, since }) => [subject, since])).toEqual([
      ["one.test at 192.0.2.53", NOW + 3],
      ["two.test at 192.0.2.53", NOW + 2],
    ]);
    expect(failures[0]?.reason).toBe("one.test at 192.0.2.53: timed out");
  });

  test("are over with the next success, and plain words are one matter", async () => {
    const store = await freshStore();
    await log(store, failed, NOW, "no such server");
    expect(await store.publicationFailures()).toEqual([
      { subject: "", since: NOW, reason: "no such server" },
    ]);
    await log(store, succeeded, NOW + 1, "");
    expect(await store.publicationFailures()).toEqual([]);
  });
});
