/** Values from the environment and from `--set KEY=VALUE`: text that takes the kind of its key. */
import { nearest } from "../platform/nearest.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import { formatPath, type KeyDefinition, keyDefinitions, type SchemaNode } from "./outline.ts";
import type { ConfigurationProblem, Origin } from "./problem.ts";
import { isTable, type Table } from "./table.ts";

const VARIABLE_PREFIX = "MUSTER_";

/** Variables with our prefix that are no keys of the file. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set(["MUSTER_CONFIG", "MUSTER_CLIENT_STATE"]);

export type Override = {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: Origin;
};

export type Overrides = {
  readonly values: readonly Override[];
  readonly problems: readonly ConfigurationProblem[];
};

/** `rpc.listen` is `MUSTER_RPC_LISTEN`. */
export function variableName(path: readonly string[]): string {
  return VARIABLE_PREFIX + path.join("_").toUpperCase();
}

const byVariable: ReadonlyMap<string, KeyDefinition> = new Map(
  keyDefinitions.map((definition) => [variableName(definition.path), definition]),
);
const byKey: ReadonlyMap<string, KeyDefinition> = new Map(
  keyDefinitions.map((definition) => [formatPath(definition.path), definition]),
);

/**
 * Reads every `MUSTER_` variable; what is none of ours is a warning, for it may be another
 * program's.
 */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Overrides {
  const values: Override[] = [];
  const problems: ConfigurationProblem[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(VARIABLE_PREFIX) || text === undefined) continue;
    if (OTHER_VARIABLES.has(variable)) continue;
    const origin: Origin = { kind: "environment", variable };
    const definition = byVariable.get(variable);
    if (definition === undefined) {
      const meant = nearest(variable, byVariable.keys());
      const hint = meant === undefined ? undefined : `did you mean ${meant}?`;
      problems.push({
        severity: "warning",
        path: [],
        origin,
        what: "no key has this variable, it is not used",
        hint,
      });
      continue;
    }
    values.push({ path: definition.path, value: readValue(text, definition.node), origin });
  }
  return { values, problems };
}

/** Reads `KEY=VALUE` settings; a later one of the same key wins. */
export function readSettings(settings: readonly string[]): Overrides {
  const values: Override[] = [];
  const problems: ConfigurationProblem[] = [];
  const origin: Origin = { kind: "flag" };
  for (const setting of settings) {
    const read = readSetting(setting);
    if (read.ok) {
      values.push({ ...read.value, origin });
    } else {
      problems.push({ severity: "error", path: [], origin, ...read.error });
    }
  }
  return { values, problems };
}

function readSetting(
  setting: string,
): Result<Omit<Override, "origin">, { what: string; hint: string | undefined }> {
  const separator = setting.indexOf("=");
  if (separator < 1) {
    return fail({ what: `"${setting}" is no setting`, hint: "write KEY=VALUE" });
  }
  const key = setting.slice(0, separator).trim();
  const definition = byKey.get(key);
  if (definition === undefined) {
    const meant = nearest(key, byKey.keys());
    const hint =
      meant === undefined ? "muster check --explain lists all" : `did you mean ${meant}?`;
    return fail({ what: `unknown key "${key}"`, hint });
  }
  return ok({
    path: definition.path,
    value: readValue(setting.slice(separator + 1), definition.node),
  });
}

/** Text that does not fit its kind stays text: the schema then says what was expected. */
function readValue(text: string, node: SchemaNode): unknown {
  const trimmed = text.trim();
  switch (node.type) {
    case "boolean":
      return trimmed === "true" ? true : trimmed === "false" ? false : text;
    case "integer":
    case "number":
      return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : text;
    case "array": {
      const { items } = node;
      if (trimmed === "" || items === undefined) return [];
      return trimmed.split(",").map((part) => readValue(part.trim(), items));
    }
    default:
      return text;
  }
}

/** Copies the tables on the way, so that the file's own values stay what they were. */
export function applyOverrides(file: Table, overrides: readonly Override[]): Table {
  const input = structuredCopy(file);
  for (const { path, value } of overrides) {
    const key = path.at(-1);
    const table = openTable(input, path.slice(0, -1));
    if (key !== undefined && table !== undefined) table[key] = value;
  }
  return input;
}

/**
 * The table at a path, made where it is missing; undefined where something else is in its place.
 */
function openTable(input: Table, path: readonly string[]): Table | undefined {
  let table = input;
  for (const step of path) {
    const child = Object.hasOwn(table, step) ? table[step] : {};
    if (!isTable(child)) return undefined;
    table[step] = child;
    table = child;
  }
  return table;
}

function structuredCopy(table: Table): Table {
  return Object.fromEntries(
    Object.entries(table).map(([key, value]) => [
      key,
      isTable(value) ? structuredCopy(value) : value,
    ]),
  );
}
