/**
 * A clock that jumps: the executable under libfaketime, which moves its wall clock and no other.
 * Held here is that it serves and forgets nothing; which clock a record expires by is a rule of
 * its own, with tests of its own (COUNT-6, REPORT-3).
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeRequest } from "../../src/protocol/request.ts";
import { askAll, callActivate, connect, newRequest } from "../support/callers.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { peerLibrary } from "../support/peers.ts";
import { scratchDirectory } from "../support/scratch.ts";
import {
  configurationText,
  discoveryFlags,
  getItems,
  getReadiness,
  getStatus,
  only,
  runClient,
  waitFor,
} from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
const DAY = 86_400_000;

const library = peerLibrary("faketime/libfaketime.so.1");
const directory = scratchDirectory("clock");
const file = join(directory, "clock");
const start = (): Promise<RunningAppliance> =>
  startExecutable({
    directory,
    configuration: configurationText(),
    environment: {
      LD_PRELOAD: library ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      // Timers go by the other clock, which no one sets.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  });

/** Moves the host's clock away from ours by so many days. */
function setClock(days: number): void {
  writeFileSync(file, `${days >= 0 ? "+" : ""}${days}d\n`);
}

describe.skipIf(library === undefined)("a clock that jumps", () => {
  let appliance: RunningAppliance;
  const rpc = () => only(appliance.listening.rpc);

  beforeAll(async () => {
    executable();
    setClock(0);
    appliance = await start();
    await askAll(
      rpc(),
      Array.from({ length: 5 }, () => newRequest()),
    );
  }, BUILD_MILLISECONDS_MAXIMUM);
  afterAll(() => appliance.stop());

  /** Sets the clock and waits until the host goes by it. */
  async function jump(days: number): Promise<void> {
    setClock(days);
    await waitFor("the jump", async () => {
      const { hostTime } = await getStatus(appliance);
      return Math.abs(Date.parse(hostTime) - Date.now() - days * DAY) < DAY || undefined;
    });
  }

  /** Whatever the clock says: found, asked, answered, believed, written down. */
  async function expectService(clockDays: number): Promise<void> {
    const before = await getStatus(appliance);
    const flags = [...discoveryFlags(appliance), "--name", "PC", "--threshold", "1"];
    const { exitCode, report } = await runClient(flags);
    expect({ exitCode, count: report.count }).toEqual({ exitCode: 0, count: before.count + 1 });
    expect(await getStatus(appliance)).toMatchObject({
      count: before.count + 1,
      clientsKnown: (before.clientsKnown ?? 0) + 1,
      requests: { total: before.requests.total + 1, failed: 0 },
    });
    expect((await getReadiness(appliance)).ready).toBe(true);
    const [event] = await getItems(appliance, "/api/v1/events?limit=1&code=12290");
    const distance = Date.parse(String(event?.["time"])) - Date.now();
    expect(Math.abs(distance - clockDays * DAY)).toBeLessThan(DAY / 2);
  }

  for (const days of [29, 31, 0, -10, -365, -10_000, 3_650, 36_500, 0]) {
    test(`${days} days from now it serves`, async () => {
      await jump(days);
      await expectService(days);
      expect(appliance.stderr()).not.toContain('"level":"error"');
    });
  }

  test("a connection outlives it: a jump uses none of its time up", async () => {
    const caller = await connect(rpc());
    for (const days of [0, 400, -400, 0]) {
      await jump(days);
      const { hresult } = await callActivate(caller, encodeRequest(newRequest()));
      expect(hresult).toBe(0);
    }
    caller.close();
  });

  test("a start a year earlier than the last end keeps everything", async () => {
    const before = await getStatus(appliance);
    expect(await appliance.stop()).toBe(0);
    setClock(-365);
    appliance = await start();
    const { clientsKnown, requests, host } = await getStatus(appliance);
    expect({ clientsKnown, requests, host }).toEqual({
      clientsKnown: before.clientsKnown,
      requests: before.requests,
      host: before.host,
    });
    await expectService(-365);
  });
});
