import { describe, expect, test } from "bun:test";
import type { StandingAlert } from "../../src/analysis/alerts.ts";
import { kept, keptByKey } from "../../src/http/analyses/kept.ts";
import type { AnalysisSources } from "../../src/http/analyses/sources.ts";
import { openWarnings } from "../../src/http/analyses/warnings.ts";
import {
  activitySchema,
  alertsSchema,
  clientDetailsSchema,
  duplicatesSchema,
  forecastsSchema,
  licensingSchema,
} from "../../src/http/api/analyses.ts";
import { createHttpApp } from "../../src/http/app.ts";
import { StoreError } from "../../src/store/store.ts";
import { ALERT, CLIENT_ID, FULL_ANALYSES } from "./full-sources.ts";
import { CLIENT_APPLICATION, NOW, SOURCES } from "./sources.ts";

const LOCAL = { peer: { address: "127.0.0.1", port: 50_000 } };
const ELSEWHERE = { peer: { address: "192.0.2.9", port: 50_000 } };
const appOf = (analyses: Partial<AnalysisSources> = {}) =>
  createHttpApp({ ...SOURCES, analyses: { ...FULL_ANALYSES, ...analyses } });
const app = appOf();
const get = (path: string, from: object = LOCAL) => app.request(path, {}, from);

describe("the analyses by HTTP (REPORT-4)", () => {
  const documents = [
    ["/api/v1/alerts", alertsSchema],
    ["/api/v1/duplicates", duplicatesSchema],
    ["/api/v1/forecast", forecastsSchema],
    ["/api/v1/reports/activity", activitySchema],
    ["/api/v1/reports/licensing", licensingSchema],
    [`/api/v1/clients/${CLIENT_ID}`, clientDetailsSchema],
  ] as const;
  for (const [path, schema] of documents) {
    test(`${path} fits its schema and shows no raw control character`, async () => {
      const response = await get(path);
      expect(response.status).toBe(200);
      const text = await response.text();
      expect(schema.safeParse(JSON.parse(text)).error?.issues ?? []).toEqual([]);
      expect(text).not.toMatch(/[^\x20-\x7e\n]/);
    });
  }

  test("as CSV: a row for each machine, threshold, day; formulas neutralised", async () => {
    const csv = async (path: string) => {
      const response = await get(`${path}?format=csv`);
      expect(response.headers.get("content-type")).toStartWith("text/csv");
      return (await response.text()).trimEnd().split("\r\n");
    };
    const duplicates = await csv("/api/v1/duplicates");
    expect(duplicates).toHaveLength(3);
    expect(duplicates[1]).toContain(",'=cmd(),192.0.2.1,");
    expect(await csv("/api/v1/forecast")).toEqual([
      "applicationId,count,capacity,silent,threshold,outlook,at,leavingTotal",
      `${CLIENT_APPLICATION},27,50,3,25,falls,2026-03-04T05:06:07.001Z,1`,
      `${CLIENT_APPLICATION},27,50,3,5,holds,,0`,
    ]);
    expect(await csv("/api/v1/alerts")).toEqual([
      "key,kind,severity,raisedAt,message",
      "disk,disk,critical,2026-03-04T05:06:07.000Z,12 MiB are left",
    ]);
    const accept = await app.request(
      "/api/v1/reports/activity?days=3",
      { headers: { accept: "text/csv" } },
      LOCAL,
    );
    expect(await accept.text()).toContain("2026-03-04,lab-box,Desktop,3,2,3,4\r\n");
    expect(accept.headers.get("vary")).toBe("Accept");
  });

  test("what names machines is for whom may see them; figures are for all", async () => {
    for (const path of ["/api/v1/alerts", "/api/v1/duplicates", "/api/v1/forecast"]) {
      expect((await get(path, ELSEWHERE)).status).toBe(401);
    }
    expect((await get(`/api/v1/clients/${CLIENT_ID}`, ELSEWHERE)).status).toBe(401);
    expect((await get("/api/v1/reports/activity", ELSEWHERE)).status).toBe(200);
    const read = async (from: object) =>
      (await (await get("/api/v1/reports/licensing", from)).json()) as { expiring: unknown };
    expect((await read(ELSEWHERE)).expiring).toBeNull();
    expect((await read(LOCAL)).expiring).toEqual([]);
  });

  test("a client that is not there, an id that is none, a parameter that is not known", async () => {
    const other = CLIENT_ID.replace("6", "7");
    expect((await get(`/api/v1/clients/${other}`)).status).toBe(404);
    expect((await get("/api/v1/clients/desk-7")).status).toBe(400);
    expect((await get(`/api/v1/clients/${CLIENT_ID.toUpperCase()}`)).status).toBe(200);
    for (const query of ["days=0", "days=91", "days=x", "format=ndjson", "dyas=1"]) {
      expect((await get(`/api/v1/reports/activity?${query}`)).status).toBe(400);
    }
    expect((await get("/api/v1/forecast?limit=1")).status).toBe(400);
  });

  test("a store that cannot be read is 503 (STORE-6)", async () => {
    const fail = () => Promise.reject(new StoreError("unavailable", "secret path"));
    const failing = appOf({
      duplicates: fail,
      forecasts: fail,
      activity: fail,
      licensing: fail,
      client: fail,
    });
    for (const [path] of documents.slice(1)) {
      const response = await failing.request(path, {}, LOCAL);
      expect(response.status).toBe(503);
      expect(await response.text()).not.toContain("secret");
    }
    expect((await failing.request("/api/v1/alerts", {}, LOCAL)).status).toBe(200);
  });
});

