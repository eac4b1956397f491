/**
 * Who may see what tells of single machines: client details and events. The machine itself may;
 * from elsewhere a token is needed. Health, status and metrics name no client and are open.
 */
import { timingSafeEqual } from "node:crypto";
import { isLoopback } from "../../platform/address.ts";
import { sha256 } from "../../platform/hash.ts";
import type { HttpMiddleware } from "../environment.ts";
import { problemResponse } from "../problems.ts";

/** Fields that proxies add: a proxy on this machine makes everybody look local. */
const FORWARDED_FIELDS = ["forwarded", "x-forwarded-for", "x-real-ip", "via"] as const;

/** `token`: what is asked for from elsewhere; undefined or empty lets nobody in from there. */
export function detailsAccess(token: string | undefined): HttpMiddleware {
  const expected = token === undefined || token === "" ? undefined : digest(token);
  return async (context, next) => {
    const { req, env } = context;
    const address = env?.peer?.address;
    const isForwarded = FORWARDED_FIELDS.some((name) => req.header(name) !== undefined);
    if (address !== undefined && isLoopback(address) && !isForwarded) return next();
    const given = bearerToken(req.header("authorization"));
    if (given !== undefined && expected !== undefined && sameDigest(digest(given), expected)) {
      return next();
    }
    return problemResponse("access-denied", {
      detail: refusalWords(expected !== undefined, given !== undefined),
      headers: { "www-authenticate": challenge(given !== undefined) },
    });
  };
}

/** RFC 6750 section 2.1: the scheme in any case, then the token's own characters. */
function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(authorization ?? "")?.[1];
}

/** RFC 6750 section 3: no error code where no token was sent. */
function challenge(isGiven: boolean): string {
  return isGiven ? 'Bearer realm="muster", error="invalid_token"' : 'Bearer realm="muster"';
}

function refusalWords(isConfigured: boolean, isGiven: boolean): string {
  if (!isConfigured) return "No token is configured: this is open to the machine itself alone.";
  return isGiven ? "This token is not the configured one." : "Send the configured token.";
}

function digest(text: string): Uint8Array {
  return sha256(new TextEncoder().encode(text));
}

/** Digests, so that lengths agree; and no early end, so that time says nothing. */
function sameDigest(left: Uint8Array, right: Uint8Array): boolean {
  return timingSafeEqual(left, right);
}
