/**
 * What RPC itself costs, apart from signing and storing: the listener with an interface that gives
 * back what it gets, paired with a bare Bun server in the same run:
 * `bun scripts/bench/rpc.ts [ROUNDS]`.
 *
 * Server on one core, load on the other; rounds alternate, so that a drift of the machine meets
 * both. Cold: new connection, bind, one call, close. Kept: calls on 64 connections that stay open.
 * Needs cc and taskset.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import { cpuSeconds, LOAD_CORE, median, SERVER_CORE } from "./processes.ts";

const COLD_COUNT = 60_000;
const KEPT_COUNT = 300_000;
const WARM_UP_COUNT = 20_000;
const CONNECTIONS = 64;
const SERVERS = ["bare", "rpc"] as const;
const MODES = ["cold", "kept"] as const;

type Mode = (typeof MODES)[number];
type Server = { readonly port: number; readonly pid: number; readonly stop: () => void };
type Figures = {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
};
type LoadReport = Omit<Figures, "cpuMicroseconds"> & { readonly failed: number };

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function buildLoad(): string {
  const binary = join(mkdtempSync(join(tmpdir(), "muster-load-")), "load");
  const built = Bun.spawnSync(["cc", "-O2", "-o", binary, join(import.meta.dir, "load.c")]);
  if (built.exitCode !== 0) throw new Error(built.stderr.toString());
  return binary;
}

/** A script that prints its port once it listens. */
async function start(name: string): Promise<Server> {
  const script = join(import.meta.dir, `${name}.ts`);
  const child = Bun.spawn(["taskset", "-c", `${SERVER_CORE}`, process.execPath, script], {
    stdout: "pipe",
  });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  return { port, pid: child.pid, stop: () => child.kill() };
}

function run(load: string, mode: Mode, server: Server, count: number, seed: number): Figures {
  const [product] = DEFAULT_CATALOGUE;
  if (product === undefined) throw new Error("the default catalogue is empty");
  const before = cpuSeconds(server.pid);
  const command = ["taskset", "-c", `${LOAD_CORE}`, load, mode, "127.0.0.1", `${server.port}`];
  const parameters = [`${CONNECTIONS}`, `${count}`, `${seed}`];
  const ids = [product.applicationId, product.activationId];
  const child = Bun.spawnSync([...command, ...parameters, ...ids]);
  const text = child.stdout.toString();
  if (text === "") throw new Error(child.stderr.toString());
  const { perSecond, p50Us, p99Us, failed } = JSON.parse(text) as LoadReport;
  if (failed > 0) throw new Error(`${failed} calls failed`);
  const cpuMicroseconds = ((cpuSeconds(server.pid) - before) / count) * 1e6;
  return { perSecond, cpuMicroseconds, p50Us, p99Us };
}

function summarise(mode: Mode, rounds: ReadonlyMap<string, readonly Figures[]>): void {
  for (const [name, list] of rounds) {
    const of = (key: keyof Figures) => median(list.map((figures) => figures[key]));
    say(
      `${mode.padEnd(5)} ${name.padEnd(5)} ${of("perSecond").toFixed(0).padStart(8)}/s ` +
        `${of("cpuMicroseconds").toFixed(1).padStart(6)} us CPU  ` +
        `p50 ${of("p50Us")} us  p99 ${of("p99Us")} us`,
    );
  }
  const [bare = [], ours = []] = [...rounds.values()];
  const ratios = ours.map(({ perSecond }, at) => perSecond / (bare[at]?.perSecond ?? Number.NaN));
  say(`${mode} ratio rpc/bare: ${ratios.map((ratio) => ratio.toFixed(3)).join(" ")}`);
}

const rounds = Number(process.argv[2] ?? 3);
const load = buildLoad();
const servers = { bare: await start("bare"), rpc: await start("rpc-server") };
try {
  for (const mode of MODES) {
    const figures = new Map<string, Figures[]>(SERVERS.map((name) => [name, []]));
    const count = mode === "cold" ? COLD_COUNT : KEPT_COUNT;
    for (const name of SERVERS) run(load, mode, servers[name], WARM_UP_COUNT, 0);
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of SERVERS) {
        figures.get(name)?.push(run(load, mode, servers[name], count, round));
      }
    }
    summarise(mode, figures);
  }
} finally {
  for (const name of SERVERS) servers[name].stop();
}
