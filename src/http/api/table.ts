/** A document that has a table in it: as JSON, or the table alone as CSV (REPORT-4). */
import type { z } from "zod";
import type { HttpContext } from "../environment.ts";
import { preferredMediaType } from "../negotiate.ts";
import { csvResponse, jsonResponse } from "../responses.ts";
import { FORMAT_MEDIA_TYPES, type Row, storeFailure } from "./listing.ts";

export type TableFormat = "json" | "csv";

export type Tabular = {
  readonly document: object;
  readonly columns: readonly string[];
  readonly rows: () => readonly Row[];
};

/** What such a route is answered with, for the OpenAPI document. */
export function tableContent(document: z.ZodType) {
  return { [FORMAT_MEDIA_TYPES.json]: document, [FORMAT_MEDIA_TYPES.csv]: "text" as const };
}

/** 503 where the store cannot be read. */
export async function answerTable(
  context: HttpContext,
  format: TableFormat | undefined,
  read: () => Promise<Tabular>,
): Promise<Response> {
  let tabular: Tabular;
  try {
    tabular = await read();
  } catch (error) {
    return storeFailure(error);
  }
  const { document, columns, rows } = tabular;
  const chosen = format ?? acceptedFormat(context);
  const response = chosen === "json" ? jsonResponse(document) : csvResponse(columns, rows());
  if (format === undefined) response.headers.set("vary", "Accept");
  return response;
}

function acceptedFormat({ req }: HttpContext): TableFormat {
  const type = preferredMediaType(req.header("accept"), ["application/json", "text/csv"]);
  return type === "text/csv" ? "csv" : "json";
}
