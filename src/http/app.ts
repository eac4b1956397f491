/** The HTTP service as a function from request to response. It opens no port: `server.ts` does. */
import { Hono } from "hono";
import { type AccessOptions, detailsAccess, LOCAL_ACCESS } from "./api/access.ts";
import type { HttpEnvironment, HttpMiddleware } from "./environment.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "./limits.ts";
import { createLive, type Live } from "./live/live.ts";
import type { Metrics } from "./metrics.ts";
import { problemResponse } from "./problems.ts";
import { requestChecks } from "./request-checks.ts";
import { type Documentation, docsRoutes } from "./routes/docs.ts";
import { openApiRoute } from "./routes/open-api.ts";
import { allRoutes } from "./routes/routes.ts";
import { addRoute } from "./routing.ts";
import { securityFields } from "./security.ts";
import type { HttpSources } from "./sources.ts";
import { targetPath } from "./target.ts";

export type HttpOptions = {
  readonly limits?: HttpLimits;
  /** Names besides addresses and localhost that the service answers under, in any case. */
  readonly allowedHosts?: readonly string[];
  /** Its streams are ended by who made it; without it they end with the connection alone. */
  readonly live?: Live;
  /** What to read at /docs besides the API. */
  readonly documents?: readonly Documentation[];
  /** Served at /metrics; without it there is no such path. */
  readonly metrics?: Metrics;
  /** By default the machine itself alone sees client details and events. */
  readonly access?: AccessOptions;
  /** Told of every error that no route expected; the client sees 500 without particulars. */
  readonly reportError?: (error: Error) => void;
};

/** Every path of the service with its errors, as problem details. */
export function createHttpApp(
  sources: HttpSources,
  options: HttpOptions = {},
): Hono<HttpEnvironment> {
  const { limits = DEFAULT_HTTP_LIMITS, allowedHosts = [], reportError, metrics } = options;
  const live = options.live ?? createLive(sources, limits);
  const access = detailsAccess(options.access ?? LOCAL_ACCESS);
  const names = new Set(allowedHosts.map((name) => name.toLowerCase().replace(/\.$/, "")));
  const app = new Hono<HttpEnvironment>();
  app.use(securityFields, contentLengthOfHead, requestChecks(limits, names));
  for (const route of allRoutes(sources, { metrics, access, live })) addRoute(app, route);
  addRoute(app, openApiRoute(app));
  for (const route of docsRoutes(app, options.documents ?? [])) addRoute(app, route);
  app.notFound(({ req }) => problemResponse("not-found", { instance: targetPath(req.url) }));
  app.onError((error) => {
    reportError?.(error);
    return problemResponse("internal-error");
  });
  return app;
}

/**
 * Says with HEAD how long the content of GET is (RFC 9110 section 8.6). Hono drops the content, and
 * the runtime would then say 0. Routes that stream answer HEAD without content themselves.
 */
const contentLengthOfHead: HttpMiddleware = async (context, next) => {
  await next();
  const { res, req } = context;
  if (req.method !== "HEAD" || res.body === null || res.headers.has("content-length")) return;
  const content = await res.arrayBuffer();
  const { status } = res;
  const headers = new Headers(res.headers);
  headers.set("content-length", String(content.byteLength));
  context.res = new Response(null, { status, headers });
};
