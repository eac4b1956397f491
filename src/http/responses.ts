import { csvLines, escapeUnsafe } from "../platform/text.ts";
import type { Html } from "./page/page.ts";

const JSON_MEDIA_TYPE = "application/json";

/**
 * JSON, indented: people read it with curl. What would move a terminal's cursor or turn the
 * direction of writing is escaped, which changes nothing for who parses it.
 */
export function jsonResponse(value: unknown, status = 200): Response {
  const lines = JSON.stringify(value, null, 2).split("\n").map(escapeUnsafe);
  return new Response(`${lines.join("\n")}\n`, {
    status,
    headers: { "content-type": JSON_MEDIA_TYPE },
  });
}

export function textResponse(lines: readonly string[]): Response {
  return new Response(`${lines.join("\n")}\n`, {
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

export async function htmlResponse(page: Html): Promise<Response> {
  return new Response(String(await page), {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}

/** RFC 4180, with a head; a column that a row lacks is empty. */
export function csvResponse(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, string | number | boolean | null>>[],
): Response {
  const cells = rows.map((row) => columns.map((column) => row[column]));
  return new Response(csvLines([columns, ...cells]), {
    headers: { "content-type": "text/csv; charset=utf-8; header=present" },
  });
}
