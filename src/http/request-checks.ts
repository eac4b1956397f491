import type { HttpMiddleware } from "./environment.ts";
import { isAllowedHost } from "./host-names.ts";
import type { HttpLimits } from "./limits.ts";
import { type ProblemSlug, problemResponse } from "./problems.ts";
import { ROUTE_METHODS } from "./routing.ts";

const KNOWN_METHODS: ReadonlySet<string> = new Set([...ROUTE_METHODS, "HEAD", "OPTIONS"]);

/** What is wrong with a request, whatever it asks for; undefined where nothing is. */
function refusalOf(
  request: Request,
  limits: HttpLimits,
  allowedHosts: ReadonlySet<string>,
): ProblemSlug | undefined {
  if (!KNOWN_METHODS.has(request.method)) return "method-not-implemented";
  if (request.url.length > limits.targetOctets) return "target-too-long";
  if (headerOctets(request.headers) > limits.headerOctets) return "header-too-large";
  if (Number(request.headers.get("content-length") ?? 0) > limits.bodyOctets) {
    return "content-too-large";
  }
  return isAllowedHost(request.headers.get("host") ?? undefined, allowedHosts)
    ? undefined
    : "unknown-host";
}

export function requestChecks(
  limits: HttpLimits,
  allowedHosts: ReadonlySet<string>,
): HttpMiddleware {
  return async (context, next) => {
    const slug = refusalOf(context.req.raw, limits, allowedHosts);
    return slug === undefined ? next() : problemResponse(slug);
  };
}

/** `name: value` and a line end for each, as HTTP/1.1 sends them. */
function headerOctets(headers: Headers): number {
  let octets = 0;
  headers.forEach((value, name) => {
    octets += name.length + value.length + ": \r\n".length;
  });
  return octets;
}
