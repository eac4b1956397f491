import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { createHttpApp } from "../../src/http/app.ts";
import { DEFAULT_HTTP_LIMITS } from "../../src/http/limits.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import { createObservations } from "../../src/http/observations.ts";
import type { ApiDocument } from "../../src/http/page/api-page.ts";
import type { HttpSources } from "../../src/http/sources.ts";
import { StoreError } from "../../src/store/store.ts";
import { type Asked, createJudge, describedAnswers } from "./contract.ts";
import { CLIENT_ID, FULL_SOURCES } from "./full-sources.ts";
import { METRICS_REPORT } from "./metrics-report.ts";

const committed = readFileSync(join(import.meta.dir, "../../docs/openapi.json"), "utf8");
const document = JSON.parse(committed) as ApiDocument;
const judge = createJudge(document);

const LOCAL = { peer: { address: "127.0.0.1", port: 50_000 } };
const ELSEWHERE = { peer: { address: "192.0.2.9", port: 50_000 } };

function serviceOf(sources: HttpSources) {
  const metrics = createMetrics({ ...sources, report: () => METRICS_REPORT }, createObservations());
  const limits = { ...DEFAULT_HTTP_LIMITS, streams: 2, streamsPerAddress: 1 };
  return createHttpApp(sources, { metrics, limits });
}

const failure = () => Promise.reject(new StoreError("unavailable", "failed"));
const full = serviceOf(FULL_SOURCES);
const failing = serviceOf({
  ...FULL_SOURCES,
  clients: failure,
  events: failure,
  readiness: () => [{ part: "store", ready: false, reason: "the disk is full" }],
  analyses: {
    ...FULL_SOURCES.analyses,
    duplicates: failure,
    forecasts: failure,
    activity: failure,
    licensing: failure,
    client: failure,
  },
});

test("docs/openapi.json is what the routes say; scripts/generate-openapi.ts writes it anew", async () => {
  const made = await (await full.request("/openapi.json")).json();
  expect(JSON.parse(committed)).toEqual(made);
});

test("the document is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(JSON.parse(committed));
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
});

describe("every answer that the document describes is one that the service gives, and fits", () => {
  const open: ReadableStream[] = [];
  const ask = async (service: typeof full, { path, headers = {} }: Asked, from: object) => {
    const response = await service.request(path, { headers }, from);
    if (response.headers.get("content-type") === "text/event-stream" && response.body !== null) {
      open.push(response.body);
    }
    return response;
  };

  /** How each status of a path is brought about. */
  async function provoke(path: string, status: string, mediaType: string): Promise<Response> {
    const target = path.replace("{id}", CLIENT_ID);
    const headers = { accept: mediaType };
    switch (status) {
      case "200":
        return ask(full, { path: target, headers }, LOCAL);
      case "400":
        return path.includes("{id}")
          ? ask(full, { path: path.replace("{id}", "x") }, LOCAL)
          : ask(full, { path: `${target}?no-such-parameter=1` }, LOCAL);
      case "401":
        return ask(full, { path: target }, ELSEWHERE);
      case "404":
        return ask(full, { path: path.replace("{id}", crypto.randomUUID()) }, LOCAL);
      case "429":
      case "503": {
        if (!path.endsWith("/stream")) return ask(failing, { path: target }, LOCAL);
        const service = serviceOf({ ...FULL_SOURCES });
        const others = status === "429" ? ["127.0.0.1"] : ["127.0.0.1", "127.0.0.2"];
        for (const address of others) {
          await ask(service, { path: target }, { peer: { address, port: 1 } });
        }
        const address = status === "429" ? "127.0.0.1" : "127.0.0.3";
        return ask(service, { path: target }, { peer: { address, port: 1 } });
      }
      default:
        throw new Error(`${path} describes ${status}, and nothing here brings it about`);
    }
  }

  for (const described of describedAnswers(document)) {
    test(described, async () => {
      const [, path = "", status = "", mediaType = ""] = described.split(" ");
      const response = await provoke(path, status, mediaType);
      expect(String(response.status)).toBe(status);
      expect(response.headers.get("content-type")?.split(";")[0]).toBe(mediaType);
      expect(await judge(path, response)).toEqual([]);
      for (const stream of open.splice(0)) await stream.cancel();
    });
  }
});
