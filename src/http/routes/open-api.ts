import type { Hono } from "hono";
import { generateSpecs } from "hono-openapi";
import { z } from "zod";
import { described } from "../api/describe.ts";
import { revalidated } from "../entity-tag.ts";
import type { HttpEnvironment } from "../environment.ts";
import { jsonResponse } from "../responses.ts";
import type { Route } from "../routing.ts";

/** Of the API, not of the program: what changes it is written down in the API's changelog. */
const API_VERSION = "1.0.0";

/** `GET /openapi.json`: the OpenAPI 3.1 document, made from the schemas of the routes. */
export function openApiRoute(app: Hono<HttpEnvironment>): Route {
  let made: Promise<unknown> | undefined;
  return {
    path: "/openapi.json",
    methods: {
      GET: [
        described({
          summary: "This document",
          tag: "service",
          content: { "application/json": z.record(z.string(), z.unknown()) },
        }),
        ...revalidated,
        async () => {
          made ??= openApiDocument(app);
          return jsonResponse(await made);
        },
      ],
    },
  };
}

/** Everything that a route of the app says of itself. */
export function openApiDocument(app: Hono<HttpEnvironment>): Promise<unknown> {
  return generateSpecs(app, {
    // By default it leaves out every path with a dot: /status.txt and this one.
    excludeStaticFile: false,
    documentation: {
      openapi: "3.1.0",
      info: {
        title: "muster",
        version: API_VERSION,
        description:
          "The state of an activation host and its clients. Errors are problem details " +
          "(RFC 9457). Client details and events are open to the machine itself; from " +
          "elsewhere a token is needed.",
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: "/" }],
      tags: [
        { name: "status", description: "How the host does" },
        { name: "reports", description: "What follows from it" },
        { name: "details", description: "Single clients and requests" },
        { name: "service", description: "This service itself" },
      ],
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    },
  });
}
