/**
 * Programs of others that tests compare with. On a machine that lacks one, its tests are skipped
 * and say so; where CI is set all of them must be there.
 */
import { test } from "bun:test";
import { spawnSync } from "node:child_process";

/** Daemons live in folders that not every account has in its PATH. */
const SEARCH_PATH = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Path of the program; undefined where it is missing, an error where CI is set. */
export function peer(name: string): string | undefined {
  return demand(name, Bun.which(name, { PATH: SEARCH_PATH }) ?? undefined);
}

/** The Python that can import the module (impacket, samba); as {@link peer} otherwise. */
export function pythonPeer(module: string): string | undefined {
  // Another Python in the PATH may hide the system's own, which has the distribution's modules.
  const pythons = [Bun.which("python3", { PATH: SEARCH_PATH }), Bun.which("/usr/bin/python3")];
  const found = pythons.find(
    (python) => python !== null && spawnSync(python, ["-c", `import ${module}`]).status === 0,
  );
  return demand(`Python module ${module}`, found ?? undefined);
}

/** A shared library of a Debian package, by its path below the folder of its architecture. */
export function peerLibrary(path: string): string | undefined {
  const [found] = new Bun.Glob(`/usr/lib/*/${path}`).scanSync({ absolute: true });
  return demand(path, found);
}

function demand(what: string, found: string | undefined): string | undefined {
  if (found !== undefined) return found;
  const ci = process.env["CI"];
  if (ci !== undefined && ci !== "" && ci !== "false")
    throw new Error(`${what} is missing: see .ci/run`);
  process.stderr.write(`${what} is missing: tests that need it are skipped\n`);
  return undefined;
}

/** A test that needs programs; `run` gets their paths, in the order of `names`. */
export function peerTest(
  names: readonly string[],
  title: string,
  run: (...paths: string[]) => void | Promise<void>,
  timeoutMilliseconds = 30_000,
): void {
  const paths = names.map(peer);
  const missing = names.filter((_, index) => paths[index] === undefined);
  const found = paths.filter((path) => path !== undefined);
  if (missing.length === 0) test(title, () => run(...found), timeoutMilliseconds);
  else test.skip(`${title} (without ${missing.join(", ")})`, () => {});
}
