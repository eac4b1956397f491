/**
 * A network of the test's own: a namespace with nothing but loopback, where port 53 and any address
 * are free. Linux, and an account that may make one; elsewhere such tests are skipped and say so.
 */
import { test } from "bun:test";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finished } from "./executable.ts";
import { peer } from "./peers.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

/** Root needs no user namespace; others get one in which they are root. */
const UNSHARE: readonly string[] = [
  "unshare",
  "--net",
  "--mount",
  // Whatever is still running ends with the script.
  ...["--pid", "--fork", "--kill-child", "--mount-proc"],
  ...(process.getuid?.() === 0 ? [] : ["--map-root-user"]),
];

function run(command: readonly string[], folder: string): Finished {
  const [program = "", ...parameters] = command;
  const { status, stdout, stderr } = spawnSync(program, parameters, {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, LC_ALL: "C" },
  });
  return { exitCode: status, stdout: stdout ?? "", stderr: stderr ?? "" };
}

/** A test that needs a network of its own, and programs; skipped, with words, where it has none. */
export function networkTest(
  programs: readonly string[],
  title: string,
  body: () => void,
  timeoutMilliseconds = 60_000,
): void {
  const missing = programs.filter((name) => peer(name) === undefined);
  const isAllowed = run([...UNSHARE, "ip", "link", "set", "lo", "up"], "/").exitCode === 0;
  if (missing.length === 0 && isAllowed) test(title, body, timeoutMilliseconds);
  else if (missing.length > 0) test.skip(`${title} (without ${missing.join(", ")})`, () => {});
  else test.skip(`${title} (this account may not make a network)`, () => {});
}

/**
 * Runs shell commands in a new network beside an appliance with this configuration. Its name is
 * `appliance.toml`, in `folder`; the commands begin when it serves.
 */
export function besideAppliance(
  folder: string,
  configuration: string,
  preparation: readonly string[],
  commands: readonly string[],
): Finished {
  writeFileSync(join(folder, "appliance.toml"), configuration);
  const script = [
    "set -e",
    "ip link set lo up",
    ...preparation,
    `"${process.execPath}" "${MAIN}" serve --config appliance.toml --ready-file ready > banner 2> log &`,
    "appliance=$!",
    'trap "kill $appliance; wait $appliance || true" EXIT',
    "while [ ! -e ready ]; do kill -0 $appliance; sleep 0.05; done",
    ...commands,
  ];
  writeFileSync(join(folder, "script.sh"), `${script.join("\n")}\n`);
  return run([...UNSHARE, "sh", "script.sh"], folder);
}
