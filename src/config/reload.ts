/** What a running appliance takes from its file again, and what has to wait for a restart. */
import type { Configuration } from "./configuration.ts";

/** Keys of `dns` that hold at once when the file is read again; the template says so too. */
export const RELOADED_DNS_KEYS = [
  "publish",
  "zones",
  "addresses",
  "priority",
  "weight",
  "ttl",
  "reverse",
  "records",
  "zoneFiles",
  "otherHosts",
  "publishTo",
  "rogueCheck",
] as const satisfies readonly (keyof Configuration["dns"])[];

/** Their names in the file. */
const FILE_NAMES: Readonly<Record<string, string>> = { keys: "key", products: "product" };

/** The keys that differ and only hold after a restart, as the file names them. */
export function keysForRestart(before: Configuration, after: Configuration): readonly string[] {
  const reloaded = new Set<string>(RELOADED_DNS_KEYS.map((key) => `dns.${key}`));
  return changedKeys(before, after)
    .filter((key) => !reloaded.has(key))
    .map(fileName);
}

/** Of two levels: `rpc.listen`, `dns.limits`; a list counts as one. */
function changedKeys(before: Configuration, after: Configuration): readonly string[] {
  return Object.entries(before).flatMap(([section, old]) => {
    const now = after[section as keyof Configuration];
    if (Array.isArray(old)) return isSame(old, now) ? [] : [section];
    const values = now as Readonly<Record<string, unknown>>;
    const keys = new Set([...Object.keys(old), ...Object.keys(values)]);
    return [...keys]
      .filter((key) => !isSame((old as typeof values)[key], values[key]))
      .map((key) => `${section}.${key}`);
  });
}

function isSame(first: unknown, second: unknown): boolean {
  return JSON.stringify(first) === JSON.stringify(second);
}

function fileName(key: string): string {
  return key
    .split(".")
    .map(
      (part) => FILE_NAMES[part] ?? part.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    )
    .join(".");
}
