import { describe, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { createHttpApp } from "../../src/http/app.ts";
import { acceptedCoding } from "../../src/http/compression.ts";
import type { HttpSources } from "../../src/http/sources.ts";
import { HRESULT } from "../../src/protocol/hresult.ts";
import type { EventItem } from "../../src/store/listing.ts";
import { StoreError } from "../../src/store/store.ts";
import {
  ANALYSES,
  CLIENT_APPLICATION,
  HOSTILE_NAME,
  NOW,
  OTHER_APPLICATION,
  PRODUCTS,
  SOURCES,
  STATUS,
} from "./sources.ts";

const LOCAL = { peer: { address: "127.0.0.1", port: 50_000 } };
const ELSEWHERE = { peer: { address: "192.0.2.9", port: 50_000 } };
const CMID = "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5";
const ACTIVATION = PRODUCTS[0]?.activationId ?? "";
const NO_STATES = (await ANALYSES.licensing()).value.byState;

const EVENT: EventItem = {
  id: 17,
  time: NOW,
  code: 12290,
  hresult: 0,
  requiredCount: 25,
  machineName: HOSTILE_NAME,
  cmid: CMID,
  clientTime: NOW,
  virtual: true,
  licenceState: 2,
  minutesToExpiration: 0,
  activationId: ACTIVATION,
  applicationId: CLIENT_APPLICATION,
  count: 27,
  address: "192.0.2.7",
  source: "own",
  detail: null,
} as EventItem;

/** Everything that a page can show, most of it hostile. */
const FULL: HttpSources = {
  ...SOURCES,
  status: () => ({
    ...STATUS,
    name: HOSTILE_NAME,
    warnings: [{ code: "duplicate", message: "one id, two machines" }],
    applications: STATUS.applications.map((one) => ({ ...one, products: [HOSTILE_NAME] })),
  }),
  events: () => ({
    items: [
      EVENT,
      { ...EVENT, id: 16, hresult: HRESULT.productNotServed, activationId: null },
      { ...EVENT, id: 15, count: 3 },
      { ...EVENT, id: 14, code: 12293, machineName: null, detail: HOSTILE_NAME },
    ],
    next: undefined,
  }),
  analyses: {
    ...ANALYSES,
    alerts: () => [
      { key: "disk", kind: "disk", severity: "critical", message: "12 MiB are left", raisedAt: 0 },
    ],
    duplicates: async () => ({
      asOf: NOW,
      value: [
        {
          cmid: CMID,
          applicationId: CLIENT_APPLICATION,
          evidence: "severalNames",
          certainty: "likely",
          lastSeen: NOW,
          message: "shared",
          machines: [
            { machineName: HOSTILE_NAME, address: "192.0.2.1", lastSeen: NOW },
            { machineName: "desk-8", address: "192.0.2.2", lastSeen: NOW },
          ],
        },
      ],
    }),
    licensing: async () => ({
      asOf: NOW,
      value: {
        machines: 1_234_567,
        byState: { ...NO_STATES, licensed: 1_234_567 },
        byProduct: [
          { activationId: ACTIVATION, byState: { ...NO_STATES, licensed: 1_234_560 } },
          { activationId: OTHER_APPLICATION, byState: { ...NO_STATES, licensed: 7 } },
        ],
        daysLeft: [],
        expiring: [],
        expiringTotal: 0,
      },
    }),
  },
  dnsRecords: () =>
    Array.from({ length: 100 }, (_, index) => ({
      zone: "lab.example.",
      name: `host-${index}.lab.example.`,
      type: "TXT",
      ttlSeconds: 3600,
      data: HOSTILE_NAME,
    })),
};

const HTML = { accept: "text/html" };

async function pageOf(sources: HttpSources = SOURCES, from: object = LOCAL): Promise<string> {
  const response = await createHttpApp(sources).request("/", { headers: HTML }, from);
  expect(response.status).toBe(200);
  return response.text();
}

describe("GET / as a page", () => {
  const pages = [
    ["of a quiet host", SOURCES, LOCAL],
    ["of a full and hostile one", FULL, LOCAL],
    ["for whom sees no single machine", FULL, ELSEWHERE],
  ] as const;

  for (const [name, sources, from] of pages) {
    describe(name, () => {
      test("needs nothing inline and nothing from elsewhere", async () => {
        const text = await pageOf(sources, from);
        expect(text).toStartWith('<!doctype html>\n<html lang="en">');
        expect(text).not.toMatch(/<script>|<style|<[a-z][^>]*\s(?:style|on[a-z]+)=|javascript:/i);
        const app = createHttpApp(sources);
        for (const [, link = ""] of text.matchAll(/(?:href|src)="([^"]*)"/g)) {
          expect(link).toMatch(/^(\/[a-z]|#|http:\/\/localhost\/$)/);
          if (/^\/(api|metrics|sign-in)/.test(link)) continue;
          expect((await app.request(link)).status).toBe(200);
        }
      });

      test("is well formed: every element that opens closes, every id is one", async () => {
        const text = await pageOf(sources, from);
        expect(unbalancedElements(text)).toEqual([]);
        const ids = [...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
        expect(new Set(ids).size).toBe(ids.length);
      });

      test("names every table and every cell of its head", async () => {
        const text = await pageOf(sources, from);
        const tables = text.match(/<table>/g) ?? [];
        expect(text.match(/<table>\s*<caption>[^<]+<\/caption>/g)).toHaveLength(tables.length);
        expect(text.match(/<th(?: |>)/g)).toHaveLength((text.match(/<th scope="/g) ?? []).length);
      });

      test("shows what came from outside as text (XSS, control characters, direction)", async () => {
        const text = await pageOf(sources, from);
        expect(text).not.toContain("<img");
        expect(text).not.toMatch(/[^\x20-\x7e\n…]/);
      });
    });
  }

  test("shows duplicates and alerts first, then the count against its thresholds", async () => {
    const text = await pageOf(FULL);
    const places = [
      "12 MiB are left",
      `/api/v1/clients/${CMID}`,
      '<p class="count">27</p>',
      "Client systems need 25: reached",
      '<h2 id="history-title">',
      "1,234,567",
      "0xc004f042",
      "host-39.lab.example.",
      "60 more are listed",
      "<svg xmlns=",
    ].map((words) => text.indexOf(words));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  test("names no machine to whom may not see them, and says where to sign in", async () => {
    const text = await pageOf(FULL, ELSEWHERE);
    expect(text).not.toContain("desk-8");
    expect(text).not.toContain(CMID.slice(0, 12));
    expect(text).not.toContain("192.0.2.7");
    expect(text).not.toContain("12 MiB");
    expect(text).toContain("one id, two machines");
    expect(text).toContain('href="/sign-in"');
  });

  test("how far each threshold is", async () => {
    const applications = STATUS.applications
      .filter(({ applicationId }) => applicationId === CLIENT_APPLICATION)
      .map((one) => ({ ...one, count: 7 }));
    const text = await pageOf({ ...SOURCES, status: () => ({ ...STATUS, applications }) });
    expect(text).toContain("Client systems need 25: 18 more");
  });

  test("comes at once where clients are still being counted, or the store fails", async () => {
    const never = new Promise<never>(() => {});
    const slow = { ...SOURCES, analyses: { ...ANALYSES, licensing: () => never } };
    expect(await pageOf(slow)).toContain("They are being counted");
    const fail = () => Promise.reject(new StoreError("unavailable", "secret"));
    const failing = {
      ...SOURCES,
      events: fail,
      analyses: { ...ANALYSES, licensing: fail, duplicates: fail },
    };
    const text = await pageOf(failing);
    expect(text).toContain("They are being counted");
    expect(text).not.toContain("secret");
  });
});

/** Elements without an end tag, and end tags without an element; void elements aside. */
function unbalancedElements(text: string): readonly string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, slash, name = "", closed] of text.matchAll(
    /<(\/?)([a-z][a-z0-9]*)(?:"[^"]*"|[^>"])*?(\/?)>/g,
  )) {
    if (["meta", "link", "br"].includes(name) || closed === "/") continue;
    if (slash === "") open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}

describe("what a page weighs (120 KB compressed)", () => {
  const BUDGET_OCTETS = 120_000;

  for (const coding of ["br", "gzip"] as const) {
    test(coding, async () => {
      const app = createHttpApp(FULL);
      const headers = { ...HTML, "accept-encoding": coding };
      const first = await app.request("/", { headers }, LOCAL);
      const text = gunzipSync(await first.clone().arrayBuffer()).toString();
      const links = [...text.matchAll(/(?:src|rel="[a-z]+" href)="(\/assets\/[^"]+)"/g)];
      expect(links.map(([, link]) => link)).toEqual([
        "/assets/style.css",
        "/assets/icon.svg",
        "/assets/app.js",
      ]);
      let octets = (await first.arrayBuffer()).byteLength;
      for (const [, link = ""] of links) {
        octets += (await (await app.request(link, { headers })).arrayBuffer()).byteLength;
      }
      process.stderr.write(`the page weighs ${octets} octets by ${coding}\n`);
      expect(octets).toBeLessThan(BUDGET_OCTETS);
    });
  }
});

describe("compression (RFC 9110 section 12.5.3)", () => {
  test("the coding is one that the client accepts", () => {
    const cases: readonly (readonly [string | undefined, string])[] = [
      [undefined, "identity"],
      ["", "identity"],
      ["gzip, deflate, br, zstd", "br"],
      ["gzip", "gzip"],
      ["GZIP;q=0.5", "gzip"],
      ["br;q=0, gzip;q=0.1", "gzip"],
      ["br;q=0.000", "identity"],
      ["*", "gzip"],
      ["identity", "identity"],
    ];
    for (const [field, coding] of cases)
      expect([field, acceptedCoding(field)]).toEqual([field, coding]);
  });

  test("assets say the same in each coding, under a tag of its own", async () => {
    const app = createHttpApp(SOURCES);
    const ask = (coding: string, more = {}) =>
      app.request("/assets/app.js", { headers: { "accept-encoding": coding, ...more } });
    const plain = await ask("identity");
    const text = await plain.text();
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(text.length).toBeGreaterThan(40_000);
    const br = await ask("br");
    expect(br.headers.get("content-encoding")).toBe("br");
    expect(brotliDecompressSync(await br.arrayBuffer()).toString()).toBe(text);
    const gzip = await ask("gzip");
    expect(gunzipSync(await gzip.arrayBuffer()).toString()).toBe(text);
    const tags = [plain, br, gzip].map(({ headers }) => headers.get("etag") ?? "");
    expect(new Set(tags).size).toBe(3);
    for (const response of [plain, br, gzip]) {
      expect(response.headers.get("vary")).toBe("Accept-Encoding");
    }
    const again = await ask("br", { "if-none-match": `"x", W/${tags[1]}` });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await ask("br", { "if-none-match": tags[0] })).status).toBe(200);
  });

  test("the page says by what it varies, and a small answer stays as it is", async () => {
    const app = createHttpApp(SOURCES);
    const page = await app.request("/", { headers: { ...HTML, "accept-encoding": "br, gzip" } });
    expect(page.headers.get("content-encoding")).toBe("gzip");
    expect(page.headers.get("vary")).toBe("Accept, Accept-Encoding");
    const text = await app.request("/", { headers: { "accept-encoding": "gzip" } });
    expect(text.headers.get("content-encoding")).toBeNull();
    expect(await text.text()).toStartWith("lab-box");
  });

  test("the script is the page's own and no module that names files of this machine", async () => {
    const text = await (await createHttpApp(SOURCES).request("/assets/app.js")).text();
    expect(text).toContain("/api/v1/status/stream");
    expect(text).not.toMatch(/https?:\/\/|import\.meta|require\(/);
  });
});
