/**
 * What the benchmarks share: processes pinned to a core, and the kernel's own account of them.
 * Linux only.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dir, "../..");
export const EXECUTABLE = join(ROOT, "dist/muster");
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const CLOCK_TICKS_PER_SECOND = 100;

/** User and system time of a process and its threads, in seconds. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

/** Resident memory of a process, in mebibytes. */
export function residentMebibytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1] ?? Number.NaN) / 1024;
}

export type Appliance = {
  readonly pid: number;
  readonly directory: string;
  readonly rpc: string;
  readonly dns: string;
  readonly http: string;
  readonly readyMs: number;
  /** SIGTERM, or the signal given; resolves when the process is gone. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
};

type Ready = { rpc: string[]; dns: string[]; http: string[]; pid: number };

export type ApplianceOptions = {
  /**
   * Where configuration and data live; a new temporary folder where absent. Never removed by
   * stop().
   */
  readonly directory?: string;
  readonly extraToml?: string;
  /** All load comes from this machine: 8000 where absent. */
  readonly connectionsPerAddress?: number;
  readonly core?: number;
};

/** Starts the compiled executable on free loopback ports and waits for its ready file. */
export async function startAppliance(options: ApplianceOptions = {}): Promise<Appliance> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "muster-bench-"));
  const config = join(directory, "appliance.toml");
  const readyFile = join(directory, "ready.json");
  rmSync(readyFile, { force: true });
  writeFileSync(config, applianceToml(directory, options));
  const pin = options.core === undefined ? [] : ["taskset", "-c", String(options.core)];
  const begin = performance.now();
  const child = Bun.spawn(
    [...pin, EXECUTABLE, "serve", "--config", config, "--ready-file", readyFile],
    { stdin: "ignore", stdout: "ignore", stderr: Bun.file(join(directory, "log")) },
  );
  while (!existsSync(readyFile)) {
    if (child.exitCode !== null) throw new Error(readFileSync(join(directory, "log"), "utf8"));
    await Bun.sleep(1);
  }
  const readyMs = performance.now() - begin;
  const ready = JSON.parse(readFileSync(readyFile, "utf8")) as Ready;
  return {
    pid: ready.pid,
    directory,
    rpc: ready.rpc[0] ?? "",
    dns: ready.dns[0] ?? "",
    http: ready.http[0] ?? "",
    readyMs,
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      await child.exited;
    },
  };
}

function applianceToml(directory: string, options: ApplianceOptions): string {
  return `[appliance]
name = "bench"
data_directory = ${JSON.stringify(join(directory, "data"))}
[rpc]
listen = ["127.0.0.1:0"]
[rpc.limits]
connections_per_address = ${options.connectionsPerAddress ?? 8000}
[dns]
listen = ["127.0.0.1:0"]
zones = ["lab.test"]
host = "box.lab.test"
addresses = ["127.0.0.1"]
[http]
listen = ["127.0.0.1:0"]
${options.extraToml ?? ""}
`;
}

export function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
