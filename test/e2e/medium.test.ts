/** A medium that is full, read-only, damaged or from elsewhere (STORE-3, STORE-6). */
import { Database } from "bun:sqlite";
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { lookupSrv } from "../../src/dns/resolver.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { ask, askAll, newRequest } from "../support/callers.ts";
import {
  executable,
  type RunningAppliance,
  runExecutable,
  startExecutable,
} from "../support/executable.ts";
import {
  makeWritable,
  mediumPath,
  mediumTest,
  onReadOnlyMedium,
  onSmallMedium,
} from "../support/mounts.ts";
import { scratchDirectory } from "../support/scratch.ts";
import {
  configurationText,
  discoveryFlags,
  get,
  getReadiness,
  getStatus,
  only,
  runClient,
  serverFlags,
  waitFor,
  ZONE,
} from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

const configuration = configurationText();
const STORE = { full: 0x80070070, readOnly: 0x80070013, fault: 0x8007001d };

async function isPublished({ listening }: RunningAppliance): Promise<boolean> {
  const name = `_vlmcs._tcp.${ZONE}`;
  const options = { server: only(listening.dns), name, timeoutMs: 5000 };
  const found = await lookupSrv({ ...options, randomBytes: systemRandomBytes });
  // Withdrawn is an answer of its own: a server that is silent would not do.
  if (!found.ok && !["nxdomain", "nodata"].includes(found.error.code)) {
    throw new Error(found.error.code);
  }
  return found.ok;
}

/** What the appliance does while it cannot store, all of it. */
async function expectFailed(
  appliance: RunningAppliance,
  reason: string,
  hresult: number,
): Promise<void> {
  const result = `0x${hresult.toString(16)}`;
  const refused = await runClient([...serverFlags(appliance), "--name", "PC-1"]);
  expect([refused.exitCode, refused.report.result]).toEqual([11, result]);
  await waitFor("the withdrawal", async () => !(await isPublished(appliance)) || undefined);
  const lost = await runClient([...discoveryFlags(appliance), "--name", "PC-1"]);
  expect(lost.exitCode).toBe(12);
  expect(await getStatus(appliance)).toMatchObject({
    store: { state: "failed", reason },
    rpc: { serving: false },
    dns: { enabled: true, publishing: false },
  });
  expect((await get(appliance, "/readyz")).status).toBe(503);
  const { parts } = await getReadiness(appliance);
  const store = parts.find(({ part }) => part === "store");
  expect(store?.ready).toBe(false);
  expect(store?.reason).toStartWith(`${reason}: `);
  expect((await get(appliance, "/healthz")).status).toBe(200);
}

/** It serves again, in the same process. */
async function expectRecovery(appliance: RunningAppliance, count: number): Promise<void> {
  await waitFor("the recovery", async () => (await getReadiness(appliance)).ready || undefined);
  await waitFor("the publication", async () => (await isPublished(appliance)) || undefined);
  const { exitCode, report } = await runClient([...discoveryFlags(appliance), "--name", "PC-2"]);
  expect([exitCode, report.count]).toEqual([10, count]);
}

/** Takes all that is left of a medium. */
function fill(path: string): void {
  const block = new Uint8Array(4096);
  try {
    for (;;) writeFileSync(path, block, { flag: "a" });
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
  }
}

describe("full", () => {
  mediumTest("refuses, says why, goes on with DNS and status, recovers by itself", async () => {
    const directory = scratchDirectory("full");
    const wrapper = onSmallMedium(4096);
    const appliance = await startExecutable({ directory, configuration, wrapper });
    const served = Array.from({ length: 7 }, () => newRequest());
    await askAll(only(appliance.listening.rpc), served);
    const filler = mediumPath(appliance, "filler");
    fill(filler);
    const refused = await waitFor("a refusal", async () => {
      const request = newRequest();
      const { hresult } = await ask(only(appliance.listening.rpc), request);
      if (hresult === 0) served.push(request);
      return hresult === 0 ? undefined : hresult;
    });
    expect(refused).toBe(STORE.full);
    await expectFailed(appliance, "full", STORE.full);
    rmSync(filler);
    // None of those that were refused is in the count, and all that were served are.
    await expectRecovery(appliance, served.length + 1);
    expect(await getStatus(appliance)).toMatchObject({ clientsKnown: served.length + 1 });
    expect(await appliance.stop()).toBe(0);
  });
});

