import { runCli } from "./cli/run.ts";
import { systemContext } from "./cli/system-context.ts";

/** Resolves when what was written has left: an exit does not wait for a pipe. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableEnded || stream.destroyed) resolve();
    else stream.write("", () => resolve());
  });
}

const exitCode = await runCli(systemContext(), process.argv.slice(2));
await Promise.all([flush(process.stdout), flush(process.stderr)]);
process.exit(exitCode);
