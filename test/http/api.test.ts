import { describe, expect, test } from "bun:test";
import { clientView, eventView } from "../../src/http/api/views.ts";
import { createHttpApp } from "../../src/http/app.ts";
import type { HttpSources } from "../../src/http/sources.ts";
import { StoreError } from "../../src/store/health.ts";
import type { ClientItem, ClientQuery, EventItem, EventQuery } from "../../src/store/listing.ts";
import { CLIENT_APPLICATION, HOSTILE_NAME, NOW, PRODUCTS, SOURCES, STATUS } from "./sources.ts";

const LOCAL = { peer: { address: "127.0.0.1", port: 50_000 } };
const CMID = "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5";
const [PRODUCT] = PRODUCTS;
const ACTIVATION = PRODUCT?.activationId ?? "";

const CLIENT: ClientItem = {
  id: 1,
  cmid: CMID,
  applicationId: CLIENT_APPLICATION,
  activationId: ACTIVATION,
  source: "own",
  firstSeen: NOW - 1000,
  lastSeen: NOW,
  machineName: "desk-7",
  address: "192.0.2.7",
  previousAddress: null,
  namesSeen: 1,
  addressChanges: 2,
  addressReturns: 1,
  virtual: false,
  licenceState: 2,
  minutesToExpiration: 43_200,
  requiredCount: 25,
  clientTime: NOW - 5,
  requests: 3,
  failed: 1,
  lastResult: 0xc004f042,
  lastCount: 0,
  lastEvent: 17,
};

const EVENT: EventItem = {
  id: 17,
  time: NOW,
  code: 12290,
  hresult: 0,
  requiredCount: 25,
  machineName: "desk-7",
  cmid: CMID,
  clientTime: NOW - 5,
  virtual: true,
  licenceState: 9,
  minutesToExpiration: 0,
  activationId: "00000000-0000-0000-0000-000000000001",
  applicationId: CLIENT_APPLICATION,
  count: 27,
  address: "192.0.2.7",
  source: "own",
  detail: "",
};

const GENERAL: EventItem = {
  ...EVENT,
  id: 18,
  code: 12293,
  hresult: 0x80072338,
  requiredCount: null,
  machineName: null,
  cmid: null,
  clientTime: null,
  virtual: null,
  licenceState: null,
  minutesToExpiration: null,
  activationId: null,
  applicationId: null,
  count: null,
  address: null,
  source: null,
  detail: "lab.example: refused",
};

/** A service that remembers what it asked its sources. */
function service(changes: Partial<HttpSources> = {}) {
  const asked: (ClientQuery | EventQuery)[] = [];
  const app = createHttpApp(
    {
      ...SOURCES,
      clients: (query) => {
        asked.push(query);
        return { items: [CLIENT], next: "bmV4dA" };
      },
      events: (query) => {
        asked.push(query);
        return { items: [GENERAL, EVENT], next: undefined };
      },
      ...changes,
    },
    { access: { token: () => "right-token", openDetails: false } },
  );
  const get = (path: string, headers = {}) => app.request(path, { headers }, LOCAL);
  return { app, asked, get };
}

describe("GET /api/v1/clients (COUNT-9)", () => {
  test("lists clients with names for states, results and products", async () => {
    const response = await service().get("/api/v1/clients");
    expect(response.headers.get("content-type")).toBe("application/json");
    const body = (await response.json()) as { items: unknown[]; next: string };
    expect(body).toEqual({
      items: [
        {
          cmid: CMID,
          applicationId: CLIENT_APPLICATION,
          activationId: ACTIVATION,
          product: "Desktop",
          source: "own",
          machineName: "desk-7",
          address: "192.0.2.7",
          previousAddress: null,
          virtual: false,
          licenceState: "initialGrace",
          minutesToExpiration: 43_200,
          requiredCount: 25,
          firstSeen: "2026-03-04T05:06:06.000Z",
          lastSeen: "2026-03-04T05:06:07.000Z",
          clientTime: "2026-03-04T05:06:06.995Z",
          requests: 3,
          failed: 1,
          lastResult: "0xc004f042",
          lastCount: 0,
          lastEvent: 17,
          namesSeen: 1,
          addressChanges: 2,
          addressReturns: 1,
        },
      ],
      next: "bmV4dA",
    });
    expect(clientView.strict().safeParse(body.items[0]).success).toBe(true);
  });

  test("hands every filter to the store, and nothing that was not asked for", async () => {
    const { get, asked } = service();
    await get("/api/v1/clients");
    const query = new URLSearchParams({
      limit: "7",
      after: "abc",
      order: "machineName",
      name: "desk",
      cmid: CMID.toUpperCase(),
      product: "DESKTOP",
      application: CLIENT_APPLICATION,
      state: "outOfTolerance",
      address: "2001:db8::7",
      source: "observed",
      virtual: "false",
      failed: "true",
      severalNames: "true",
      seenFrom: "2026-03-04T06:06:07+01:00",
      seenBefore: "2026-03-04T05:06:08.5Z",
    });
    expect((await get(`/api/v1/clients?${query}`)).status).toBe(200);
    expect(asked).toEqual([
      { limit: 100, order: "lastSeen" },
      {
        limit: 7,
        cursor: "abc",
        order: "machineName",
        namePrefix: "desk",
        cmid: CMID,
        activationId: ACTIVATION,
        applicationId: CLIENT_APPLICATION,
        licenceState: 3,
        address: "2001:db8::7",
        source: "observed",
        virtual: false,
        failed: true,
        severalNames: true,
        seenFrom: NOW,
        seenBefore: NOW + 1500,
      },
    ]);
  });

  test("takes a product by its activation id, known or not", async () => {
    const { get, asked } = service();
    const unknown = "AAAAAAAA-0000-0000-0000-000000000000";
    await get(`/api/v1/clients?product=${unknown}`);
    expect(asked).toMatchObject([{ activationId: unknown.toLowerCase() }]);
  });

  test("links to the next page, with the filters of this one (RFC 8288)", async () => {
    for (const format of ["json", "csv", "ndjson"]) {
      const response = await service().get(`/api/v1/clients?format=${format}&after=a&name=x%26y`);
      expect(response.headers.get("link")).toBe(
        `</api/v1/clients?format=${format}&after=bmV4dA&name=x%26y>; rel="next"`,
      );
    }
    expect((await service().get("/api/v1/events")).headers.has("link")).toBe(false);
  });
});

