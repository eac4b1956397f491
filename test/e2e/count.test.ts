/** Counting as client processes see it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ask, askAll, newRequest, newServerRequest } from "../support/callers.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import {
  configurationText,
  discoveryFlags,
  getStatus,
  only,
  runClient,
  serverFlags,
  ZONE,
} from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

async function withAppliance(
  activation: Readonly<Record<string, unknown>>,
  run: (appliance: RunningAppliance) => Promise<void>,
): Promise<void> {
  const appliance = await startExecutable({ configuration: configurationText({ activation }) });
  try {
    await run(appliance);
  } finally {
    await appliance.stop();
  }
}

describe("the worked example: Vista, Vista, a virtual Vista, Server 2008 (COUNT-3)", () => {
  const vista = ["--product", "Lab Client Enterprise"];
  const example: readonly (readonly [flags: readonly string[], physical: number, all: number])[] = [
    [[...vista, "--name", "VISTA-1"], 1, 1],
    [[...vista, "--name", "VISTA-2"], 2, 2],
    [[...vista, "--name", "VISTA-VM", "--virtual"], 2, 3],
    [["--product", "Lab Server Standard", "--name", "SERVER-2008"], 3, 4],
  ];

  for (const [title, flagsOf] of [
    ["--server", serverFlags],
    ["DNS discovery", discoveryFlags],
  ] as const) {
    for (const [index, counting] of (["physical", "all"] as const).entries()) {
      test(`four client processes by ${title}, counting ${counting}`, () =>
        withAppliance({ counting }, async (appliance) => {
          const counts: (number | null)[] = [];
          for (const [flags] of example) {
            const { exitCode, report } = await runClient([...flagsOf(appliance), ...flags]);
            expect({ exitCode, result: report.result }).toEqual({
              exitCode: 10,
              result: "0xc004f038",
            });
            counts.push(report.count);
          }
          expect(counts).toEqual(example.map((row) => row[index === 0 ? 1 : 2]));
          expect(await getStatus(appliance)).toMatchObject({
            count: counts.at(-1) ?? 0,
            clientsKnown: 4,
            requests: { total: 4, failed: 0, byLicenceState: { initialGrace: 4 } },
          });
        }));
    }
  }

  test("the virtual machine is activated like any other once the threshold is met", () =>
    withAppliance({ counting: "physical" }, async (appliance) => {
      await askAll(only(appliance.listening.rpc), Array.from({ length: 25 }, newRequestOfIndex));
      const { exitCode, report } = await runClient([...serverFlags(appliance), "--virtual"]);
      expect({ exitCode, count: report.count }).toEqual({ exitCode: 0, count: 25 });
    }));
});

const newRequestOfIndex = () => newRequest();

describe("thirty client processes of threshold 25 (COUNT-2)", () => {
  test("the 24th does not activate, the 25th and later do", () =>
    withAppliance(
      { activation_interval_minutes: 17, renewal_interval_minutes: 1234 },
      async (appliance) => {
        const outcomes = [];
        for (let index = 1; index <= 30; index += 1) {
          const flags = ["--name", `PC-${index}`, "--threshold", "25"];
          outcomes.push(await runClient([...discoveryFlags(appliance), ...flags]));
        }
        const seen = outcomes.map(({ exitCode, report: { activated, count, result } }) => ({
          exitCode,
          activated,
          count,
          result,
        }));
        const refused = { exitCode: 10, activated: false, result: "0xc004f038" };
        const accepted = { exitCode: 0, activated: true, result: "0x00000000" };
        expect(seen).toEqual(
          seen.map((_, index) => ({ ...(index < 24 ? refused : accepted), count: index + 1 })),
        );
        const [first] = outcomes;
        expect(first?.report).toMatchObject({
          threshold: 25,
          activationIntervalMinutes: 17,
          renewalIntervalMinutes: 1234,
          server: `box.${ZONE}:${only(appliance.listening.rpc).port}`,
        });
        const cmid = first?.report.cmid ?? "";
        expect(cmid).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
        expect(first?.report.reason).toContain("25 are needed");
        const again = await runClient([...serverFlags(appliance), "--cmid", cmid]);
        expect([again.exitCode, again.report.count]).toEqual([0, 30]);
      },
    ));
});

describe("a fleet", () => {
  let appliance: RunningAppliance;
  const rpc = () => only(appliance.listening.rpc);
  beforeAll(async () => {
    appliance = await startExecutable({ configuration: configurationText() });
  });
  afterAll(() => appliance.stop());

  test("of servers alone stops at 10 (COUNT-7)", () =>
    withAppliance({}, async (other) => {
      const requests = Array.from({ length: 30 }, () => newServerRequest());
      const answers = await askAll(only(other.listening.rpc), requests);
      expect(Math.max(...answers.map(({ count }) => count ?? 0))).toBe(10);
      const expected = { count: 10, cacheCapacity: 10, clientsKnown: 30 };
      expect(await getStatus(other)).toMatchObject(expected);
    }));

  test("of 200 distinct clients: 50 count, all are known (COUNT-7, COUNT-9)", async () => {
    const answers = await askAll(rpc(), Array.from({ length: 200 }, newRequestOfIndex));
    expect(answers.every(({ hresult }) => hresult === 0)).toBe(true);
    expect(Math.max(...answers.map(({ count }) => count ?? 0))).toBe(50);
    expect(await getStatus(appliance)).toMatchObject({
      count: 50,
      cacheCapacity: 50,
      clientsKnown: 200,
      requests: { total: 200, failed: 0 },
    });
  });

  test("a required count of 2^32-1 sizes nothing (COUNT-7)", async () => {
    const forged = await runClient([...serverFlags(appliance), "--threshold", "4294967295"]);
    expect({ exitCode: forged.exitCode, count: forged.report.count }).toEqual({
      exitCode: 10,
      count: 50,
    });
    const status = await getStatus(appliance);
    expect(status).toMatchObject({ count: 50, cacheCapacity: 50, clientsKnown: 201 });
    expect(status.applications.map(({ cacheCapacity }) => cacheCapacity)).toEqual([50, 0]);
  });

  test("another application has a count of its own (COUNT-5)", async () => {
    const flags = ["--product", "Lab Office Standard", "--name", "OFFICE-1"];
    const { report } = await runClient([...discoveryFlags(appliance), ...flags]);
    expect(report).toMatchObject({ count: 1, threshold: 5 });
    const { applications } = await getStatus(appliance);
    expect(applications.map(({ count, cacheCapacity }) => [count, cacheCapacity])).toEqual([
      [50, 50],
      [1, 10],
    ]);
  });

  test("a renewal moves nothing: the same clients again leave the count", async () => {
    const request = newRequest();
    const before = await ask(rpc(), request);
    expect(await ask(rpc(), { ...request, nonce: new Uint8Array(16) })).toEqual(before);
  });
});