/** A data folder in which `count` clients were counted. */
async function preparedFolder(name: string, count: number): Promise<string> {
  const directory = scratchDirectory(name);
  const appliance = await startExecutable({ directory, configuration });
  const requests = Array.from({ length: count }, () => newRequest());
  await askAll(only(appliance.listening.rpc), requests);
  expect(await appliance.stop()).toBe(0);
  return directory;
}

describe("read-only", () => {
  mediumTest("refuses, goes on with DNS and status, recovers by itself", async () => {
    const directory = await preparedFolder("read-only", 5);
    const wrapper = onReadOnlyMedium();
    const appliance = await startExecutable({ directory, configuration, wrapper });
    expect(appliance.stdout()).toContain("note: the store has failed: readOnly");
    await expectFailed(appliance, "readOnly", STORE.readOnly);
    makeWritable(appliance);
    await expectRecovery(appliance, 6);
    expect(await appliance.stop()).toBe(0);
  });

  mediumTest("and empty: there is no identity to serve under, and it says so", async () => {
    const directory = scratchDirectory("read-only-empty");
    mkdirSync(join(directory, "data"));
    const started = startExecutable({ directory, configuration, wrapper: onReadOnlyMedium() });
    const failure = await started.then(
      () => "started",
      (error: Error) => error.message,
    );
    expect(failure).toContain("ended with 1");
    expect(failure).toMatch(/cannot start: .*(read-only|EROFS)/i);
    expect(failure).not.toContain("mistake in muster");
  });
});

const PAGE = 4096;

describe("damaged", () => {
  /** Each spoils a database of several pages. */
  const DAMAGES: readonly (readonly [title: string, spoil: (path: string) => void])[] = [
    ["no header", (path) => overwrite(path, 0, 100)],
    ["noise in its pages", (path) => overwrite(path, PAGE, 3 * PAGE)],
    ["cut off", (path) => truncateSync(path, 5000)],
  ];

  for (const [title, spoil] of DAMAGES) {
    test(`${title}: refuses, and serves once a sound file is in place`, async () => {
      const directory = await preparedFolder("damaged", 5);
      const path = join(directory, "data", "muster.db");
      const sound = join(directory, "sound.db");
      copyFileSync(path, sound);
      spoil(path);
      const damaged = readFileSync(path);
      const appliance = await startExecutable({ directory, configuration });
      await expectFailed(appliance, "corrupt", STORE.fault);
      // What is left of it may be worth something to somebody: behind its first page, where SQLite
      // counts who opened it, nothing is touched.
      expect(readFileSync(path).subarray(PAGE).equals(damaged.subarray(PAGE))).toBe(true);
      for (const suffix of ["-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
      rmSync(path);
      copyFileSync(sound, path);
      await expectRecovery(appliance, 6);
      expect(await appliance.stop()).toBe(0);
    }, 40_000);
  }

  test("a file that is no database at all", async () => {
    const directory = await preparedFolder("no-database", 1);
    writeFileSync(join(directory, "data", "muster.db"), "not a database, ".repeat(1000));
    const appliance = await startExecutable({ directory, configuration });
    await expectFailed(appliance, "corrupt", STORE.fault);
    expect(await appliance.stop()).toBe(0);
  });
});

function overwrite(path: string, offset: number, length: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, offset, offset + length);
  writeFileSync(path, bytes);
}

describe("from elsewhere", () => {
  const serve = (directory: string) => {
    return runExecutable(["serve", "--config", "appliance.toml"], { directory });
  };

  test("a newer version: ends with 1 and says so, and leaves the file alone (STORE-3)", async () => {
    const directory = await preparedFolder("newer", 3);
    const path = join(directory, "data", "muster.db");
    const database = new Database(path);
    database.run("PRAGMA user_version = 999");
    database.close();
    const before = readFileSync(path);
    const { exitCode, stdout, stderr } = serve(directory);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("cannot start: the database has schema 999");
    expect(stderr).toContain("it is from a newer version");
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("another program: ends with 1 and says so", async () => {
    const directory = await preparedFolder("foreign", 1);
    const path = join(directory, "data", "muster.db");
    rmSync(path);
    const database = new Database(path, { create: true });
    database.run("CREATE TABLE other (id INTEGER)");
    database.close();
    const { exitCode, stderr } = serve(directory);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("cannot start: the file is a database of another program");
  });
});
