import type { Context, Handler, MiddlewareHandler } from "hono";
import type { Endpoint } from "../platform/endpoint.ts";

/** What the shell tells the application about a request besides the request itself. */
export type HttpEnvironment = {
  Bindings: {
    /** The client; undefined where no socket is involved. IPv4-mapped addresses in IPv4 form. */
    readonly peer?: Endpoint;
    /** Asks that the connection of this request is not closed for being quiet. */
    readonly keepOpen?: () => void;
  };
};

export type HttpContext = Context<HttpEnvironment>;
export type HttpHandler = Handler<HttpEnvironment>;
export type HttpMiddleware = MiddlewareHandler<HttpEnvironment>;
