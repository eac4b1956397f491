/** A clock that jumps: the executable under libfaketime, which moves its wall clock and no other. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
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
  async function expectService(count: number, clockDays: number): Promise<void> {
    const flags = [...discoveryFlags(appliance), "--name", "PC", "--threshold", "1"];
    const { exitCode, report } = await runClient(flags);
    expect([exitCode, report.count]).toEqual([0, count]);
    expect((await getReadiness(appliance)).ready).toBe(true);
    const [event] = await getItems(appliance, "/api/v1/events?limit=1");
    const distance = Date.parse(String(event?.["time"])) - Date.now();
    expect(Math.abs(distance - clockDays * DAY)).toBeLessThan(DAY / 2);
  }

  test("29 days ahead all records count, 31 days ahead none does (COUNT-6)", async () => {
    await jump(29);
    expect(await getStatus(appliance)).toMatchObject({ count: 5 });
    await jump(31);
    expect(await getStatus(appliance)).toMatchObject({ count: 0, clientsKnown: 5 });
    await expectService(1, 31);
  });

  test("back again: what was counted meanwhile counts, the figures go on", async () => {
    await jump(0);
    await expectService(2, 0);
    expect(await getStatus(appliance)).toMatchObject({
      clientsKnown: 7,
      requests: { total: 7, failed: 0 },
    });
  });

  test("years back and a century ahead it serves", async () => {
    await jump(-365);
    await expectService(3, -365);
    await jump(36_500);
    await expectService(1, 36_500);
    await jump(0);
    await expectService(2, 0);
    expect(appliance.stderr()).not.toContain('"level":"error"');
  });

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
    const { count, clientsKnown, requests, host } = await getStatus(appliance);
    expect({ clientsKnown, requests, host }).toEqual({
      clientsKnown: before.clientsKnown,
      requests: before.requests,
      host: before.host,
    });
    await expectService(count + 1, -365);
  });
});
