/** How commands write: data on standard output, talk on standard error. */
import { escapeUnsafe } from "../platform/text.ts";
import type { CliContext, Output } from "./context.ts";

/** Rises when a field changes its meaning or goes; new fields do not raise it. */
const JSON_SCHEMA_VERSION = 1;

/** One JSON document on standard output, with the version of its form. */
export function writeJson(context: CliContext, document: Readonly<Record<string, unknown>>): void {
  const text = JSON.stringify({ schema: JSON_SCHEMA_VERSION, ...document }, undefined, 2);
  // What machines called themselves may be in it: escaped it means the same and shows safely.
  const lines = text.split("\n").map(escapeUnsafe);
  context.process.stdout.write(`${lines.join("\n")}\n`);
}

export function writeLines(output: Output, lines: readonly string[]): void {
  output.write(lines.map((line) => `${line}\n`).join(""));
}

/** Columns as wide as their longest cell, two blanks between them. */
export function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, Bun.stringWidth(cell));
    }
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}
