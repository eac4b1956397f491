/**
 * The shell: a Unix socket that only its owner reaches. The folder is 0700 and the socket 0600;
 * a socket in a folder that others may enter is not opened.
 */
import { chmodSync, lstatSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { createPrivateFolder } from "../platform/private-files.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import type { ControlActions } from "./actions.ts";
import { CONTENT_OCTETS_MAXIMUM, createControlApp } from "./app.ts";
import { socketPath } from "./socket-path.ts";

export type ControlServer = { readonly close: () => Promise<void> };

/** Fails with a sentence: the appliance runs without, and says so. */
export async function listenControl(
  path: string,
  actions: ControlActions,
  reportError: (error: Error) => void,
): Promise<Result<ControlServer, string>> {
  const short = socketPath(path, process.cwd());
  if (short === undefined) return fail(`${path} is too long for a socket`);
  try {
    await createPrivateFolder(dirname(path));
    // Its permissions are not ours to change: the operator may have named /tmp.
    if (isOpenToOthers(dirname(path))) {
      const remedy = "name appliance.control_socket in a folder of its own (mode 0700)";
      return fail(`${dirname(path)} is open to others: ${remedy}`);
    }
    const taken = await removeStale(path, short);
    if (taken !== undefined) return fail(taken);
    const app = createControlApp(actions, reportError);
    const server = Bun.serve({
      unix: short,
      maxRequestBodySize: CONTENT_OCTETS_MAXIMUM,
      development: false,
      fetch: (request, running) => {
        // A backup of a large database takes its time.
        running.timeout(request, 0);
        return app.fetch(request);
      },
    });
    chmodSync(path, 0o600);
    const close = async (): Promise<void> => {
      await server.stop(true);
      rmSync(path, { force: true });
    };
    return ok({ close });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function isOpenToOthers(folder: string): boolean {
  return process.platform !== "win32" && (statSync(folder).mode & 0o077) !== 0;
}

/** What an appliance that was killed left behind; says why where the place is taken. */
async function removeStale(path: string, short: string): Promise<string | undefined> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isSocket()) return `${path} is there already and is no socket`;
  if (await answers(short)) return `another appliance answers at ${path}`;
  rmSync(path, { force: true });
  return undefined;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const end = (isAnswering: boolean) => () => {
      socket.destroy();
      resolve(isAnswering);
    };
    socket.once("connect", end(true));
    socket.once("error", end(false));
  });
}
