/** Pieces of the OpenAPI document that routes share. */
import { type DescribeRouteOptions, describeRoute, resolver } from "hono-openapi";
import { z } from "zod";
import type { HttpMiddleware } from "../environment.ts";
import { PROBLEM_MEDIA_TYPE, PROBLEMS, type ProblemSlug } from "../problems.ts";
import { describeParameters } from "./parameters.ts";

const problemSchema = z
  .object({
    type: z.string().describe("A path that this service answers with an explanation"),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    instance: z.string().optional(),
  })
  .meta({ id: "Problem", description: "Problem details (RFC 9457)" });

export type RouteDescription = {
  readonly summary: string;
  readonly tag: "status" | "reports" | "details" | "service";
  /** What 200 is answered with, by media type; a string is text that has no schema. */
  readonly content: Readonly<Record<string, z.ZodType | "text">>;
  /** Further statuses that come with the same content, and what they mean. */
  readonly also?: Readonly<Record<number, string>>;
  readonly parameters?: z.ZodObject;
  readonly path?: z.ZodObject;
  readonly problems?: readonly ProblemSlug[];
  /** Needs a token from elsewhere. */
  readonly isProtected?: boolean;
};

type Responses = NonNullable<DescribeRouteOptions["responses"]>;

/** Says in the OpenAPI document what the route does; handles nothing. */
export function described(description: RouteDescription): HttpMiddleware {
  const { summary, tag, content, also = {}, problems = [], isProtected = false } = description;
  const parameters = [
    ...(description.path === undefined ? [] : describeParameters(description.path, "path")),
    ...(description.parameters === undefined ? [] : describeParameters(description.parameters)),
  ];
  const responses: Responses = {
    ...Object.fromEntries(
      Object.entries({ 200: "OK", ...also }).map(([status, words]) => [
        status,
        { description: words, content: describeContent(content) },
      ]),
    ),
    ...Object.fromEntries(problems.map((slug) => [PROBLEMS[slug].status, problemResponseOf(slug)])),
  };
  return describeRoute({
    summary,
    tags: [tag],
    responses,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(isProtected ? { security: [{}, { token: [] }] } : {}),
  });
}

function describeContent(content: RouteDescription["content"]) {
  return Object.fromEntries(
    Object.entries(content).map(([mediaType, schema]) => [
      mediaType,
      { schema: schema === "text" ? { type: "string" as const } : resolver(schema) },
    ]),
  );
}

function problemResponseOf(slug: ProblemSlug) {
  return {
    description: PROBLEMS[slug].title,
    content: { [PROBLEM_MEDIA_TYPE]: { schema: resolver(problemSchema) } },
  };
}
