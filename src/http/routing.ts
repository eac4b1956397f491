import type { Hono } from "hono";
import type { HttpEnvironment, HttpHandler, HttpMiddleware } from "./environment.ts";
import { problemResponse } from "./problems.ts";
import { targetPath } from "./target.ts";

export const ROUTE_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
type RouteMethod = (typeof ROUTE_METHODS)[number];

/** One resource: its path and what each method does. HEAD goes with GET, OPTIONS with all. */
export type Route = {
  readonly path: string;
  readonly methods: {
    readonly [method in RouteMethod]?: readonly (HttpHandler | HttpMiddleware)[];
  };
};

/** The value of Allow (RFC 9110 section 10.2.1). */
function allowedMethods(route: Route): string {
  const listed = ROUTE_METHODS.filter((method) => route.methods[method] !== undefined);
  return [
    ...listed.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])),
    "OPTIONS",
  ].join(", ");
}

/** Adds the resource with its OPTIONS, and 405 with Allow for every other method. */
export function addRoute(app: Hono<HttpEnvironment>, route: Route): void {
  const allow = allowedMethods(route);
  for (const method of ROUTE_METHODS) {
    const handlers = route.methods[method];
    if (handlers !== undefined) app.on(method, [route.path], ...handlers);
  }
  app.options(route.path, () => new Response(null, { status: 204, headers: { allow } }));
  app.all(route.path, (context) =>
    problemResponse("method-not-allowed", {
      detail: `${route.path} takes ${allow}`,
      instance: targetPath(context.req.url),
      headers: { allow },
    }),
  );
}
