import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { HRESULT } from "../../src/protocol/hresult.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { commit, effectOf, failureOf, groupOf, healthBecomes, QUICK_PROBES } from "./support.ts";

const folder = scratchDirectory("store-failures");
let files = 0;
const open: Store[] = [];

function freshPath(): string {
  files += 1;
  return join(folder, `${files}.db`);
}

async function opened(path: string, maximumPages?: number): Promise<Store> {
  const limit = maximumPages === undefined ? {} : { maximumPages };
  const store = await openStore({ path, probeDelays: QUICK_PROBES, ...limit });
  open.push(store);
  return store;
}

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

/** A store with so many events, closed. */
async function filled(path: string, count: number): Promise<void> {
  const store = await opened(path);
  await commit(store, groupOf(Array.from({ length: count }, (_, index) => effectOf(index))));
  await store.close();
}

function overwrite(path: string, position: number, octets: Uint8Array): void {
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, octets, 0, octets.length, position);
  closeSync(descriptor);
}

describe("STORE-6: a store that is full", () => {
  test("refuses with 0x80070070, keeps what it acknowledged, and goes on answering reads", async () => {
    const path = freshPath();
    const store = await opened(path, 60);
    let acknowledged = 0;
    let refusal: { reason: string; hresult: number } | undefined;
    for (let index = 0; refusal === undefined; index += 1) {
      const outcome = await store.commit(groupOf([effectOf(index)]));
      if (outcome.ok) acknowledged += 1;
      else refusal = outcome.error;
      expect(index).toBeLessThan(10_000);
    }
    expect(refusal).toMatchObject({ reason: "full", hresult: HRESULT.storeFull });
    expect((await store.totals()).events).toBe(acknowledged);
  });

  test("tells of it before the refusal is heard, and of its recovery", async () => {
    const store = await opened(freshPath(), 60);
    const states: string[] = [];
    store.onHealthChange((health) => states.push(health.state));
    const many = Array.from({ length: 5000 }, (_, index) => effectOf(index));
    const outcome = await store.commit(groupOf(many));
    expect(outcome.ok).toBe(false);
    expect(states[0]).toBe("failed");
    // What did not fit was taken back whole, so there is room again.
    await healthBecomes(store, "ok");
    await commit(store, groupOf([effectOf(0)]));
    expect((await store.totals()).events).toBe(1);
  });
});

describe("STORE-6: a corrupt file", () => {
  test("is found at the start, refused with 0x8007001D, and replaced without a restart", async () => {
    const path = freshPath();
    await filled(path, 500);
    const sound = freshPath();
    copyFileSync(path, sound);
    const middle = Math.floor(statSync(path).size / 2 / 4096) * 4096;
    overwrite(path, middle, new Uint8Array(4096).fill(0xa5));

    const store = await opened(path);
    await healthBecomes(store, "failed");
    const refused = await store.commit(groupOf([effectOf(0)]));
    expect(refused).toMatchObject({
      ok: false,
      error: { reason: "corrupt", hresult: HRESULT.storeFault },
    });

    copyFileSync(sound, path);
    await healthBecomes(store, "ok");
    await commit(store, groupOf([effectOf(0)]));
    expect((await store.totals()).events).toBe(501);
    expect(store.clientsKnown()).toBe((await store.totals()).clients);
  });

  test("that is no database at all is one as well", async () => {
    const path = freshPath();
    writeFileSync(path, "This is a letter, and quite a long one. ".repeat(200));
    const store = await opened(path);
    expect(store.health()).toMatchObject({ state: "failed", reason: "corrupt" });
    expect(await failureOf(store.loadState())).toMatchObject({ code: "unavailable" });
    rmSync(path);
    await healthBecomes(store, "ok");
    await commit(store, groupOf([effectOf(0)]));
  });
});

describe("STORE-3: a database that must not be opened", () => {
  test("of a newer version: a clear error, and the file as it was", async () => {
    const path = freshPath();
    await filled(path, 1);
    const direct = new Database(path);
    direct.run("PRAGMA user_version = 9999");
    direct.close();
    expect(await failureOf(opened(path))).toMatchObject({
      name: "StoreError",
      code: "newer",
      message: expect.stringContaining("9999"),
    });
  });

  test("of another program", async () => {
    const path = freshPath();
    const direct = new Database(path);
    direct.run("CREATE TABLE theirs (one INTEGER)");
    direct.close();
    expect(await failureOf(opened(path))).toMatchObject({ code: "foreign" });
  });

  test("that another store has open; it is free again when that one closes", async () => {
    const path = freshPath();
    const first = await opened(path);
    expect(await failureOf(opened(path))).toMatchObject({ code: "inUse" });
    await commit(first, groupOf([effectOf(0)]));
    await first.close();
    expect((await opened(path)).health()).toEqual({ state: "ok" });
  });
});

test("a closed store refuses to commit", async () => {
  const store = await opened(freshPath());
  await store.close();
  expect((await store.commit(groupOf([effectOf(0)]))).ok).toBe(false);
});

/** Media that really are full or read-only need mounts, and mounts a namespace of their own. */
const UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"] as const;
const canMount =
  spawnSync(UNSHARE[0], [...UNSHARE.slice(1), "mount", "-t", "tmpfs", "none", folder]).status === 0;
if (!canMount) process.stderr.write("mounts are not permitted: tests on real media are skipped\n");

describe.if(canMount)("STORE-6: on a medium that fails in truth", () => {
  const onMedium = (scenario: string): unknown => {
    const script = join(import.meta.dir, "medium-child.ts");
    const command = [...UNSHARE.slice(1), process.execPath, script, scenario, folder];
    const { stdout, stderr, status } = spawnSync(UNSHARE[0], command, { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  };

  test("a full disk: 0x80070070, nothing acknowledged lost, recovered when room is made", () => {
    expect(onMedium("full")).toEqual({
      refusal: { reason: "full", hresult: HRESULT.storeFull },
      recovered: true,
      lost: 0,
    });
  });

  test("a read-only medium: 0x80070013, readable, recovered when it is writable", () => {
    expect(onMedium("readOnly")).toEqual({
      refusal: { reason: "readOnly", hresult: HRESULT.storeReadOnly },
      recovered: true,
      lost: 0,
    });
  });
});
