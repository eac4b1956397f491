/** Lists as commands write them: columns for people, JSON for scripts, CSV for spreadsheets. */
import { csvLines, sanitise } from "../platform/text.ts";
import type { CliContext } from "./context.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CliFailure } from "./failure.ts";
import { alignColumns, writeJson, writeLines } from "./output.ts";

export type FormatFlags = { readonly json: boolean; readonly csv: boolean };

export const FORMAT_FLAGS = {
  json: { kind: "boolean", default: false, brief: "As a JSON document" },
  csv: { kind: "boolean", default: false, brief: "As CSV, for spreadsheets" },
} as const;

type Cell = string | number | boolean | null;

export type Listing = {
  /** Members of the JSON document. */
  readonly document: () => Readonly<Record<string, unknown>>;
  readonly csv: { readonly columns: readonly string[]; readonly rows: Iterable<readonly Cell[]> };
  /** For people; cells may be untrusted. */
  readonly lines: () => readonly string[];
};

export function refuseTwoFormats({ json, csv }: FormatFlags): void {
  if (json && csv) throw new CliFailure(EXIT_CODE.usage, "--json and --csv do not go together");
}

export function writeListing(context: CliContext, flags: FormatFlags, listing: Listing): void {
  refuseTwoFormats(flags);
  const { stdout } = context.process;
  if (flags.json) writeJson(context, listing.document());
  else if (flags.csv) stdout.write(csvLines([listing.csv.columns, ...listing.csv.rows]));
  else writeLines(stdout, listing.lines());
}

const CELL_LENGTH = 80;

/** A table with a head; every cell made fit for a terminal. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const safe = rows.map((row) => row.map((cell) => sanitise(cell, CELL_LENGTH)));
  return alignColumns([head, ...safe]);
}

/** One line of one fact, as long as it is. */
export function safeLine(text: string): string {
  return sanitise(text, Number.POSITIVE_INFINITY);
}