describe("warnings of the state, which all may see", () => {
  test("say the kind of an alert that names machines, and the words of others", () => {
    const named = (kind: StandingAlert["kind"], key: string): StandingAlert => ({
      ...ALERT,
      kind,
      key,
      message: "pc-7 (192.0.2.7)",
    });
    const warnings = openWarnings([
      ALERT,
      named("duplicate", "a"),
      named("duplicate", "b"),
      named("count", "c"),
      named("activation", "d"),
      named("grace", "e"),
    ]);
    expect(warnings.map(({ code }) => code)).toEqual([
      "disk",
      "duplicate",
      "count",
      "activation",
      "grace",
    ]);
    expect(warnings[0]?.message).toBe("12 MiB are left");
    expect(warnings[1]?.message).toStartWith("2 client machine ids are shared");
    expect(JSON.stringify(warnings)).not.toContain("pc-7");
  });
});

describe("a reading that is kept", () => {
  const clock = () => NOW;

  test("is shared by who asks meanwhile and after, until it is too old", async () => {
    let read = 0;
    const ask = kept(async () => ++read, 60_000, clock);
    expect(await Promise.all([ask(), ask()])).toEqual([
      { asOf: NOW, value: 1 },
      { asOf: NOW, value: 1 },
    ]);
    expect((await ask()).value).toBe(1);
    const brief = kept(async () => ++read, 0, clock);
    const first = (await brief()).value;
    while ((await brief()).value === first) await Bun.sleep(1);
  });

  test("is not kept where it failed", async () => {
    let read = 0;
    const ask = kept(
      async () => {
        read += 1;
        if (read === 1) throw new Error("busy");
        return read;
      },
      60_000,
      clock,
    );
    await expect(ask()).rejects.toThrow("busy");
    expect((await ask()).value).toBe(2);
  });

  test("by key, so many keys and no more", async () => {
    const read: number[] = [];
    const ask = keptByKey(
      async (key: number) => {
        read.push(key);
        return key * 10;
      },
      60_000,
      clock,
      2,
    );
    for (const key of [1, 2, 1, 3, 1, 2]) expect((await ask(key)).value).toBe(key * 10);
    expect(read).toEqual([1, 2, 3, 2]);
  });
});