describe("GET /api/v1/events (EVENT-1, EVENT-5)", () => {
  test("lists entries about clients and others", async () => {
    const response = await service().get("/api/v1/events");
    const body = (await response.json()) as { items: unknown[]; next: null };
    expect(body.next).toBeNull();
    expect(body.items).toMatchObject([
      { id: 18, code: 12293, result: "0x80072338", cmid: null, product: null, clientTime: null },
      { id: 17, code: 12290, result: "0x00000000", licenceState: "9", virtual: true, count: 27 },
    ]);
    for (const item of body.items) expect(eventView.strict().safeParse(item).success).toBe(true);
  });

  test("hands every filter to the store", async () => {
    const { get, asked } = service();
    const query = new URLSearchParams({
      limit: "1000",
      after: "abc",
      from: "2026-03-04T05:06:07Z",
      before: "2026-03-05T05:06:07Z",
      cmid: CMID,
      name: "sk",
      code: "12290",
      result: "0xC004F042",
      failed: "true",
    });
    expect((await get(`/api/v1/events?${query}`)).status).toBe(200);
    await get("/api/v1/events?since=0");
    expect(asked).toEqual([
      {
        limit: 1000,
        cursor: "abc",
        from: NOW,
        before: NOW + 86_400_000,
        cmid: CMID,
        nameContains: "sk",
        code: 12290,
        hresult: 0xc004f042,
        failed: true,
      },
      { limit: 100, after: 0 },
    ]);
  });
});

