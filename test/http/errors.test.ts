import { describe, expect, test } from "bun:test";
import { createHttpApp } from "../../src/http/app.ts";
import { DEFAULT_HTTP_LIMITS } from "../../src/http/limits.ts";
import { PROBLEMS, type ProblemDetails, type ProblemSlug } from "../../src/http/problems.ts";
import { SOURCES } from "./sources.ts";

const app = createHttpApp(SOURCES, { allowedHosts: ["Lab-Box.example."] });

const PATHS = [
  "/",
  "/status",
  "/status.txt",
  "/healthz",
  "/readyz",
  "/version",
  "/problems",
  "/problems/not-found",
  "/assets/style.css",
  "/assets/icon.svg",
];

async function expectProblem(response: Response, slug: ProblemSlug) {
  const { status, title } = PROBLEMS[slug];
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as ProblemDetails;
  expect(body).toMatchObject({ type: `/problems/${slug}`, status, title });
  expect((await app.request(body.type)).status).toBe(200);
  return body;
}

describe("every resource", () => {
  for (const path of PATHS) {
    test(`${path} answers GET, HEAD and OPTIONS, and 405 to the rest (RFC 9110)`, async () => {
      const get = await app.request(path);
      expect(get.status).toBe(200);
      const content = await get.arrayBuffer();
      const head = await app.request(path, { method: "HEAD" });
      expect(head.status).toBe(200);
      expect((await head.arrayBuffer()).byteLength).toBe(0);
      expect(head.headers.get("content-length")).toBe(String(content.byteLength));
      for (const [name, value] of get.headers) expect(head.headers.get(name)).toBe(value);
      const options = await app.request(path, { method: "OPTIONS" });
      expect(options.status).toBe(204);
      expect(options.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
        const response = await app.request(path, { method });
        expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
        const body = await expectProblem(response, "method-not-allowed");
        expect(body.instance).toBe(path);
      }
    });

    test(`${path} carries the fields that keep browsers in bounds`, async () => {
      for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
        const { headers } = await app.request(path, { method, headers: { origin: "http://a.b" } });
        expect(headers.get("x-content-type-options")).toBe("nosniff");
        expect(headers.get("referrer-policy")).toBe("no-referrer");
        expect(headers.get("content-security-policy")).toStartWith("default-src 'none'; ");
        expect(headers.get("content-security-policy")).not.toContain("unsafe");
        expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
    });
  }
});

describe("problem details (RFC 9457)", () => {
  test("404 where nothing is", async () => {
    for (const path of [
      "/nothing",
      "/status/",
      "/a%20b?query",
      "//",
      "/%zz",
      "/%00",
      "/problems/a/b",
      "/assets/",
    ]) {
      const body = await expectProblem(await app.request(path), "not-found");
      expect(body.instance).toBe(path.replace("?query", ""));
    }
  });

  test("404 is open to every method", async () => {
    await expectProblem(await app.request("/nothing", { method: "POST" }), "not-found");
    await expectProblem(await app.request("/nothing", { method: "OPTIONS" }), "not-found");
  });

  test("404 at /problems/:type for types that are none, of Object too", async () => {
    for (const type of ["nothing", "constructor", "__proto__", "toString", "%E0%A4%A"]) {
      await expectProblem(await app.request(`/problems/${type}`), "not-found");
    }
  });

  test("413, 414 and 431 beyond the limits, and not at them", async () => {
    const limits = { ...DEFAULT_HTTP_LIMITS, targetOctets: 40, headerOctets: 60, bodyOctets: 10 };
    const strict = createHttpApp(SOURCES, { limits });
    const origin = "http://localhost";
    const target = `${origin}/${"a".repeat(40 - origin.length)}`;
    await expectProblem(await strict.request(target), "target-too-long");
    await expectProblem(await strict.request(target.slice(0, -1)), "not-found");
    const field = (length: number) => ({ headers: { x: "y".repeat(length - 5) } });
    await expectProblem(await strict.request("/healthz", field(61)), "header-too-large");
    expect((await strict.request("/healthz", field(60))).status).toBe(200);
    const post = (length: string) => ({ method: "POST", headers: { "content-length": length } });
    await expectProblem(await strict.request("/healthz", post("11")), "content-too-large");
    await expectProblem(await strict.request("/healthz", post("10")), "method-not-allowed");
  });

  test("501 for methods that nobody knows", async () => {
    await expectProblem(await app.request("/", { method: "PROPFIND" }), "method-not-implemented");
  });

  test("500 without particulars where a source throws, which the log has", async () => {
    const errors: string[] = [];
    const broken = createHttpApp(
      {
        ...SOURCES,
        status: () => {
          throw new Error("secret particulars");
        },
      },
      { reportError: ({ message }) => errors.push(message) },
    );
    const response = await broken.request("/status");
    expect(JSON.stringify(await expectProblem(response, "internal-error"))).not.toContain("secret");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(errors).toEqual(["secret particulars"]);
    expect((await broken.request("/healthz")).status).toBe(200);
  });
});

