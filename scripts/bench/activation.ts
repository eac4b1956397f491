/**
 * Activation throughput, paired with a bare Bun server in the same run:
 * `bun scripts/bench/activation.ts [ROUNDS] [CONNECTIONS]`.
 *
 * Server on one core, load on the other; rounds alternate, so that a drift of the machine meets
 * both. Cold: new connection, bind, one signed durable reply, close. Kept: calls on connections
 * that stay open. Needs cc and taskset.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import {
  cpuSeconds,
  LOAD_CORE,
  median,
  portOf,
  residentMebibytes,
  SERVER_CORE,
  startAppliance,
} from "./processes.ts";

const COLD_COUNT = 90_000;
const KEPT_COUNT = 200_000;
const CONNECTIONS = Number(process.argv[3] ?? 64);

type Server = { readonly name: string; readonly port: number; readonly pid: number };
type Figures = { perSecond: number; cpuMicroseconds: number; p50Us: number; p99Us: number };
type LoadReport = {
  count: number;
  failed: number;
  perSecond: number;
  p50Us: number;
  p99Us: number;
};

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function buildLoad(): string {
  const binary = join(mkdtempSync(join(tmpdir(), "muster-load-")), "load");
  const built = Bun.spawnSync(["cc", "-O2", "-o", binary, join(import.meta.dir, "load.c")]);
  if (built.exitCode !== 0) throw new Error(built.stderr.toString());
  return binary;
}

async function startBare(): Promise<{ server: Server; stop: () => void }> {
  const script = join(import.meta.dir, "bare.ts");
  const child = Bun.spawn(["taskset", "-c", `${SERVER_CORE}`, process.execPath, script], {
    stdout: "pipe",
  });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  return { server: { name: "bare", port, pid: child.pid }, stop: () => child.kill() };
}

let seed = Date.now() % 1_000_000;

function run(load: string, mode: "cold" | "kept", server: Server): Figures {
  const count = mode === "cold" ? COLD_COUNT : KEPT_COUNT;
  const product = DEFAULT_CATALOGUE.find((entry) => entry.kind === "client");
  if (product === undefined) throw new Error("the default catalogue has no client product");
  seed += 1;
  const before = cpuSeconds(server.pid);
  const command = ["taskset", "-c", `${LOAD_CORE}`, load, mode, "127.0.0.1", `${server.port}`];
  const parameters = [`${CONNECTIONS}`, `${count}`, `${seed}`];
  const ids = [product.applicationId, product.activationId];
  const child = Bun.spawnSync([...command, ...parameters, ...ids]);
  const text = child.stdout.toString();
  if (text === "") throw new Error(child.stderr.toString());
  const report = JSON.parse(text) as LoadReport;
  if (report.failed > 0) throw new Error(`${server.name}: ${report.failed} calls failed`);
  const cpuMicroseconds = ((cpuSeconds(server.pid) - before) / count) * 1e6;
  return { perSecond: report.perSecond, cpuMicroseconds, p50Us: report.p50Us, p99Us: report.p99Us };
}

function summarise(mode: string, bare: readonly Figures[], ours: readonly Figures[]): void {
  const of = (list: readonly Figures[], key: keyof Figures) => median(list.map((f) => f[key]));
  for (const [name, list] of [
    ["bare", bare],
    ["muster", ours],
  ] as const) {
    say(
      `${mode.padEnd(5)} ${name.padEnd(7)} ${of(list, "perSecond").toFixed(0).padStart(8)}/s ` +
        `${of(list, "cpuMicroseconds").toFixed(1).padStart(6)} us CPU  ` +
        `p50 ${of(list, "p50Us")} us  p99 ${of(list, "p99Us")} us`,
    );
  }
  const ratios = ours.map((figures, at) => figures.perSecond / (bare[at]?.perSecond ?? 1));
  const seconds = ours.map((figures) => COLD_COUNT / figures.perSecond);
  say(`${mode} ratio ours/bare: ${ratios.map((r) => r.toFixed(3)).join(" ")}`);
  if (mode === "cold") say(`90,000 clients in ${median(seconds).toFixed(2)} s`);
}

const rounds = Number(process.argv[2] ?? 3);
const load = buildLoad();
const appliance = await startAppliance({ core: SERVER_CORE });
const bare = await startBare();
const ours: Server = { name: "muster", port: portOf(appliance.rpc), pid: appliance.pid };
try {
  for (const mode of ["cold", "kept"] as const) {
    const figures: Record<"bare" | "muster", Figures[]> = { bare: [], muster: [] };
    for (let round = 0; round < rounds; round++) {
      figures.bare.push(run(load, mode, bare.server));
      figures.muster.push(run(load, mode, ours));
    }
    summarise(mode, figures.bare, figures.muster);
  }
  say(`resident after the load: ${residentMebibytes(ours.pid).toFixed(0)} MiB`);
} finally {
  bare.stop();
  await appliance.stop();
}
