/** What the schema found, in words a person can act on. */
import type { z } from "zod";
import { nearest } from "../platform/nearest.ts";
import { type KeyPath, nodeAt, type SchemaNode } from "./outline.ts";
import type { Finding } from "./problem.ts";
import { valueAt } from "./table.ts";

type Issue = z.core.$ZodIssue;

const KIND_NAMES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a section",
};

/** One finding for each mistake: several unknown keys of one section are several. */
export function describeIssue(issue: Issue, input: unknown): readonly Finding[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...keyPath(issue), key];
      return describeUnknownKey(path, valueAt(input, path));
    });
  }
  const path = keyPath(issue);
  const { what, hint } = wording(issue, valueAt(input, path), nodeAt(path));
  return [{ severity: "error", path, what, hint }];
}

function keyPath(issue: Issue): KeyPath {
  return issue.path.filter((step) => typeof step !== "symbol");
}

function describeUnknownKey(path: KeyPath, value: unknown): Finding {
  const key = String(path.at(-1));
  const section = nodeAt(path.slice(0, -1))?.properties ?? {};
  const meant = nearest(key, Object.keys(section));
  const elsewhere = meant === undefined ? findElsewhere(key, path) : undefined;
  const what =
    typeof value === "object" && !Array.isArray(value) ? "unknown section" : "unknown key";
  if (meant !== undefined) return error(path, what, `did you mean "${meant}"?`);
  if (elsewhere !== undefined) return error(path, what, `it belongs to [${elsewhere}]`);
  return error(path, what, `known here: ${Object.keys(section).join(", ")}`);
}

/** The section that has a key of this very name. */
function findElsewhere(key: string, path: KeyPath): string | undefined {
  const sections = Object.entries(nodeAt([])?.properties ?? {});
  return sections.find(([name, section]) => {
    return name !== path[0] && Object.hasOwn(section.properties ?? {}, key);
  })?.[0];
}

function error(path: KeyPath, what: string, hint: string | undefined): Finding {
  return { severity: "error", path, what, hint };
}

type Words = { readonly what: string; readonly hint: string | undefined };

function wording(issue: Issue, given: unknown, node: SchemaNode | undefined): Words {
  // A secret that is mistaken is a secret still.
  const value = node?.secret === true && typeof given === "string" ? "(hidden)" : given;
  switch (issue.code) {
    case "invalid_type":
      if (value === undefined) return { what: "missing", hint: exampleHint(node) };
      return {
        what: `expected ${expectation(issue.expected, node)}, found ${nameKind(value)}`,
        hint: kindHint(value, node),
      };
    case "invalid_value": {
      const allowed = issue.values.map((choice) => JSON.stringify(choice)).join(", ");
      return {
        what: `expected one of ${allowed}, found ${JSON.stringify(value)}`,
        hint: meantValue(value, issue.values.map(String)),
      };
    }
    case "too_small":
    case "too_big":
      return { what: outOfBounds(issue, value), hint: undefined };
    case "custom": {
      const hint = issue.params?.["hint"];
      return {
        what: `${issue.message}, found ${JSON.stringify(value)}`,
        hint: typeof hint === "string" ? hint : undefined,
      };
    }
    default:
      return { what: issue.message, hint: undefined };
  }
}

function expectation(expected: string, node: SchemaNode | undefined): string {
  if (node?.type === "integer") return "a whole number";
  return KIND_NAMES[expected] ?? expected;
}

function nameKind(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "string") return `text ${JSON.stringify(value)}`;
  if (typeof value === "object") return "a section";
  return String(value);
}

/** The same value, written as the key wants it. */
function kindHint(value: unknown, node: SchemaNode | undefined): string | undefined {
  if (node?.type === "array" && (typeof value === "string" || typeof value === "number")) {
    const element = node.items?.type === "string" ? JSON.stringify(String(value)) : String(value);
    return `write [${element}]`;
  }
  if (node?.type === "string" && typeof value === "number") return `write "${value}"`;
  if (node?.type === "integer" && typeof value === "string" && /^\d+$/.test(value)) {
    return `write ${value} without quotes`;
  }
  if (node?.type === "boolean" && typeof value === "string") return "without quotes";
  return exampleHint(node);
}

function exampleHint(node: SchemaNode | undefined): string | undefined {
  const example = node?.example ?? node?.default;
  return example === undefined || node?.type === "object"
    ? undefined
    : `for example ${JSON.stringify(example)}`;
}

function meantValue(value: unknown, allowed: readonly string[]): string | undefined {
  const meant = typeof value === "string" ? nearest(value, allowed) : undefined;
  return meant === undefined ? undefined : `did you mean ${JSON.stringify(meant)}?`;
}

function outOfBounds(
  issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall,
  value: unknown,
): string {
  const bound =
    issue.code === "too_big"
      ? `at most ${String(issue.maximum)}`
      : `at least ${String(issue.minimum)}`;
  if (issue.origin === "array") return `must have ${bound} element(s)`;
  if (issue.origin === "string") return `must have ${bound} character(s)`;
  return `must be ${bound}, found ${String(value)}`;
}
