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

describe("GET / as a page", () => {
  const pageOf = async (service = app) => (await get("text/html", service)).text();

  test("needs nothing inline and nothing from elsewhere", async () => {
    const text = await pageOf();
    expect(text).toStartWith('<!doctype html>\n<html lang="en">');
    expect(text).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=|javascript:/i);
    const links = [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link ?? "");
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) {
      expect(link).toMatch(/^\/[a-z]/);
      expect((await app.request(link)).status).toBe(200);
    }
  });

  test("is complete and well formed: every element that opens closes", async () => {
    const warnings = [{ code: "duplicateCmid", message: "one id, two machines" }];
    const text = await pageOf(createHttpApp(sourcesWith({ warnings })));
    expect(unbalancedElements(text)).toEqual([]);
    expect(text).toContain("one id, two machines");
    expect(text).toContain("licensed, self-issued");
    for (const { applicationId } of STATUS.applications) expect(text).toContain(applicationId);
    for (const figure of Object.values(STATUS.requests.byLicenceState)) {
      expect(text).toContain(`<td class="number">${figure}</td>`);
    }
  });

  test("names every table and every cell of its head", async () => {
    const text = await pageOf();
    const tables = text.match(/<table>/g) ?? [];
    expect(text.match(/<table>\s*<caption>[^<]+<\/caption>/g)).toHaveLength(tables.length);
    expect(text.match(/<th(?: |>)/g)).toHaveLength((text.match(/<th scope="/g) ?? []).length);
  });

  test("shows hostile names as text (XSS, control characters, direction marks)", async () => {
    const warnings = [{ code: "duplicateCmid", message: HOSTILE_NAME }];
    const products = [HOSTILE_NAME];
    const applications = STATUS.applications.map((entry) => ({ ...entry, products }));
    const changes = { name: HOSTILE_NAME, warnings, applications };
    const text = await pageOf(createHttpApp(sourcesWith(changes)));
    expect(text).not.toContain("<img");
    expect(text).not.toMatch(/[^\x20-\x7e\n]/);
    expect(unbalancedElements(text)).toEqual([]);
    expect(text.match(/&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;/g)).toHaveLength(5);
  });
});

/** Elements without an end tag, and end tags without an element; void elements aside. */
function unbalancedElements(text: string): readonly string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, slash, name = ""] of text.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (["meta", "link"].includes(name)) continue;
    if (slash === "") open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}
