/** Query parameters: one zod schema per listing, for reading them and for describing them. */
import type { DescribeRouteOptions } from "hono-openapi";
import { z } from "zod";
import { CLIENT_SOURCES } from "../../activation/events.ts";
import { fail, ok, type Result } from "../../platform/result.ts";
import { parseGuid } from "../../protocol/guid.ts";
import { LICENCE_STATES } from "../../protocol/types.ts";
import { PAGE_DEFAULT, PAGE_MAXIMUM } from "../../store/listing.ts";

const FORMATS = ["json", "ndjson", "csv"] as const;
export type ListingFormat = (typeof FORMATS)[number];

const TEXT_LENGTH_MAXIMUM = 256;
/** HRESULTs as `formatHresult` writes them. */
const RESULT_FORM = /^0x[0-9a-f]{8}$/i;
/** RFC 3339 section 5.6, with or without a fraction. */
const TIME_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

const text = () => z.string().min(1).max(TEXT_LENGTH_MAXIMUM);

const guid = () =>
  z
    .string()
    .meta({ format: "uuid" })
    .refine((value) => parseGuid(value) !== undefined, "not a GUID")
    .transform((value) => value.toLowerCase());

/** ISO 8601 with an offset, as Unix milliseconds. */
const time = () =>
  z
    .string()
    .meta({ format: "date-time" })
    .refine((value) => TIME_FORM.test(value) && !Number.isNaN(Date.parse(value)), "not a time")
    .transform((value) => Date.parse(value));

const flag = () => z.enum(["true", "false"]).transform((value) => value === "true");

const paging = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_MAXIMUM)
    .default(PAGE_DEFAULT)
    .describe("Items of one page at most"),
  after: text().optional().describe("Continues behind an earlier page: its `next`"),
  format: z.enum(FORMATS).optional().describe("Goes before the Accept field"),
};

export const clientParameters = z.strictObject({
  ...paging,
  order: z
    .enum(["lastSeen", "machineName"])
    .default("lastSeen")
    .describe("Newest first, or A to Z"),
  name: text().optional().describe("Beginning of the machine name, in either case"),
  cmid: guid().optional().describe("Client machine id"),
  product: text().optional().describe("Activation id or name of a product of the catalogue"),
  application: guid().optional().describe("Application id"),
  state: z
    .enum(LICENCE_STATES)
    .transform((state) => LICENCE_STATES.indexOf(state))
    .optional()
    .describe("Licence state that the client reported last"),
  address: text().optional().describe("Numeric address that it was last seen at"),
  source: z.enum(CLIENT_SOURCES).optional().describe("Of this domain, or a genuine client's"),
  virtual: flag().optional().describe("Virtual or physical machines alone"),
  failed: flag().optional().describe("Whether the last request was refused"),
  severalNames: flag().optional().describe("Clients seen under several names alone"),
  seenFrom: time().optional().describe("Last seen at this time or later"),
  seenBefore: time().optional().describe("Last seen before this time"),
});
export type ClientParameters = z.output<typeof clientParameters>;

export const eventParameters = z.strictObject({
  ...paging,
  since: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe("Entries behind this id, oldest first; excludes from, before and cmid"),
  from: time().optional().describe("At this time or later"),
  before: time().optional().describe("Before this time"),
  cmid: guid().optional().describe("Client machine id"),
  name: text().optional().describe("Part of the machine name, in either case"),
  code: z.coerce.number().int().min(0).max(65_535).optional().describe("12290, 12293, ..."),
  result: z
    .string()
    .regex(RESULT_FORM)
    .transform(Number)
    .optional()
    .describe("HRESULT, such as 0xc004f042"),
  failed: flag().optional().describe("Refused requests alone, or all others"),
});
export type EventParameters = z.output<typeof eventParameters>;

const { code, result, failed, name, cmid } = eventParameters.shape;
export const streamParameters = z.strictObject({
  since: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .describe("Begin behind this id; Last-Event-ID goes before it. Without: with what comes"),
  ...{ code, result, failed, name, cmid },
});
export type StreamParameters = z.output<typeof streamParameters>;

export const tableParameters = z.strictObject({
  format: z.enum(["json", "csv"]).optional().describe("Goes before the Accept field"),
});

export const historyParameters = tableParameters.extend({
  resolution: z.enum(["minute", "hour"]).default("minute"),
});

const DAYS_MAXIMUM = 90;

export const activityParameters = tableParameters.extend({
  days: z.coerce
    .number()
    .int()
    .min(1)
    .max(DAYS_MAXIMUM)
    .default(7)
    .describe("So many days, today among them, as far back as the event log is kept"),
});

export const pathParameters = z.strictObject({ id: guid().describe("Client machine id") });

/** Reads a query strictly: a parameter that is not known, or comes twice, is an error too. */
export function readParameters<Schema extends z.ZodObject>(
  schema: Schema,
  query: Readonly<Record<string, readonly string[]>>,
): Result<z.output<Schema>, string> {
  const repeated = Object.keys(query).find((name) => query[name]?.length !== 1);
  if (repeated !== undefined) return fail(`${repeated}: comes more than once`);
  const single = Object.fromEntries(Object.entries(query).map(([name, [value]]) => [name, value]));
  const read = schema.safeParse(single);
  if (read.success) return ok(read.data);
  return fail(read.error.issues.map(issueWords).join("; "));
}

type Defined<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

/** The value without the keys that say nothing. */
export function withoutUndefined<Value extends object>(value: Value): Defined<Value> {
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries) as Defined<Value>;
}

function issueWords({ path, message }: z.core.$ZodIssue): string {
  const name = path.join(".");
  return name === "" ? message : `${name}: ${message}`;
}

type Parameters = NonNullable<DescribeRouteOptions["parameters"]>;

/** The parameters as OpenAPI 3.1 describes them. */
export function describeParameters(
  schema: z.ZodObject,
  place: "query" | "path" = "query",
): Parameters {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).map(([name, property]) => {
    if (typeof property === "boolean") throw new Error(`${name} has no schema`);
    const { description = "", ...rest } = property;
    const required = place === "path" ? { required: true } : {};
    return { name, in: place, ...required, description, schema: rest as never };
  });
}
