import { describe, expect, test } from "bun:test";
import { createHttpApp } from "../../src/http/app.ts";
import { HOSTILE_NAME, SOURCES, STATUS, sourcesWith } from "./sources.ts";

const BROWSER_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const app = createHttpApp(SOURCES);

async function get(accept: string | undefined, service = app) {
  return service.request("/", { headers: accept === undefined ? {} : { accept } });
}

describe("GET / chooses by Accept (RFC 9110 section 12.5.1)", () => {
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, "text/plain; charset=utf-8"],
    ["*/*", "text/plain; charset=utf-8"],
    ["", "text/plain; charset=utf-8"],
    ["text/plain", "text/plain; charset=utf-8"],
    ["text/*", "text/plain; charset=utf-8"],
    ["image/png", "text/plain; charset=utf-8"],
    ["text/html;q=0.5, text/plain;q=0.5", "text/plain; charset=utf-8"],
    [BROWSER_ACCEPT, "text/html; charset=utf-8"],
    ["text/html", "text/html; charset=utf-8"],
    ["TEXT/HTML", "text/html; charset=utf-8"],
    ["text/plain;q=0.2, text/html;level=1;q=0.3", "text/html; charset=utf-8"],
    ["text/plain;q=0, */*;q=0.1, application/json;q=0", "text/html; charset=utf-8"],
    ["application/json", "application/json"],
    ["text/html;q=9, application/json;q=0.1", "text/html; charset=utf-8"],
    [",,;q=1,;;,/,text", "text/plain; charset=utf-8"],
  ];
  for (const [accept, expected] of cases) {
    test(`${accept ?? "no field"} -> ${expected}`, async () => {
      const response = await get(accept);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(expected);
      expect(response.headers.get("vary")).toBe("Accept");
    });
  }
});

describe("GET / as text", () => {
  test("is ten lines", async () => {
    expect(await (await get("*/*")).text()).toBe(`lab-box      muster 0.1.0, up 1 d 2 h
state        ready
licence      licensed, self-issued, group serverC
count        27, cache of 50, all machines; 4 more under other applications
clients      31 known; 9826 requests, 7402 failed
intervals    activation 120 min, renewal 10080 min
rpc          serving on 127.0.0.1:1688 [::1]:1688, 3 connections
dns          publishing in lab.example, on 127.0.0.1:5353
store        ok, muster.sqlite
look at      /status  /status.txt  /readyz  /healthz  /version
`);
  });

  test("is ten lines of bounded length for hostile names too", async () => {
    const zones = Array.from({ length: 500 }, () => HOSTILE_NAME);
    const hostile = createHttpApp(
      sourcesWith({ name: HOSTILE_NAME, dns: { ...STATUS.dns, zones } }),
    );
    const lines = (await (await get("*/*", hostile)).text()).split("\n");
    expect(lines).toHaveLength(11);
    for (const line of lines) {
      expect(line).toMatch(/^[\x20-\x7e…]*$/);
      expect(line.length).toBeLessThan(1300);
    }
  });

  test("says what is not ready and why", async () => {
    const sick = createHttpApp({
      ...sourcesWith({
        rpc: { ...STATUS.rpc, serving: false, draining: true },
        dns: { ...STATUS.dns, enabled: false, publishing: false },
        store: { state: "failed", reason: "full", path: "muster.sqlite" },
        applications: [],
      }),
      readiness: () => [
        { part: "store", ready: false, reason: "the disk is full" },
        { part: "rpc", ready: true, reason: undefined },
      ],
    });
    const text = await (await get("*/*", sick)).text();
    expect(text).toContain("state        not ready: store (the disk is full)\n");
    expect(text).toContain("count        0: no client yet\n");
    expect(text).toContain("rpc          draining on ");
    expect(text).toContain("dns          server off, publishing nothing\n");
    expect(text).toContain("store        failed (full), muster.sqlite\n");
  });
});
