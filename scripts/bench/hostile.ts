/**
 * The executable under peers that mean no good, ten thousand at a time, while a client on the side
 * activates: `bun scripts/bench/hostile.ts [COUNT] [SECONDS] [KIND]`.
 *
 * For each kind of peer: what the client on the side waited for a whole exchange, the memory of the
 * appliance before, at its peak and after, and the descriptors that it has open. Default limits.
 * Server on one core, the others on the other. Loopback only; needs cc and taskset.
 */
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Endpoint, parseEndpoint } from "../../src/platform/endpoint.ts";
import { DEFAULT_RPC_LIMITS } from "../../src/rpc/limits.ts";
import { ask, newRequest } from "../../test/support/callers.ts";
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

const COUNT = Number(process.argv[2] ?? 10_000);
const SECONDS = Number(process.argv[3] ?? 14);
const ONLY = process.argv[4];
const LOOK_EVERY_MS = 100;
/** Clients that activate meanwhile, one exchange after the other each. */
const SIDE_CLIENTS = 2;
const SETTLE_MS_MAXIMUM = 30_000;

type Attack = { readonly kind: string; readonly addresses: number; readonly says: string };

/** 512 connections an address are let in: 16 addresses fill the listener, 20 are more than that. */
const ATTACKS: readonly Attack[] = [
  { kind: "silent", addresses: 1, says: "silent, one address" },
  { kind: "silent", addresses: 16, says: "silent, 16 addresses" },
  { kind: "silent", addresses: 20, says: "silent, 20 addresses" },
  { kind: "half", addresses: 20, says: "half a bind" },
  { kind: "slow", addresses: 20, says: "an octet a second" },
  { kind: "bound", addresses: 20, says: "bound, then silent" },
  { kind: "deaf", addresses: 20, says: "asking, never reading" },
  { kind: "churn", addresses: 1, says: "connect and reset, one address" },
  { kind: "churn", addresses: 16, says: "connect and reset, 16 addresses" },
];
/** So many at once keep one core of load busy. */
const CHURN_COUNT = 256;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function buildHostile(): string {
  const binary = join(mkdtempSync(join(tmpdir(), "muster-hostile-")), "hostile");
  const built = Bun.spawnSync(["cc", "-O2", "-o", binary, join(import.meta.dir, "hostile.c")]);
  if (built.exitCode !== 0) throw new Error(built.stderr.toString());
  return binary;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

type Side = { readonly latenciesMs: number[]; failed: number; failure: unknown };

/** Whole exchanges, one after the other, until `goesOn` says no. */
async function activateMeanwhile(endpoint: Endpoint, goesOn: () => boolean): Promise<Side> {
  const side: Side = { latenciesMs: [], failed: 0, failure: undefined };
  const client = async (): Promise<void> => {
    while (goesOn()) {
      const begin = performance.now();
      try {
        const { hresult } = await ask(endpoint, newRequest());
        if (hresult !== 0) throw new Error(`HRESULT ${hresult.toString(16)}`);
        side.latenciesMs.push(performance.now() - begin);
      } catch (error) {
        side.failed += 1;
        side.failure = error;
      }
      await Bun.sleep(2);
    }
  };
  await Promise.all(Array.from({ length: SIDE_CLIENTS }, client));
  return side;
}

function percentile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1);
}

type Figures = { readonly accepted: number; readonly reasons: string };

/** Why connections were refused and ended, as /metrics has it. */
async function readFigures(appliance: Appliance): Promise<Map<string, number>> {
  const text = await (await fetch(`http://${appliance.http}/metrics`)).text();
  const pattern = /^muster_rpc_connections_(\w+?)(?:_total)?(?:\{reason="(\w+)"\})? (\d+)$/gm;
  return new Map(
    [...text.matchAll(pattern)].map(([, name, reason, value]) => [
      reason === undefined ? `${name}` : `${name} ${reason}`,
      Number(value),
    ]),
  );
}

