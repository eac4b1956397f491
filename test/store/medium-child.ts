/** Run by failures.test.ts in a mount namespace: `bun medium-child.ts SCENARIO FOLDER`. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoreFailure } from "../../src/store/health.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { commit, effectOf, groupOf, healthBecomes, QUICK_PROBES } from "./support.ts";

const [scenario = "", folder = ""] = process.argv.slice(2);
const path = join(folder, "muster.db");
const ballast = join(folder, "ballast");

function mount(...parameters: readonly string[]): void {
  const { status, stderr } = spawnSync("mount", parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(`mount ${parameters.join(" ")}: ${stderr}`);
}

async function commitUntilRefused(
  store: Store,
): Promise<{ acknowledged: number; error: StoreFailure }> {
  for (let acknowledged = 0; ; acknowledged += 1) {
    const outcome = await store.commit(groupOf([effectOf(acknowledged)]));
    if (!outcome.ok) return { acknowledged, error: outcome.error };
  }
}

async function report(store: Store, acknowledged: number, error: StoreFailure): Promise<void> {
  await healthBecomes(store, "ok");
  await commit(store, groupOf([effectOf(acknowledged)]));
  const lost = acknowledged + 1 - (await store.totals()).events;
  await store.close();
  const refusal = { reason: error.reason, hresult: error.hresult };
  process.stdout.write(JSON.stringify({ refusal, recovered: true, lost }));
}

async function full(): Promise<void> {
  mount("-t", "tmpfs", "-o", "size=2m", "none", folder);
  writeFileSync(ballast, new Uint8Array(512 * 1024));
  const store = await openStore({ path, probeDelays: QUICK_PROBES });
  const { acknowledged, error } = await commitUntilRefused(store);
  rmSync(ballast);
  await report(store, acknowledged, error);
}

async function readOnly(): Promise<void> {
  mount("-t", "tmpfs", "none", folder);
  const before = await openStore({ path });
  await commit(before, groupOf([effectOf(0)]));
  await before.close();
  mount("-o", "remount,ro", folder);
  const store = await openStore({ path, probeDelays: QUICK_PROBES });
  const { acknowledged, error } = await commitUntilRefused(store);
  mount("-o", "remount,rw", folder);
  await report(store, acknowledged + 1, error);
}

await (scenario === "full" ? full() : readOnly());
