/** Commands that change a running appliance, given to the executable. */

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { HRESULT } from "../../src/protocol/hresult.ts";
import { ask, askAll, newRequest } from "../support/callers.ts";
import {
  executable,
  type Finished,
  type RunningAppliance,
  runExecutable,
  startExecutable,
} from "../support/executable.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { configurationText, get, getStatus, only, waitFor } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
const directory = scratchDirectory("control");
const start = (): Promise<RunningAppliance> =>
  startExecutable({ directory, configuration: configurationText() });

let appliance: RunningAppliance;
beforeAll(async () => {
  executable();
  appliance = await start();
}, BUILD_MILLISECONDS_MAXIMUM);
afterAll(() => appliance.stop());

function command(...parameters: readonly string[]): Finished {
  return runExecutable([...parameters, "--config", "appliance.toml"], { directory });
}

test("the socket is its owner's alone", () => {
  const path = join(directory, "data", "control", "muster.sock");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
});

describe("drain (HOST-12)", () => {
  const requests = Array.from({ length: 5 }, () => newRequest());

  test("refuses activations, withdraws the SRV records, counts who is left; the rest goes on", async () => {
    await askAll(only(appliance.listening.rpc), requests);
    const drained = command("drain", "--for", "7d", "--json");
    expect(drained.exitCode).toBe(0);
    const report = JSON.parse(drained.stdout);
    expect(report).toMatchObject({ draining: true, clientsToMove: 5 });
    expect(Date.parse(report.until) - Date.parse(report.since)).toBe(7 * 86_400_000);

    const [first = newRequest()] = requests;
    const { hresult } = await ask(only(appliance.listening.rpc), first);
    expect(hresult).toBe(HRESULT.busy);
    await waitFor("SRV withdrawn", async () => {
      const { dns } = await getStatus(appliance);
      return dns.publishing ? undefined : dns;
    });
    const status = await getStatus(appliance);
    expect(status.rpc).toMatchObject({ serving: false, draining: true });
    expect(status.requests.failed).toBe(1);
    expect((await get(appliance, "/healthz")).status).toBe(200);
    expect(await (await get(appliance, "/status.txt")).text()).toContain("Clients still to move:");
  });

  test("outlives a restart, and ends", async () => {
    await appliance.stop();
    appliance = await start();
    // One was sent away; the other four have not asked since.
    expect(JSON.parse(command("drain", "--show", "--json").stdout)).toMatchObject({
      draining: true,
      clientsToMove: 4,
    });
    expect(command("drain", "--end").stdout).toBe("not draining: activations are served\n");
    const { hresult, count } = await ask(only(appliance.listening.rpc), newRequest());
    expect([hresult, count]).toEqual([0, 6]);
    await waitFor("SRV back", async () => {
      const { dns } = await getStatus(appliance);
      return dns.publishing ? dns : undefined;
    });
  });
});

test("reset-count forgets the count and nothing else (COUNT-12)", async () => {
  const before = await getStatus(appliance);
  expect(before.count).toBe(6);
  const { exitCode, stdout } = command("reset-count");
  expect([exitCode, stdout.trim().split("\n").length]).toEqual([0, 1]);
  const after = await getStatus(appliance);
  expect(after.count).toBe(0);
  expect(after.clientsKnown).toBe(before.clientsKnown);
  expect(after.requests).toEqual(before.requests);
});

test("backup copies a database that opens (STORE-4); one that cannot be written is refused", () => {
  const target = join(directory, "copy.db");
  expect(command("backup", target).exitCode).toBe(0);
  const copy = new Database(target, { readonly: true });
  expect(copy.query("SELECT count(*) FROM client").values()).toEqual([[6]]);
  copy.close();
  const refused = command("backup", join(directory, "no", "copy.db"));
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).not.toMatch(/^\s+at /m);
  expect(existsSync(join(directory, "no"))).toBe(false);
});

test("reload says that it is done, or why not", () => {
  expect(command("reload")).toEqual({ exitCode: 0, stdout: "reloaded\n", stderr: "" });
});

test("5 where no appliance runs", () => {
  const elsewhere = command("drain", "--show", "--set", "appliance.data_directory=elsewhere");
  expect(elsewhere.exitCode).toBe(5);
  expect(elsewhere.stderr).toContain("there is no such socket");
});
