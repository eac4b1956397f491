/**
 * From text, environment and flags to a checked configuration: flags win over the environment, the
 * environment over the file, the file over the defaults. Every mistake is found in one pass.
 */
import { parse, TomlError } from "smol-toml";
import { fail, ok, type Result } from "../platform/result.ts";
import { type Configuration, deriveConfiguration, type Surroundings } from "./configuration.ts";
import { placeFinder } from "./locate.ts";
import { formatPath, type KeyPath, keyDefinitions, nodeAt, tableLists } from "./outline.ts";
import { applyOverrides, type Override, readEnvironment, readSettings } from "./overrides.ts";
import { type ConfigurationProblem, comparePlaces, type Finding, type Origin } from "./problem.ts";
import { prune } from "./prune.ts";
import { checkRules } from "./rules.ts";
import { configurationSchema, type ParsedConfiguration } from "./schema.ts";
import { type Table, valueAt } from "./table.ts";
import { describeIssue } from "./wording.ts";

/** Stands for a secret wherever configuration is shown. */
const HIDDEN = "(hidden)";

/** Deeper nesting than any key of ours has. */
const DEPTH_MAXIMUM = 16;

export type ConfigurationSources = Surroundings & {
  /** Text of the TOML file; undefined where there is none. */
  readonly text: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `KEY=VALUE`, from the command line. */
  readonly settings: readonly string[];
};

export type ExplainedKey = {
  readonly key: string;
  /** As a person would write it; undefined where nothing is set and the machine decides. */
  readonly value: unknown;
  readonly origin: Origin;
};

export type LoadedConfiguration = {
  readonly configuration: Configuration;
  readonly warnings: readonly ConfigurationProblem[];
  /** Every key with its value and where that came from, in the order of the schema. */
  readonly explain: () => readonly ExplainedKey[];
  /** Where the value of a key came from, for mistakes that only show later. */
  readonly originOf: (path: KeyPath) => Origin;
};

export function loadConfiguration(
  sources: ConfigurationSources,
): Result<LoadedConfiguration, readonly ConfigurationProblem[]> {
  const file = readText(sources.text ?? "");
  if (!file.ok) return fail([file.error]);
  const environment = readEnvironment(sources.environment);
  const settings = readSettings(sources.settings);
  const overrides = [...environment.values, ...settings.values];
  const input = applyOverrides(file.value, overrides);

  const { parsed, findings } = check(input);
  const locate = originFinder(sources.text ?? "", file.value, overrides);
  const problems = [
    ...findings.map((finding) => ({ ...finding, origin: locate(finding.path) })),
    ...environment.problems,
    ...settings.problems,
  ].sort((left, right) => comparePlaces(left.origin, right.origin));
  if (parsed === undefined || problems.some(({ severity }) => severity === "error")) {
    return fail(problems);
  }
  return ok({
    configuration: deriveConfiguration(parsed, sources),
    warnings: problems,
    explain: () => explain(input, locate),
    originOf: locate,
  });
}

function readText(text: string): Result<Table, ConfigurationProblem> {
  try {
    return ok(parse(text, { maxDepth: DEPTH_MAXIMUM }));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return fail({
      severity: "error",
      path: [],
      origin: { kind: "file", line: error.line, column: error.column },
      what: syntaxMessage(error),
      hint: undefined,
    });
  }
}

/** The first line; the rest of smol-toml's message is the block of code. */
function syntaxMessage({ message }: TomlError): string {
  const [first = message] = message.split("\n");
  return first.replace(/^Invalid TOML document: /, "not valid TOML: ");
}

type Checked = {
  readonly parsed: ParsedConfiguration | undefined;
  readonly findings: readonly Finding[];
};

/**
 * The rules between keys need a whole configuration. Where some keys are broken, they are taken out
 * and the rules look at the rest; what they then say about a key that was taken out is dropped.
 */
function check(input: Table): Checked {
  const first = configurationSchema.safeParse(input);
  if (first.success) return { parsed: first.data, findings: checkRules(first.data) };
  const { issues } = first.error;
  const findings = issues.flatMap((issue) => describeIssue(issue, input));
  const pruned = prune(
    input,
    findings.map(({ path }) => path),
  );
  const second = configurationSchema.safeParse(pruned.input);
  if (!second.success) return { parsed: undefined, findings };
  const broken = new Set(findings.map(({ path }) => formatPath(path)));
  const more = checkRules(second.data)
    .map((finding) => ({ ...finding, path: pruned.originalPath(finding.path) }))
    .filter(({ path, restsOn = [] }) => ![path, ...restsOn].some((key) => touches(key, broken)));
  return { parsed: undefined, findings: [...findings, ...more] };
}

/** Whether the key, something around it or something within it is broken. */
function touches(path: KeyPath, broken: ReadonlySet<string>): boolean {
  if (path.some((_, index) => broken.has(formatPath(path.slice(0, index + 1))))) return true;
  const list = `${formatPath(path)}[`;
  return [...broken].some((key) => key.startsWith(list));
}

/**
 * Where the value of a key came from; the file is only read for places once a place is asked for.
 */
function originFinder(
  text: string,
  file: Table,
  overrides: readonly Override[],
): (path: KeyPath) => Origin {
  const overridden = new Map(overrides.map(({ path, origin }) => [formatPath(path), origin]));
  let findPlace: ReturnType<typeof placeFinder> | undefined;
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const origin = overridden.get(formatPath(path.slice(0, length)));
      if (origin !== undefined) return origin;
    }
    const section = path[0];
    if (section === undefined || valueAt(file, [section]) === undefined) return { kind: "default" };
    findPlace ??= placeFinder(text);
    return { kind: "file", ...findPlace(path) };
  };
}

function explain(input: Table, locate: (path: KeyPath) => Origin): readonly ExplainedKey[] {
  const keys: ExplainedKey[] = keyDefinitions.map(({ path, node }) => {
    const given = valueAt(input, path);
    const value = given !== undefined && node.secret === true ? HIDDEN : given;
    const key = formatPath(path);
    if (value === undefined) return { key, value: node.default, origin: { kind: "default" } };
    return { key, value, origin: locate(path) };
  });
  for (const listPath of tableLists) {
    const list = valueAt(input, listPath);
    for (const [index, table] of Array.isArray(list) ? list.entries() : []) {
      for (const [key, given] of Object.entries(table)) {
        const path = [...listPath, index, key];
        const value = nodeAt(path)?.secret === true ? HIDDEN : given;
        keys.push({ key: formatPath(path), value, origin: locate(path) });
      }
    }
  }
  return keys;
}
