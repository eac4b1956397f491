/**
 * Who may see what tells of single machines: client details and events. The machine itself may;
 * from elsewhere a token is needed, unless the operator opened it. Health, status and metrics name
 * no client and are open.
 */
import { timingSafeEqual } from "node:crypto";
import { isLoopback } from "../../platform/address.ts";
import { sha256 } from "../../platform/hash.ts";
import type { HttpContext, HttpMiddleware } from "../environment.ts";
import { problemResponse } from "../problems.ts";

/** Fields that proxies add: a proxy on this machine makes everybody look local. */
const FORWARDED_FIELDS = ["forwarded", "x-forwarded-for", "x-real-ip", "via"] as const;

export type AccessOptions = {
  /** What is asked for from elsewhere now; undefined or empty lets nobody in from there. */
  readonly token: () => string | undefined;
  /** Client details and events are for whoever asks. */
  readonly openDetails: boolean;
};

export const LOCAL_ACCESS: AccessOptions = { token: () => undefined, openDetails: false };

export type DetailsAccess = {
  readonly allows: (context: HttpContext) => boolean;
  /** 401 with a challenge where it does not allow. */
  readonly required: HttpMiddleware;
  /** As `required`, with the challenge that makes browsers ask for a password. */
  readonly asked: HttpMiddleware;
};

export function detailsAccess({ token, openDetails }: AccessOptions): DetailsAccess {
  const allows = (context: HttpContext): boolean => {
    if (openDetails || isLocal(context)) return true;
    const expected = token() ?? "";
    const given = givenToken(context);
    return expected !== "" && given !== undefined && sameText(given, expected);
  };
  const refuse = (context: HttpContext, challenge: string): Response =>
    problemResponse("access-denied", {
      detail: refusalWords((token() ?? "") !== "", givenToken(context) !== undefined),
      headers: { "www-authenticate": challenge },
    });
  return {
    allows,
    required: async (context, next) => {
      if (allows(context)) return next();
      return refuse(context, bearerChallenge(givenToken(context) !== undefined));
    },
    asked: async (context, next) => {
      if (allows(context)) return next();
      return refuse(context, 'Basic realm="muster", charset="UTF-8"');
    },
  };
}

function isLocal({ req, env }: HttpContext): boolean {
  const address = env?.peer?.address;
  if (address === undefined || !isLoopback(address)) return false;
  return FORWARDED_FIELDS.every((name) => req.header(name) === undefined);
}

function givenToken({ req }: HttpContext): string | undefined {
  const authorization = req.header("authorization") ?? "";
  return bearerToken(authorization) ?? basicPassword(authorization);
}

/** RFC 6750 section 2.1: the scheme in any case, then the token's own characters. */
function bearerToken(authorization: string): string | undefined {
  return /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(authorization)?.[1];
}

/** RFC 7617 section 2: the password is the token, whatever the user's name. */
function basicPassword(authorization: string): string | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  return /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, "base64").toString("utf8"))?.[1];
}

/** RFC 6750 section 3: no error code where no token was sent. */
function bearerChallenge(isGiven: boolean): string {
  return isGiven ? 'Bearer realm="muster", error="invalid_token"' : 'Bearer realm="muster"';
}

function refusalWords(isConfigured: boolean, isGiven: boolean): string {
  if (!isConfigured) return "No token is configured: this is open to the machine itself alone.";
  return isGiven ? "This token is not the configured one." : "Send the configured token.";
}

/** By digests, so that lengths agree; and no early end, so that time says nothing. */
function sameText(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

function digest(text: string): Uint8Array {
  return sha256(new TextEncoder().encode(text));
}
