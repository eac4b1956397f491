/** The compiled executable, for tests that drive it from outside. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Endpoint, parseEndpoint } from "../../src/platform/endpoint.ts";

const ROOT = join(import.meta.dir, "..", "..");
/** Far beyond any start; a test that comes here has failed. */
const START_MILLISECONDS_MAXIMUM = 20_000;

let built: string | undefined;

/** Path of dist/muster, built from what is in the work tree now; once per test run. */
export function executable(): string {
  if (built !== undefined) return built;
  const result = spawnSync(process.execPath, ["scripts/build.mjs"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (result.status !== 0) throw new Error(`${result.stdout}${result.stderr}`);
  built = join(ROOT, result.stdout.trim());
  return built;
}

export type Finished = {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly directory?: string;
  /** Besides a bare environment: nothing of the caller's own MUSTER_ variables leaks in. */
  readonly environment?: Readonly<Record<string, string>>;
};

/** Runs a command of the executable to its end. */
export function runExecutable(parameters: readonly string[], options: RunOptions = {}): Finished {
  const { status, stdout, stderr } = spawnSync(executable(), parameters, {
    cwd: options.directory ?? tmpdir(),
    env: bareEnvironment(options),
    encoding: "utf8",
    timeout: START_MILLISECONDS_MAXIMUM,
  });
  return { exitCode: status, stdout, stderr };
}

function bareEnvironment({ environment = {} }: RunOptions): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", TZ: "UTC", ...environment };
}

export type RunningAppliance = {
  readonly processId: number;
  /** Holds `appliance.toml`, the data, and what the test puts there. */
  readonly directory: string;
  readonly listening: {
    readonly rpc: readonly Endpoint[];
    readonly dns: readonly Endpoint[];
    readonly http: readonly Endpoint[];
  };
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves with the exit code, null after a signal. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, then its end; the folder goes where it was ours. */
  readonly stop: () => Promise<number | null>;
};

export type StartOptions = RunOptions & {
  /** TOML; by default every listener takes a free port of 127.0.0.1. */
  readonly configuration?: string;
  readonly parameters?: readonly string[];
  /** A command that runs the one that follows it in its own place, such as `unshare --mount`. */
  readonly wrapper?: readonly string[];
};

const LOOPBACK_CONFIGURATION = ["rpc", "dns", "http"]
  .map((section) => `[${section}]\nlisten = ["127.0.0.1:0"]\n`)
  .join("");

/** Where there is such a tool: what a failed test could not stop ends with the run. */
const LEASH = Bun.which("setpriv") === null ? [] : ["setpriv", "--pdeathsig", "KILL"];

/** Starts `muster serve` and waits until every listener is open. */
export async function startExecutable(options: StartOptions = {}): Promise<RunningAppliance> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "muster-e2e-"));
  const readyFile = join(directory, "ready.json");
  rmSync(readyFile, { force: true });
  writeFileSync(join(directory, "appliance.toml"), options.configuration ?? LOOPBACK_CONFIGURATION);
  const [command = "", ...parameters] = [
    ...LEASH,
    ...(options.wrapper ?? []),
    executable(),
    ...["serve", "--config", "appliance.toml", "--ready-file", readyFile],
    ...(options.parameters ?? []),
  ];
  const child = spawn(command, parameters, {
    cwd: directory,
    env: bareEnvironment(options),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collect(child);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const { processId, listening } = await waitUntilReady(child, readyFile, ended, output.stderr);
  return {
    processId,
    directory,
    listening,
    ...output,
    ended,
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill("SIGTERM");
      const exitCode = await ended;
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
      return exitCode;
    },
  };
}

function collect(child: ChildProcess): Pick<RunningAppliance, "stdout" | "stderr"> {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  return { stdout: () => texts.stdout, stderr: () => texts.stderr };
}

/** The ready file appears as a whole: seeing it is enough. */
async function waitUntilReady(
  child: ChildProcess,
  readyFile: string,
  ended: Promise<number | null>,
  stderr: () => string,
): Promise<Pick<RunningAppliance, "processId" | "listening">> {
  const appeared = Promise.withResolvers<void>();
  const look = (): void => {
    if (existsSync(readyFile)) appeared.resolve();
  };
  const watcher = watch(join(readyFile, ".."), look);
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    appeared.reject(new Error(`not ready in time:\n${stderr()}`));
  }, START_MILLISECONDS_MAXIMUM);
  const died = ended.then((code) => {
    throw new Error(`ended with ${code} before it was ready:\n${stderr()}`);
  });
  try {
    look();
    await Promise.race([appeared.promise, died]);
  } finally {
    watcher.close();
    clearTimeout(timer);
    // A later end is the test's to look at.
    died.catch(() => {});
  }
  const { pid, rpc, dns, http } = JSON.parse(readFileSync(readyFile, "utf8"));
  const listening = { rpc: endpoints(rpc), dns: endpoints(dns), http: endpoints(http) };
  return { processId: pid, listening };
}

function endpoints(texts: readonly string[]): readonly Endpoint[] {
  return texts.map((text) => {
    const endpoint = parseEndpoint(text);
    if (endpoint === undefined) throw new Error(`the ready file names no endpoint: ${text}`);
    return endpoint;
  });
}
