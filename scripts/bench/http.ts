/**
 * The status service beside activations: `bun scripts/bench/http.ts [CLIENTS] [EVENTS] [ROUNDS]`.
 *
 * Latency of /status and of a page of clients with that many clients and events in the store, at
 * rest and while activations go on; and what scraping and an open page take from activations.
 * Server on one core, load and asking on the other. Needs cc and taskset.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import { fillStore } from "./fill-store.ts";
import {
  type Appliance,
  cpuSeconds,
  LOAD_CORE,
  median,
  portOf,
  residentMebibytes,
  SERVER_CORE,
  startAppliance,
} from "./processes.ts";

const ASKED = 1000;
const CONNECTIONS = 64;
const LOAD_COUNT = 20_000;
const PATHS = ["/status", "/api/v1/clients?limit=50", "/api/v1/events?limit=50"] as const;
const SCRAPE_MILLISECONDS = 1000;
const MEBIBYTE = 1_048_576;

const [clients = 1_000_000, events = 5_000_000, rounds = 3] = process.argv.slice(2).map(Number);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function buildLoad(directory: string): string {
  const binary = join(directory, "load");
  const built = Bun.spawnSync(["cc", "-O2", "-o", binary, join(import.meta.dir, "load.c")]);
  if (built.exitCode !== 0) throw new Error(built.stderr.toString());
  return binary;
}

let seed = Date.now() % 1_000_000;

function loadCommand(load: string, { rpc }: Appliance, count: number): string[] {
  const product = DEFAULT_CATALOGUE.find((entry) => entry.kind === "client");
  if (product === undefined) throw new Error("the default catalogue has no client product");
  seed += 1;
  const target = ["cold", "127.0.0.1", `${portOf(rpc)}`, `${CONNECTIONS}`, `${count}`, `${seed}`];
  return [
    "taskset",
    "-c",
    `${LOAD_CORE}`,
    load,
    ...target,
    product.applicationId,
    product.activationId,
  ];
}

type Rate = { readonly perSecond: number; readonly cpuMicroseconds: number };

/** Activations a second, and what the server spends meanwhile for each of them. */
async function activate(load: string, appliance: Appliance): Promise<Rate> {
  const before = cpuSeconds(appliance.pid);
  const child = Bun.spawn(loadCommand(load, appliance, LOAD_COUNT), { stdout: "pipe" });
  const report = JSON.parse(await new Response(child.stdout).text()) as {
    readonly perSecond: number;
    readonly failed: number;
  };
  if (report.failed > 0) throw new Error(`${report.failed} calls failed`);
  const cpuMicroseconds = ((cpuSeconds(appliance.pid) - before) / LOAD_COUNT) * 1e6;
  return { perSecond: report.perSecond, cpuMicroseconds };
}

/** Milliseconds of each answer, read whole, one after another on a kept connection. */
async function ask(url: string, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let asked = 0; asked < count; asked += 1) {
    const begun = performance.now();
    const response = await fetch(url);
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
    times.push(performance.now() - begun);
  }
  return times.sort((one, other) => one - other);
}

function percentile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2);
}

async function sayLatency(appliance: Appliance, when: string): Promise<void> {
  for (const path of PATHS) {
    const times = await ask(`http://${appliance.http}${path}`, ASKED);
    const [p50, p99, worst] = [0.5, 0.99, 1].map((share) => percentile(times, share));
    say(`${when.padEnd(12)} ${path.padEnd(26)} p50 ${p50} ms  p99 ${p99} ms  worst ${worst} ms`);
  }
}

/** Latency while activations go on for as long as is asked. */
async function sayLatencyUnderLoad(load: string, appliance: Appliance): Promise<void> {
  let isAsking = true;
  const loading = (async () => {
    while (isAsking) await activate(load, appliance);
  })();
  await sayLatency(appliance, "under load");
  isAsking = false;
  await loading;
}

type Watcher = (url: string, signal: AbortSignal) => Promise<void>;

/** As Prometheus, fifteen times as often. */
const scrape: Watcher = async (url, signal) => {
  while (!signal.aborted) {
    await (await fetch(`${url}/metrics`)).arrayBuffer();
    await Bun.sleep(SCRAPE_MILLISECONDS);
  }
};

