/** One page of a listing, in the form that was asked for. */
import { z } from "zod";
import { escapeUnsafe } from "../../platform/text.ts";
import { StoreError } from "../../store/health.ts";
import type { Page } from "../../store/listing.ts";
import type { HttpContext } from "../environment.ts";
import { preferredMediaType } from "../negotiate.ts";
import { problemResponse } from "../problems.ts";
import { csvResponse, jsonResponse } from "../responses.ts";
import type { ListingFormat } from "./parameters.ts";

export const FORMAT_MEDIA_TYPES = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv",
} as const satisfies Readonly<Record<ListingFormat, string>>;

export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** What a listing is answered with, for the OpenAPI document. */
export function listingContent(item: z.ZodObject) {
  return {
    [FORMAT_MEDIA_TYPES.json]: z.object({ items: z.array(item), next: z.string().nullable() }),
    [FORMAT_MEDIA_TYPES.ndjson]: "text" as const,
    [FORMAT_MEDIA_TYPES.csv]: "text" as const,
  };
}

/**
 * Reads one page and answers with it; 400 where its cursor is none, 503 where the store fails.
 * `item` gives the columns, so that an empty page of CSV has its head too.
 */
export async function answerListing(
  context: HttpContext,
  format: ListingFormat | undefined,
  item: z.ZodObject,
  readPage: () => Promise<Page<Row>>,
): Promise<Response> {
  let page: Page<Row>;
  try {
    page = await readPage();
  } catch (error) {
    return storeFailure(error);
  }
  const { items, next } = page;
  const chosen = format ?? acceptedFormat(context);
  const response = render(chosen, Object.keys(item.shape), items, next);
  if (next !== undefined) response.headers.set("link", nextLink(context.req.url, next));
  if (format === undefined) response.headers.set("vary", "Accept");
  return response;
}

function acceptedFormat({ req }: HttpContext): ListingFormat {
  const offered = ["application/json", "application/x-ndjson", "text/csv"] as const;
  switch (preferredMediaType(req.header("accept"), offered)) {
    case "application/json":
      return "json";
    case "application/x-ndjson":
      return "ndjson";
    case "text/csv":
      return "csv";
  }
}

function render(
  format: ListingFormat,
  columns: readonly string[],
  items: readonly Row[],
  next: string | undefined,
): Response {
  switch (format) {
    case "json":
      return jsonResponse({ items, next: next ?? null });
    case "ndjson": {
      const lines = items.map((item) => `${escapeUnsafe(JSON.stringify(item))}\n`);
      return new Response(lines.join(""), {
        headers: { "content-type": FORMAT_MEDIA_TYPES.ndjson },
      });
    }
    case "csv":
      return csvResponse(columns, items);
  }
}

/** RFC 8288: the same request behind this page, whatever the form. */
function nextLink(url: string, next: string): string {
  const { pathname, searchParams } = new URL(url);
  searchParams.set("after", next);
  return `<${pathname}?${searchParams}>; rel="next"`;
}

/** What a listing that failed is answered with; a defect of ours is thrown on. */
export function storeFailure(error: unknown): Response {
  if (!(error instanceof StoreError)) throw error;
  if (error.code === "cursor") {
    return problemResponse("invalid-request", { detail: `after: ${error.message}` });
  }
  return problemResponse("unavailable", { detail: "The store cannot be read now." });
}
