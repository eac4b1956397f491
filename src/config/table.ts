import type { KeyPath } from "./outline.ts";

/** A TOML table before the schema has seen it. */
export type Table = Record<string, unknown>;

export function isTable(value: unknown): value is Table {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}

/** What stands at a path; undefined where nothing does. */
export function valueAt(input: unknown, path: KeyPath): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
