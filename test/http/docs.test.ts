import { describe, expect, test } from "bun:test";
import { keyDefinitions } from "../../src/config/outline.ts";
import { renderReference } from "../../src/config/reference.ts";
import { createHttpApp } from "../../src/http/app.ts";
import { manualDocuments } from "../../src/manual/documents.ts";
import { SOURCES } from "./sources.ts";

const documents = manualDocuments();
const app = createHttpApp(SOURCES, { documents });
const read = async (path: string) => (await app.request(path)).text();

describe("what there is to read where nothing can be looked up", () => {
  const paths = ["/docs", "/docs/api", ...documents.map(({ slug }) => `/docs/${slug}`)];
  for (const path of paths) {
    test(`${path} needs nothing from elsewhere, and its own links lead somewhere`, async () => {
      const response = await app.request(path, { headers: { "accept-encoding": "identity" } });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(response.headers.get("etag")).toBeTruthy();
      const text = await response.text();
      expect(text).not.toMatch(/<script|<style|<img|<[a-z][^>]*\s(?:style|on[a-z]+)=/i);
      expect(text).not.toMatch(/<(?:link|iframe|object)[^>]*"https?:/i);
      const ids = new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id));
      for (const [, link = ""] of text.matchAll(/href="([^"]*)"/g)) {
        if (link.startsWith("#")) expect(ids).toContain(link.slice(1));
        else if (link.startsWith("/")) expect((await app.request(link)).status).toBe(200);
      }
    });
  }

  test("the index lists every document", async () => {
    const index = await read("/docs");
    for (const path of paths.slice(1)) expect(index).toContain(`href="${path}"`);
  });

  test("the API page has every path with its parameters", async () => {
    const page = await read("/docs/api");
    for (const words of [
      "GET /api/v1/clients/{id}",
      "GET /status.txt",
      "severalNames",
      "Problem",
    ]) {
      expect(page).toContain(words);
    }
    expect(page).not.toContain("undefined");
    expect(page).not.toContain("[object");
  });

  test("the reference has every key of the configuration, its variable and its default", async () => {
    const reference = renderReference();
    for (const { path } of keyDefinitions) {
      expect(reference).toContain(`\`MUSTER_${path.join("_").toUpperCase()}\``);
    }
    expect(reference).toContain("| `ttl`, `MUSTER_DNS_TTL` | `3600` |");
    expect(reference).toContain("## [[product]]");
    expect(reference).not.toContain("undefined");
    expect(await read("/docs/configuration")).toContain("<code>MUSTER_DNS_TTL</code>");
  });
});
