import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { quickCheck } from "../../src/store/connection.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { scratchDirectory } from "../support/scratch.ts";

const folder = scratchDirectory("store-kill");
const open: Store[] = [];

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

/** What the child had acknowledged when it was killed, after at least so many lines. */
async function killAfter(child: ChildProcess, lines: number): Promise<readonly number[]> {
  if (child.stdout === null) throw new Error("no standard output");
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === lines) child.kill("SIGKILL");
  }
  return acknowledged;
}

test.each([1, 7, 60])(
  "STORE-1: a process killed after %d commits loses none that it acknowledged",
  async (lines) => {
    const path = join(folder, `killed-${lines}.db`);
    const script = join(import.meta.dir, "kill-child.ts");
    const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
    const acknowledged = await killAfter(child, lines);
    expect(acknowledged.length).toBeGreaterThanOrEqual(lines);

    const store = await openStore({ path });
    open.push(store);
    expect(store.health()).toEqual({ state: "ok" });
    const { events, clients } = await store.totals();
    const last = acknowledged.at(-1) ?? 0;
    expect(events).toBeGreaterThanOrEqual(last);
    // Groups are of eight: each is there whole or not at all.
    expect(events % 8).toBe(0);
    expect(clients).toBe(events);
    const state = await store.loadState();
    expect(state.figures.total).toBe(events);
    expect(state.applications[0]?.records).toHaveLength(Math.min(events, 50));
    await store.close();
    const direct = new Database(path, { readonly: true });
    expect(quickCheck(direct)).toEqual([]);
    direct.close();
  },
);