describe("other forms", () => {
  const clients = async (machineName: string, path: string, headers = {}) => {
    const items = [{ ...CLIENT, machineName }];
    const { get } = service({ clients: () => ({ items, next: undefined }) });
    return get(path, headers);
  };

  test("CSV has the columns of the schema, also without rows (RFC 4180)", async () => {
    const response = await clients("desk-7", "/api/v1/clients?format=csv");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    const [head = "", row = "", ...rest] = (await response.text()).split("\r\n");
    expect(head).toBe(Object.keys(clientView.shape).join(","));
    expect(row).toStartWith(`${CMID},${CLIENT_APPLICATION},${ACTIVATION},Desktop,own,desk-7,`);
    expect(row.split(",")).toHaveLength(head.split(",").length);
    expect(rest).toEqual([""]);
    const { get } = service({ clients: () => ({ items: [], next: undefined }) });
    expect(await (await get("/api/v1/clients?format=csv")).text()).toBe(`${head}\r\n`);
  });

  const formulas = ['=HYPERLINK("http://a")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "|cmd"];
  for (const name of formulas) {
    test(`CSV keeps ${JSON.stringify(name)} from being a formula`, async () => {
      const text = await (await clients(name, "/api/v1/clients?format=csv")).text();
      const cell = text.split("\r\n")[1]?.split(",")[5] ?? "";
      expect(cell).toMatch(/^"?'/);
    });
  }

  test("CSV and NDJSON keep a hostile name within its row", async () => {
    const csv = await (await clients(HOSTILE_NAME, "/api/v1/clients?format=csv")).text();
    expect(csv.split(/\r?\n/)).toHaveLength(3);
    const response = await clients(HOSTILE_NAME, "/api/v1/clients?format=ndjson");
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const [line = "", ...rest] = (await response.text()).split("\n");
    expect(rest).toEqual([""]);
    expect(JSON.parse(line)).toMatchObject({ machineName: HOSTILE_NAME });
    expect(csv + line).not.toMatch(/[^\x20-\x7e\r\n]/);
  });

  test("JSON shows hostile names harmlessly and means them", async () => {
    const text = await (await clients(HOSTILE_NAME, "/api/v1/clients")).text();
    expect(text).not.toMatch(/[^\x20-\x7e\n]/);
    expect(JSON.parse(text)).toMatchObject({ items: [{ machineName: HOSTILE_NAME }] });
  });

  test("are chosen by Accept too, and the parameter goes first", async () => {
    const { get } = service();
    for (const [accept, expected] of [
      ["text/csv", "text/csv; charset=utf-8; header=present"],
      ["application/x-ndjson", "application/x-ndjson"],
      ["text/html, */*;q=0.1", "application/json"],
    ] as const) {
      const response = await get("/api/v1/events", { accept });
      expect(response.headers.get("content-type")).toBe(expected);
      expect(response.headers.get("vary")).toBe("Accept");
      const forced = await get("/api/v1/events?format=json", { accept });
      expect(forced.headers.get("content-type")).toBe("application/json");
    }
  });
});

describe("what is wrong with a query is said (400)", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["/api/v1/clients?limit=0", "limit: "],
    ["/api/v1/clients?limit=1001", "limit: "],
    ["/api/v1/clients?limit=1.5", "limit: "],
    ["/api/v1/clients?limit=", "limit: "],
    ["/api/v1/clients?limit=x", "limit: "],
    ["/api/v1/clients?limit=1&limit=2", "limit: comes more than once"],
    ["/api/v1/clients?nmae=x", "nmae"],
    ["/api/v1/clients?__proto__=x", "__proto__"],
    ["/api/v1/clients?cmid=672d9c27", "cmid: not a GUID"],
    ["/api/v1/clients?state=activated", "state: "],
    ["/api/v1/clients?virtual=1", "virtual: "],
    ["/api/v1/clients?seenFrom=yesterday", "seenFrom: not a time"],
    ["/api/v1/clients?seenFrom=2026-13-04T05:06:07Z", "seenFrom: not a time"],
    ["/api/v1/clients?seenFrom=2026-03-04", "seenFrom: not a time"],
    ["/api/v1/clients?product=Nonesuch", "product: the catalogue has none of this name"],
    ["/api/v1/clients?product=", "product: "],
    ["/api/v1/clients?format=xml", "format: "],
    [`/api/v1/clients?name=${"x".repeat(257)}`, "name: "],
    ["/api/v1/events?result=5", "result: "],
    ["/api/v1/events?code=-1", "code: "],
    ["/api/v1/events?since=-1", "since: "],
    ["/api/v1/events?since=1&from=2026-03-04T05:06:07Z", "since: does not go with"],
    [`/api/v1/events?since=1&cmid=${CMID}`, "since: does not go with"],
    ["/api/v1/events?order=lastSeen", "order"],
  ];
  for (const [path, words] of cases) {
    test(path.slice(0, 60), async () => {
      const { get, asked } = service();
      const response = await get(path);
      expect(response.status).toBe(400);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      const body = (await response.json()) as { type: string; detail: string };
      expect(body.type).toBe("/problems/invalid-request");
      expect(body.detail).toContain(words);
      expect(asked).toEqual([]);
    });
  }

  test("a cursor that no listing gave out", async () => {
    const clients = () => Promise.reject(new StoreError("cursor", "not a cursor"));
    const response = await service({ clients }).get("/api/v1/clients?after=zzz");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail: "after: not a cursor" });
  });
});

test("a store that cannot be read is 503, and anything else 500 (STORE-6)", async () => {
  const failing = (error: Error) => service({ events: () => Promise.reject(error) });
  const unavailable = failing(new StoreError("unavailable", "secret path"));
  const response = await unavailable.get("/api/v1/events");
  expect(response.status).toBe(503);
  expect(await response.text()).not.toContain("secret");
  expect((await failing(new Error("defect")).get("/api/v1/events")).status).toBe(500);
});

