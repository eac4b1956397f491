import { sanitise } from "../platform/text.ts";
import { formatPath, type KeyPath } from "./outline.ts";

/** Where a value came from. */
export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly line: number; readonly column: number }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "flag" };

/** One mistake in the configuration. Warnings do not keep the appliance from starting. */
export type ConfigurationProblem = {
  readonly severity: "error" | "warning";
  readonly path: KeyPath;
  readonly origin: Origin;
  readonly what: string;
  readonly hint: string | undefined;
};

/** A problem before its place is known. */
export type Finding = Omit<ConfigurationProblem, "origin">;

/** `appliance.toml:5:1: dns.prot: unknown key; did you mean "port"?` */
export function formatProblem(problem: ConfigurationProblem, fileName: string): string {
  const key = formatPath(problem.path);
  const parts = [formatPlace(problem.origin, fileName), key, problem.what].filter(
    (part) => part !== "",
  );
  const hint = problem.hint === undefined ? "" : `; ${problem.hint}`;
  const mark = problem.severity === "warning" ? "warning: " : "";
  return sanitise(`${mark}${parts.join(": ")}${hint}`, 1024);
}

function formatPlace(origin: Origin, fileName: string): string {
  switch (origin.kind) {
    case "file":
      return `${fileName}:${origin.line}:${origin.column}`;
    case "environment":
      return origin.variable;
    case "flag":
      return "--set";
    case "default":
      return "";
  }
}

const ORIGIN_ORDER = { file: 0, environment: 1, flag: 2, default: 3 } as const;

/** Sorts by the order of the file; what is not in the file comes after. */
export function comparePlaces(left: Origin, right: Origin): number {
  if (left.kind === "file" && right.kind === "file") {
    return left.line - right.line || left.column - right.column;
  }
  return ORIGIN_ORDER[left.kind] - ORIGIN_ORDER[right.kind];
}
