/** File descriptors: how many this process may have open. */
import { readFileSync } from "node:fs";

/**
 * The limit in force, `ulimit -n`; undefined where the system does not say (it does on Linux). Bun
 * has raised it as far as the system allows by the time any of our code runs.
 */
export function descriptorLimit(): number | undefined {
  try {
    return parseDescriptorLimit(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return undefined;
  }
}

/** Reads the soft limit from the text of proc_pid_limits(5). */
export function parseDescriptorLimit(text: string): number | undefined {
  const match = /^Max open files\s+(\d+|unlimited)\s/m.exec(text);
  return match?.[1] === undefined || match[1] === "unlimited" ? undefined : Number(match[1]);
}
