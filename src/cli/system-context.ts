/** The real world, for commands. */
import { hostname } from "node:os";
import { basename, dirname, relative } from "node:path";
import type { WriteStream } from "node:tty";
import { buildInfo } from "../platform/build-info.ts";
import type { CliContext, Output } from "./context.ts";

/** 128 and the signal's number, as shells report it. */
const SIGNAL_EXIT_CODES: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

export function systemContext(): CliContext {
  // The executable's folder is where a stick's data is; from source there is no such place.
  const baseDirectory = buildInfo.compiled ? dirname(process.execPath) : process.cwd();
  return {
    process: {
      stdout: streamOutput(process.stdout),
      stderr: streamOutput(process.stderr),
      env: process.env,
    },
    programName: programName(),
    hostName: hostname(),
    baseDirectory,
    signals: process,
    exitAtOnce: (signal) => process.exit(SIGNAL_EXIT_CODES[signal] ?? 1),
    fetch: (url, options) => fetch(url, options),
    // Only when it is wanted: most commands answer without the database and the web service.
    startAppliance: async (configuration, readConfiguration) => {
      const { startAppliance } = await import("../appliance.ts");
      return startAppliance(configuration, readConfiguration);
    },
  };
}

/** `muster` where the shell finds it, a path that can be pasted otherwise. */
function programName(): string {
  if (!buildInfo.compiled) return "muster";
  const name = basename(process.execPath);
  if (Bun.which(name) === process.execPath) return name;
  const path = relative(process.cwd(), process.execPath);
  if (path.startsWith("..")) return process.execPath;
  return path.includes("/") ? path : `./${path}`;
}

function streamOutput(stream: NodeJS.WriteStream): Output {
  const isTerminal = stream.isTTY === true;
  const { NO_COLOR, TERM } = process.env;
  const plain = !isTerminal || (NO_COLOR !== undefined && NO_COLOR !== "") || TERM === "dumb";
  // `head` may go away before we are done: nobody is left to tell.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    getColorDepth: () => (plain ? 1 : (stream as WriteStream).getColorDepth()),
  };
}