function difference(before: Map<string, number>, after: Map<string, number>): Figures {
  const grown = [...after]
    .map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const)
    .filter(([, value]) => value > 0);
  const reasons = grown.filter(([name]) => name.includes(" "));
  return {
    accepted: new Map(grown).get("accepted") ?? 0,
    reasons: reasons.map(([name, value]) => `${name} ${value}`).join(", "),
  };
}

/** Waits until the peers' descriptors are back; how many are open then. */
async function settle(pid: number, before: number): Promise<number> {
  const deadline = performance.now() + SETTLE_MS_MAXIMUM;
  while (descriptors(pid) > before && performance.now() < deadline) await Bun.sleep(LOOK_EVERY_MS);
  return descriptors(pid);
}

async function run(binary: string, appliance: Appliance, attack: Attack): Promise<void> {
  const { pid } = appliance;
  const endpoint = parseEndpoint(appliance.rpc);
  if (endpoint === undefined) throw new Error(appliance.rpc);
  const before = { memory: residentMebibytes(pid), descriptors: descriptors(pid) };
  const [figures, cpu] = [await readFigures(appliance), cpuSeconds(pid)];
  const count = attack.kind === "churn" ? CHURN_COUNT : COUNT;
  const command = ["taskset", "-c", `${LOAD_CORE}`, binary, attack.kind, "127.0.0.1"];
  const parameters = [`${portOf(appliance.rpc)}`, `${count}`, `${attack.addresses}`, `${SECONDS}`];
  const child = Bun.spawn([...command, ...parameters], { stdout: "pipe", stderr: "inherit" });
  const peak = { memory: 0, descriptors: 0 };
  const watch = setInterval(() => {
    peak.memory = Math.max(peak.memory, residentMebibytes(pid));
    peak.descriptors = Math.max(peak.descriptors, descriptors(pid));
  }, LOOK_EVERY_MS);
  let attacked = true;
  const [side, , report] = await Promise.all([
    activateMeanwhile(endpoint, () => attacked),
    child.exited.then(() => {
      attacked = false;
    }),
    new Response(child.stdout).text(),
  ]);
  clearInterval(watch);
  const cpuShare = ((cpuSeconds(pid) - cpu) / SECONDS) * 100;
  const open = await settle(pid, before.descriptors);
  const { latenciesMs, failed, failure } = side;
  const grown = difference(figures, await readFigures(appliance));
  const memory = [before.memory, peak.memory, residentMebibytes(pid)].map((mib) => mib.toFixed(0));
  say(`${attack.says}: ${report.trim()}`);
  say(
    `  others: ${latenciesMs.length} served, ${failed} failed, p50 ${percentile(latenciesMs, 0.5)} ms, ` +
      `p99 ${percentile(latenciesMs, 0.99)} ms, longest ${percentile(latenciesMs, 0.99999)} ms`,
  );
  if (failure !== undefined) say(`  last failure: ${failure}`);
  say(`  memory: ${memory.join(" / ")} MiB before / peak / after; CPU ${cpuShare.toFixed(0)} %`);
  say(`  descriptors: ${before.descriptors} / ${peak.descriptors} / ${open}`);
  say(`  accepted ${grown.accepted}; ${grown.reasons}`);
}

const binary = buildHostile();
const appliance = await startAppliance({
  core: SERVER_CORE,
  connectionsPerAddress: DEFAULT_RPC_LIMITS.connectionsPerAddress,
});
try {
  const endpoint = parseEndpoint(appliance.rpc);
  if (endpoint === undefined) throw new Error(appliance.rpc);
  const end = performance.now() + 2000;
  const { latenciesMs } = await activateMeanwhile(endpoint, () => performance.now() < end);
  say(
    `undisturbed: p50 ${median(latenciesMs).toFixed(1)} ms, p99 ${percentile(latenciesMs, 0.99)} ms`,
  );
  const attacks = ATTACKS.filter(({ kind }) => ONLY === undefined || kind === ONLY);
  for (const attack of attacks) await run(binary, appliance, attack);
} finally {
  await appliance.stop();
}
