import type { Context } from "hono";
import type { HttpEnvironment, HttpMiddleware } from "./environment.ts";

/** Only what this service itself serves: no inline script or style, no frame, no form. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** In every response, errors too. There is no Access-Control field: other sites read nothing. */
const SECURITY_FIELDS: readonly (readonly [string, string])[] = [
  ["content-security-policy", CONTENT_SECURITY_POLICY],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
];

/** Adds the fields above, and `no-store` where a route did not choose its own Cache-Control. */
export const securityFields: HttpMiddleware = async (context, next) => {
  await next();
  addSecurityFields(context);
};

function addSecurityFields({ res }: Context<HttpEnvironment>): void {
  for (const [name, value] of SECURITY_FIELDS) res.headers.set(name, value);
  if (!res.headers.has("cache-control")) res.headers.set("cache-control", "no-store");
}