describe("who may see client details and events", () => {
  const basic = (pair: string) => ({ authorization: `Basic ${btoa(pair)}` });
  const DETAILS = ["/api/v1/clients", "/api/v1/events"];
  const OPEN = ["/", "/status", "/api/v1/status", "/api/v1/products", "/api/v1/dns", "/healthz"];
  const elsewhere = { peer: { address: "192.0.2.9", port: 50_000 } };
  const { app } = service();
  const statusFrom = async (path: string, headers: Record<string, string>, bindings: object) =>
    (await app.request(path, { headers }, bindings)).status;

  const cases: readonly (readonly [string, Record<string, string>, object, number])[] = [
    ["this machine by IPv4", {}, LOCAL, 200],
    ["this machine by IPv6", {}, { peer: { address: "::1", port: 1 } }, 200],
    ["elsewhere", {}, elsewhere, 401],
    ["elsewhere by IPv6", {}, { peer: { address: "2001:db8::1", port: 1 } }, 401],
    ["nobody knows where", {}, {}, 401],
    ["elsewhere with the token", { authorization: "Bearer right-token" }, elsewhere, 200],
    ["elsewhere, scheme in lower case", { authorization: "bearer right-token" }, elsewhere, 200],
    ["elsewhere with another token", { authorization: "Bearer wrong-token" }, elsewhere, 401],
    ["elsewhere with part of it", { authorization: "Bearer right-toke" }, elsewhere, 401],
    ["elsewhere with no token", { authorization: "Bearer " }, elsewhere, 401],
    ["elsewhere by password", basic("anybody:right-token"), elsewhere, 200],
    ["elsewhere by password without a user", basic(":right-token"), elsewhere, 200],
    ["elsewhere by another password", basic("anybody:wrong:right-token"), elsewhere, 401],
    ["elsewhere by a user of that name", basic("right-token:"), elsewhere, 401],
    ["elsewhere without a colon", basic("right-token"), elsewhere, 401],
    ["elsewhere through a proxy on this machine", { "x-forwarded-for": "::1" }, LOCAL, 401],
    [
      "elsewhere through a proxy, with the token",
      { forwarded: "for=192.0.2.9", authorization: "Bearer right-token" },
      LOCAL,
      200,
    ],
  ];
  for (const [name, headers, bindings, status] of cases) {
    test(`${name}: ${status}`, async () => {
      for (const path of DETAILS) expect(await statusFrom(path, headers, bindings)).toBe(status);
      for (const path of OPEN) expect(await statusFrom(path, headers, bindings)).toBe(200);
    });
  }

  test("a refusal says how, and nothing of what is refused (RFC 6750 section 3)", async () => {
    const ask = (headers: Record<string, string>) =>
      app.request("/api/v1/clients?nmae=x", { headers }, elsewhere);
    const without = await ask({});
    expect(without.headers.get("www-authenticate")).toBe('Bearer realm="muster"');
    expect(await without.json()).toMatchObject({ type: "/problems/access-denied", status: 401 });
    const wrong = await ask({ authorization: "Bearer wrong" });
    expect(wrong.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  test("where details are open, whoever asks", async () => {
    const open = createHttpApp(SOURCES, { access: { token: () => undefined, openDetails: true } });
    expect((await open.request("/api/v1/clients", {}, elsewhere)).status).toBe(200);
  });

  test("a token that changes counts from the next request on", async () => {
    let token = "first";
    const changing = createHttpApp(SOURCES, {
      access: { token: () => token, openDetails: false },
    });
    const ask = async () =>
      (
        await changing.request(
          "/api/v1/events",
          { headers: { authorization: "Bearer second" } },
          elsewhere,
        )
      ).status;
    expect(await ask()).toBe(401);
    token = "second";
    expect(await ask()).toBe(200);
  });

  test("/sign-in makes a browser ask, and leads back (RFC 7617)", async () => {
    const ask = (headers: Record<string, string>) =>
      app.request("/sign-in", { headers }, elsewhere);
    const asked = await ask({});
    expect(asked.status).toBe(401);
    expect(asked.headers.get("www-authenticate")).toBe('Basic realm="muster", charset="UTF-8"');
    const back = await ask(basic("x:right-token"));
    expect([back.status, back.headers.get("location")]).toEqual([303, "/"]);
  });

  test("where no token is configured, nobody from elsewhere, whatever they send", async () => {
    for (const options of [{}, { access: { token: () => "", openDetails: false } }]) {
      const closed = createHttpApp(SOURCES, options);
      for (const authorization of [
        "Bearer ",
        "Bearer undefined",
        "Bearer right-token",
        "Basic Og==",
        "",
      ]) {
        const headers = { authorization };
        expect((await closed.request("/api/v1/events", { headers }, elsewhere)).status).toBe(401);
      }
    }
  });
});

test("GET /api/v1/products and /api/v1/dns", async () => {
  const { get } = service();
  expect(await (await get("/api/v1/products")).json()).toEqual({ items: [...PRODUCTS] });
  expect(await (await get("/api/v1/dns")).json()).toEqual({
    enabled: true,
    publishing: true,
    zones: [...STATUS.dns.zones],
    endpoints: ["127.0.0.1:5353"],
    records: [...SOURCES.dnsRecords()],
  });
});
