/** What the executable answers over HTTP, held to docs/openapi.json. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiDocument } from "../../src/http/page/api-page.ts";
import { createJudge, describedAnswers } from "../http/contract.ts";
import { askAll, newRequest } from "../support/callers.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { get, only } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
const CMID = crypto.randomUUID();

const text = readFileSync(join(import.meta.dir, "../../docs/openapi.json"), "utf8");
const document = JSON.parse(text) as ApiDocument;
const judge = createJudge(document);

let appliance: RunningAppliance;
beforeAll(async () => {
  executable();
  appliance = await startExecutable();
  // One id on two machines, a refusal, and clients enough to activate.
  const requests = Array.from({ length: 27 }, () => newRequest());
  const names = ["ONE", "TWO", "ONE"].map((machineName) => newRequest({ machineName, cmid: CMID }));
  const foreign = newRequest({ activationId: crypto.randomUUID() });
  await askAll(only(appliance.listening.rpc), [...requests, foreign]);
  await askAll(only(appliance.listening.rpc), names, 1);
}, BUILD_MILLISECONDS_MAXIMUM);
afterAll(() => appliance.stop());

function provoke(path: string, status: string, accept: string): Promise<Response> | undefined {
  const target = path.replace("{id}", CMID);
  switch (status) {
    case "200":
      return get(appliance, target, { accept });
    case "400":
      return get(appliance, path.includes("{id}") ? path.replace("{id}", "x") : `${target}?x=1`);
    case "401":
      // A proxy on this machine makes it elsewhere.
      return get(appliance, target, { "x-forwarded-for": "192.0.2.9" });
    case "404":
      return get(appliance, path.replace("{id}", crypto.randomUUID()));
    default:
      // A part that fails, or too many streams: contract.test.ts brings those about.
      return undefined;
  }
}

for (const described of describedAnswers(document)) {
  const [, path = "", status = "", mediaType = ""] = described.split(" ");
  if (["429", "503"].includes(status)) continue;
  test(described, async () => {
    const response = await provoke(path, status, mediaType);
    if (response === undefined) throw new Error("nothing here brings it about");
    expect(String(response.status)).toBe(status);
    expect(response.headers.get("content-type")?.split(";")[0]).toBe(mediaType);
    if (mediaType === "text/event-stream") {
      const { value } = (await response.body?.getReader().read()) ?? {};
      expect(new TextDecoder().decode(value)).toStartWith("retry: ");
      return;
    }
    expect(await judge(path, response)).toEqual([]);
    expect((await response.text()).length).toBeGreaterThan(0);
  });
}

test("duplicates, forecast, reports and the client tell of what was asked", async () => {
  const read = async (path: string) => (await get(appliance, path)).json() as Promise<never>;
  const { items } = (await read("/api/v1/duplicates")) as {
    items: { cmid: string; certainty: string; machines: unknown[] }[];
  };
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ cmid: CMID, certainty: "certain" });
  expect(await read("/api/v1/reports/activity")).toMatchObject({
    items: expect.arrayContaining([expect.objectContaining({ refused: 1 })]),
  });
  expect(await read("/api/v1/reports/licensing")).toMatchObject({ machines: 29 });
  expect(await read(`/api/v1/clients/${CMID}`)).toMatchObject({
    entries: [{ explanation: { verdict: "activated" } }],
    names: expect.arrayContaining([expect.objectContaining({ machineName: "TWO" })]),
  });
});
