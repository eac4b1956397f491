/** The world around a compiled appliance: its file, its clients, what it says of itself. */
import { Database } from "bun:sqlite";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "smol-toml";
import type { StatusView } from "../../src/http/status-view.ts";
import { type Endpoint, formatEndpoint } from "../../src/platform/endpoint.ts";
import { executable, type Finished, type RunningAppliance } from "./executable.ts";

export const ZONE = "lab.test";

type Section = Readonly<Record<string, unknown>>;

/** A configuration on free ports of 127.0.0.1, with what `sections` say otherwise. */
export function configurationText(sections: Readonly<Record<string, Section>> = {}): string {
  const listen = ["127.0.0.1:0"];
  const base: Readonly<Record<string, Section>> = {
    appliance: { name: "box", data_directory: "data" },
    rpc: { listen },
    dns: { listen, zones: [ZONE] },
    http: { listen },
  };
  const names = new Set([...Object.keys(base), ...Object.keys(sections)]);
  return stringify(
    Object.fromEntries([...names].map((name) => [name, { ...base[name], ...sections[name] }])),
  );
}

export function only(endpoints: readonly Endpoint[]): Endpoint {
  const [endpoint] = endpoints;
  if (endpoint === undefined) throw new Error("there is no endpoint");
  return endpoint;
}

/** Runs a program beside this process, which goes on serving meanwhile. */
export function runBeside(command: string, parameters: readonly string[]): Promise<Finished> {
  const child = spawn(command, [...parameters], {
    cwd: tmpdir(),
    // Without a home: a client that is told nothing keeps nothing.
    env: { PATH: process.env["PATH"] ?? "", TZ: "UTC" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    texts.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    texts.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, ...texts }));
  });
}

/** What `muster client activate --json` promises to scripts. */
export type ClientReport = {
  readonly activated: boolean;
  readonly count: number | null;
  readonly threshold: number;
  readonly result: string;
  readonly server: string | null;
  readonly cmid: string;
  readonly activationIntervalMinutes: number;
  readonly renewalIntervalMinutes: number;
  readonly reason: string;
};

/** Runs a client process: its exit code and its one object. */
export async function runClient(
  parameters: readonly string[],
): Promise<{ readonly exitCode: number | null; readonly report: ClientReport }> {
  const finished = await runBeside(executable(), ["client", "activate", "--json", ...parameters]);
  const { exitCode, stdout, stderr } = finished;
  if (stdout === "") throw new Error(`client: ${exitCode}: ${stderr}`);
  return { exitCode, report: JSON.parse(stdout) as ClientReport };
}

export function serverFlags({ listening }: RunningAppliance): readonly string[] {
  return ["--server", formatEndpoint(only(listening.rpc))];
}

export function discoveryFlags({ listening }: RunningAppliance): readonly string[] {
  return ["--domain", ZONE, "--dns", formatEndpoint(only(listening.dns))];
}

/** Asks the HTTP service of the appliance. */
export function get(
  { listening }: RunningAppliance,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`http://${formatEndpoint(only(listening.http))}${path}`, { headers });
}

export async function getStatus(appliance: RunningAppliance): Promise<StatusView> {
  return (await (await get(appliance, "/status")).json()) as StatusView;
}

type Listing = { readonly items: readonly Record<string, unknown>[] };

export async function getItems(
  appliance: RunningAppliance,
  path: string,
): Promise<Listing["items"]> {
  return ((await (await get(appliance, path)).json()) as Listing).items;
}

export type Readiness = {
  readonly ready: boolean;
  readonly parts: readonly { readonly part: string; readonly ready: boolean; reason?: string }[];
};

export async function getReadiness(appliance: RunningAppliance): Promise<Readiness> {
  return (await (await get(appliance, "/readyz")).json()) as Readiness;
}

/** Far beyond anything that is waited for; who comes here has failed. */
const WAIT_MILLISECONDS_MAXIMUM = 20_000;
const LOOK_EVERY_MILLISECONDS = 20;

/** Looks until `found` gives something; for what the appliance tells nobody of. */
export async function waitFor<Value>(
  what: string,
  found: () => Promise<Value | undefined> | Value | undefined,
): Promise<Value> {
  const deadline = performance.now() + WAIT_MILLISECONDS_MAXIMUM;
  while (performance.now() < deadline) {
    const value = await found();
    if (value !== undefined) return value;
    await Bun.sleep(LOOK_EVERY_MILLISECONDS);
  }
  throw new Error(`${what}: not seen in time`);
}

/** Reads the appliance's database, whether or not it runs. */
export function readDatabase<Value>(directory: string, read: (database: Database) => Value): Value {
  const database = new Database(join(directory, "data", "muster.db"), { readonly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}