describe("the Host field, against DNS rebinding", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["localhost", true],
    ["localhost:8080", true],
    ["LOCALHOST.", true],
    ["box.localhost", true],
    ["127.0.0.1", true],
    ["127.0.0.1:8080", true],
    ["192.0.2.7", true],
    ["[::1]", true],
    ["[2001:db8::1]:8080", true],
    ["lab-box.example", true],
    ["LAB-BOX.example:80", true],
    ["lab-box.example.", true],
    ["evil.example", false],
    ["evil.example:8080", false],
    ["lab-box.example.evil.example", false],
    ["localhost.evil.example", false],
    ["notlocalhost", false],
    ["127.0.0.1.evil.example", false],
    ["[evil.example]", false],
    ["::1", false],
    ["a b", false],
    ["localhost, evil.example", false],
    ["user@localhost", false],
    ["", false],
  ];
  for (const [host, allowed] of cases) {
    test(`${JSON.stringify(host)} is ${allowed ? "answered" : "not answered"}`, async () => {
      const response = await app.request("/status", { headers: { host } });
      if (allowed) expect(response.status).toBe(200);
      else await expectProblem(response, "unknown-host");
    });
  }
});

describe("health", () => {
  test("/healthz is constant", async () => {
    const response = await app.request("/healthz");
    expect(await response.text()).toBe("ok\n");
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("/readyz lists each part", async () => {
    const response = await app.request("/readyz");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ready: true,
      parts: [
        { part: "rpc", ready: true },
        { part: "store", ready: true },
      ],
    });
  });

  test("/readyz is 503 with the reason where a part does not work (STORE-6)", async () => {
    const sick = createHttpApp({
      ...SOURCES,
      readiness: () => [
        { part: "rpc", ready: true, reason: undefined },
        { part: "store", ready: false, reason: "the disk is full" },
      ],
    });
    for (const method of ["GET", "HEAD"]) {
      expect((await sick.request("/readyz", { method })).status).toBe(503);
    }
    expect(await (await sick.request("/readyz")).json()).toEqual({
      ready: false,
      parts: [
        { part: "rpc", ready: true },
        { part: "store", ready: false, reason: "the disk is full" },
      ],
    });
  });
});

describe("what changes with the program alone", () => {
  for (const path of ["/version", "/assets/style.css", "/assets/icon.svg", "/problems"]) {
    test(`${path} has an entity tag and says 304 (RFC 9110 section 13.1.2)`, async () => {
      const first = await app.request(path);
      const tag = first.headers.get("etag") ?? "";
      expect(tag).toMatch(/^(?:W\/)?"[^"]+"$/);
      expect(first.headers.get("cache-control")).toBe("no-cache");
      const again = await app.request(path, { headers: { "if-none-match": tag } });
      expect(again.status).toBe(304);
      expect(again.headers.get("etag")).toBe(tag);
      expect(again.headers.get("cache-control")).toBe("no-cache");
      expect(await again.text()).toBe("");
      const other = await app.request(path, { headers: { "if-none-match": '"other"' } });
      expect(other.status).toBe(200);
    });
  }

  test("/version names the program", async () => {
    expect(await (await app.request("/version")).json()).toEqual({
      name: "muster",
      version: "0.1.0",
      commit: "0123456789ab",
      compiled: true,
    });
  });

  test("problem types are explained as JSON, page and text", async () => {
    for (const [slug, { status, title, explanation }] of Object.entries(PROBLEMS)) {
      const path = `/problems/${slug}`;
      expect(await (await app.request(path)).json()).toEqual({
        type: path,
        status,
        title,
        explanation,
      });
      const show = async (accept: string) =>
        (await app.request(path, { headers: { accept } })).text();
      expect(await show("text/html")).toContain(`<h2>${title}</h2>`);
      expect(await show("text/plain")).toBe(`${path} (${status}): ${title}\n  ${explanation}\n`);
    }
  });
});
