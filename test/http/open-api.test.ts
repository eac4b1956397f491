import { describe, expect, test } from "bun:test";
import type { z } from "zod";
import { detailsAccess, LOCAL_ACCESS } from "../../src/http/api/access.ts";
import { readinessSchema, statusSchema, versionSchema } from "../../src/http/api/reports.ts";
import { createHttpApp } from "../../src/http/app.ts";
import { DEFAULT_HTTP_LIMITS } from "../../src/http/limits.ts";
import { createLive } from "../../src/http/live/live.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import { createObservations } from "../../src/http/observations.ts";
import { allRoutes } from "../../src/http/routes/routes.ts";
import { SOURCES, sourcesWith } from "./sources.ts";

type Operation = {
  readonly summary: string;
  readonly parameters?: readonly {
    name: string;
    in: string;
    schema: { type: string; [key: string]: unknown };
    description: string;
  }[];
  readonly responses: Readonly<Record<string, { content: Readonly<Record<string, unknown>> }>>;
  readonly security?: readonly unknown[];
};
type OpenApi = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, { readonly get?: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
};

const report = () => {
  throw new Error("not asked for here");
};
const metrics = createMetrics({ ...SOURCES, report }, createObservations());
const OPTIONS = {
  metrics,
  access: detailsAccess(LOCAL_ACCESS),
  live: createLive(SOURCES, DEFAULT_HTTP_LIMITS),
};
const app = createHttpApp(SOURCES, { metrics });

async function documentOf(): Promise<OpenApi> {
  return (await (await app.request("/openapi.json")).json()) as OpenApi;
}

describe("GET /openapi.json", () => {
  test("is OpenAPI 3.1 and always the same", async () => {
    const first = await app.request("/openapi.json");
    expect(first.headers.get("etag")).toBeTruthy();
    const text = await first.text();
    expect(JSON.parse(text).openapi).toBe("3.1.0");
    expect(await (await app.request("/openapi.json")).text()).toBe(text);
    const other = createHttpApp(SOURCES, { metrics });
    expect(await (await other.request("/openapi.json")).text()).toBe(text);
  });

  test("describes every resource but the pages, and no other", async () => {
    const { paths } = await documentOf();
    const routes = allRoutes(SOURCES, OPTIONS).map(({ path }) => path);
    const pages = routes.filter(
      (path) => path === "/" || /^\/(?:assets|problems|sign-in)/.test(path),
    );
    const expected = [...routes.filter((path) => !pages.includes(path)), "/openapi.json"].map(
      (path) => path.replace(/:(\w+)/g, "{$1}"),
    );
    expect(Object.keys(paths).sort()).toEqual(expected.sort());
    for (const item of Object.values(paths)) expect(Object.keys(item)).toEqual(["get"]);
  });

  test("refers to nothing that it does not hold", async () => {
    const document = await documentOf();
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(5);
    for (const [, reference = ""] of references) {
      const name = reference.replace("#/components/schemas/", "");
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
  });

  test("has the parameters with their types, and the token where one may be needed", async () => {
    const { paths } = await documentOf();
    const clients = paths["/api/v1/clients"]?.get;
    expect(clients?.parameters).toContainEqual({
      name: "limit",
      in: "query",
      description: "Items of one page at most",
      schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
    });
    expect(clients?.parameters?.map(({ name }) => name)).toContain("state");
    for (const parameter of clients?.parameters ?? []) {
      expect(parameter.in).toBe("query");
      expect(["string", "integer"]).toContain(parameter.schema.type);
    }
    expect(Object.keys(clients?.responses ?? {})).toEqual(["200", "400", "401", "503"]);
    expect(clients?.security).toEqual([{}, { token: [] }]);
    expect(paths["/status"]?.get?.security).toBeUndefined();
  });
});

describe("answers fit the schemas that describe them", () => {
  const sick = { state: "failed", reason: "full", path: "x" } as const;
  const cases: readonly (readonly [string, z.ZodType, typeof app])[] = [
    ["/status", statusSchema, app],
    ["/api/v1/status", statusSchema, app],
    [
      "/status",
      statusSchema,
      createHttpApp(sourcesWith({ clientsKnown: undefined, store: sick, applications: [] })),
    ],
    ["/readyz", readinessSchema, app],
    ["/version", versionSchema, app],
  ];
  for (const [path, schema, service] of cases) {
    test(path, async () => {
      const read = schema.safeParse(await (await service.request(path)).json());
      expect(read.error?.issues ?? []).toEqual([]);
    });
  }
});