/** As the page's script: it follows the state, and fetches the page once a second when it moves. */
const watchPage: Watcher = async (url, signal) => {
  const stream = await fetch(`${url}/api/v1/status/stream`, { signal });
  let changed = false;
  const follow = (async () => {
    for await (const _part of stream.body ?? []) changed = true;
  })().catch(() => {});
  while (!signal.aborted) {
    if (changed) {
      changed = false;
      const headers = { accept: "text/html", "accept-encoding": "gzip" };
      await (await fetch(url, { headers })).arrayBuffer();
    }
    await Bun.sleep(1000);
  }
  await follow;
};

async function activateBeside(
  load: string,
  appliance: Appliance,
  watchers: readonly Watcher[],
): Promise<Rate> {
  const abort = new AbortController();
  const watching = watchers.map((watch) => watch(`http://${appliance.http}`, abort.signal));
  const rate = await activate(load, appliance);
  abort.abort();
  await Promise.all(watching);
  return rate;
}

/** By the kernel's account, which a busy machine does not disturb. */
async function sayCost(appliance: Appliance): Promise<void> {
  const headers = { accept: "text/html", "accept-encoding": "gzip" };
  const asks: readonly (readonly [string, string, RequestInit])[] = [
    ["a scrape", "/metrics", {}],
    ["a page", "/", { headers }],
    ["a status", "/status", {}],
  ];
  for (const [name, path, options] of asks) {
    const before = cpuSeconds(appliance.pid);
    for (let asked = 0; asked < ASKED; asked += 1) {
      await (await fetch(`http://${appliance.http}${path}`, options)).arrayBuffer();
    }
    const milliseconds = ((cpuSeconds(appliance.pid) - before) / ASKED) * 1000;
    const share = (milliseconds / 10).toFixed(2);
    say(
      `${name.padEnd(12)} ${milliseconds.toFixed(2)} ms CPU: one a second takes ${share} % of a core`,
    );
  }
}

/** Rounds alternate, so that a drift of the machine meets all. */
async function sayLoss(load: string, appliance: Appliance): Promise<void> {
  const ways: readonly (readonly [string, readonly Watcher[]])[] = [
    ["alone", []],
    ["with a scrape a second", [scrape]],
    ["with an open page", [watchPage]],
    ["with both", [scrape, watchPage]],
  ];
  const found = ways.map((): Rate[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, [, watchers]] of ways.entries()) {
      found[index]?.push(await activateBeside(load, appliance, watchers));
    }
  }
  const of = (index: number, key: keyof Rate) =>
    median((found[index] ?? []).map((rate) => rate[key]));
  for (const [index, [name]] of ways.entries()) {
    const [perSecond, cpu] = [of(index, "perSecond"), of(index, "cpuMicroseconds")];
    const loss = ((1 - perSecond / of(0, "perSecond")) * 100).toFixed(1);
    const more = ((cpu / of(0, "cpuMicroseconds") - 1) * 100).toFixed(1);
    say(
      `activations ${name.padEnd(24)} ${perSecond.toFixed(0)}/s (${loss} % less)  ` +
        `${cpu.toFixed(0)} us CPU (${more} % more)`,
    );
  }
}

const directory = mkdtempSync(join(tmpdir(), "muster-http-bench-"));
try {
  // Its identity comes with its first start.
  await (await startAppliance({ directory })).stop();
  const path = join(directory, "data", "muster.db");
  const begun = performance.now();
  await fillStore(path, clients, events);
  const mebibytes = (statSync(path).size / MEBIBYTE).toFixed(0);
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  say(`${clients} clients, ${events} events: ${mebibytes} MiB, filled in ${seconds} s`);
  const load = buildLoad(directory);
  const appliance = await startAppliance({
    directory,
    core: SERVER_CORE,
    extraToml: "[events]\nkeep_days = 3650\nmaximum_megabytes = 100000\n",
  });
  try {
    say(`ready in ${appliance.readyMs.toFixed(0)} ms`);
    await sayLatency(appliance, "at rest");
    await sayLatencyUnderLoad(load, appliance);
    await sayCost(appliance);
    await sayLoss(load, appliance);
    say(`resident at the end: ${residentMebibytes(appliance.pid).toFixed(0)} MiB`);
  } finally {
    await appliance.stop();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
