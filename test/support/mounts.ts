/**
 * A medium of the test's own under the appliance's data folder, in a mount namespace that nobody
 * else sees. Linux, and an account that may make one; elsewhere such tests are skipped and say so.
 */
import { test } from "bun:test";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { RunningAppliance } from "./executable.ts";

/** Root needs no user namespace; others get one in which they are root. */
const UNSHARE = [
  "unshare",
  "--mount",
  ...(process.getuid?.() === 0 ? [] : ["--map-root-user"]),
] as const;

function mayMount(): boolean {
  const [command, ...flags] = UNSHARE;
  return spawnSync(command, [...flags, "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
}

/** A test that needs a medium; skipped, with words, where none can be mounted. */
export function mediumTest(
  title: string,
  run: () => Promise<void>,
  timeoutMilliseconds = 40_000,
): void {
  if (mayMount()) test(title, run, timeoutMilliseconds);
  else test.skip(`${title} (this account may not mount)`, () => {});
}

/** Runs the appliance on a medium of so many kibibytes in its data folder. */
export function onSmallMedium(kibibytes: number): readonly string[] {
  return inNamespace(`mkdir -p data && mount -t tmpfs -o size=${kibibytes}k none data`);
}

/** Runs the appliance on its data folder as it is, which nobody can write. */
export function onReadOnlyMedium(): readonly string[] {
  return inNamespace("mount --bind data data && mount -o remount,bind,ro data");
}

/** The command that follows takes the shell's place: its process id and signals are its own. */
function inNamespace(mounting: string): readonly string[] {
  return [...UNSHARE, "sh", "-c", `${mounting} && exec "$0" "$@"`];
}

/** The data folder as the appliance sees it. */
export function mediumPath({ processId, directory }: RunningAppliance, name = ""): string {
  return join(`/proc/${processId}/root`, directory, "data", name);
}

/** Makes a medium of {@link onReadOnlyMedium} writable again. */
export function makeWritable({ processId, directory }: RunningAppliance): void {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
  const [command = "", ...parameters] = [
    ...["nsenter", "--target", `${processId}`, "--mount", ...user],
    ...["mount", "-o", "remount,bind,rw", join(directory, "data")],
  ];
  const { status, stderr } = spawnSync(command, parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}
