import { etag } from "hono/etag";
import type { HttpMiddleware } from "./environment.ts";

/**
 * For what changes with the program alone: clients may keep it but ask each time whether it still
 * holds (RFC 9110 section 8.8.3). The state of the host is never kept and gets no tag.
 */
const askAgain: HttpMiddleware = async (context, next) => {
  await next();
  context.res.headers.set("cache-control", "no-cache");
};

export const revalidated: readonly HttpMiddleware[] = [askAgain, etag()];
