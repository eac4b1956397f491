/** Runs commands in this process, in a world of the test's own. */
import { EventEmitter } from "node:events";
import type { Appliance } from "../../src/appliance.ts";
import type { CliContext, Output } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/run.ts";
import { stopLog } from "../../src/platform/log.ts";

export type CommandResult = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type CommandWorld = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  readonly signals?: EventEmitter;
  readonly fetch?: CliContext["fetch"];
  readonly startAppliance?: CliContext["startAppliance"];
  /** Called with everything written to standard output so far. */
  readonly onOutput?: (stdout: string) => void;
};

/** An appliance that listens nowhere. */
export const IDLE_APPLIANCE: Appliance = {
  listening: { rpc: [], dns: [], http: [] },
  notices: [],
  isHealthy: async () => true,
  reload: async () => {},
  stop: async () => {},
};

export async function runCommand(
  parameters: readonly string[],
  world: CommandWorld = {},
): Promise<CommandResult> {
  const texts = { stdout: "", stderr: "" };
  const output = (name: keyof typeof texts): Output => ({
    write: (text) => {
      texts[name] += text;
      if (name === "stdout") world.onOutput?.(texts.stdout);
    },
    isTerminal: world.isTerminal === true,
    getColorDepth: () => 1,
  });
  const context: CliContext = {
    process: {
      stdout: output("stdout"),
      stderr: output("stderr"),
      env: world.environment ?? {},
    },
    programName: "muster",
    hostName: "box",
    baseDirectory: "/nonexistent",
    signals: world.signals ?? new EventEmitter(),
    exitAtOnce: (signal) => {
      throw new Error(`at once: ${signal}`);
    },
    fetch: world.fetch ?? (() => Promise.reject(new Error("no network"))),
    startAppliance: world.startAppliance ?? (async () => IDLE_APPLIANCE),
  };
  const exitCode = await runCli(context, parameters);
  stopLog();
  return { exitCode, ...texts };
}
