/** The shell: listeners for the HTTP service. */
import { BindError, type Endpoint } from "../platform/endpoint.ts";
import { type Admission, createAdmission } from "./admission.ts";
import type { HttpEnvironment } from "./environment.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits, RETRY_AFTER_SECONDS } from "./limits.ts";
import { problemResponse } from "./problems.ts";
import { targetPath } from "./target.ts";

/** One request, when its response is ready. */
export type AccessEntry = {
  readonly method: string;
  /** Path without query. Untrusted text. */
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly peer: Endpoint | undefined;
};

export type HttpListening = {
  readonly listen: readonly Endpoint[];
  readonly app: {
    readonly fetch: (
      request: Request,
      bindings: HttpEnvironment["Bindings"],
    ) => Response | Promise<Response>;
  };
  readonly limits?: HttpLimits;
  readonly log?: (entry: AccessEntry) => void;
};

export type HttpServer = {
  /** Where it listens in truth, in the order asked for: no port is 0. */
  readonly endpoints: readonly Endpoint[];
  /** Requests in work. */
  readonly requestsInWork: () => number;
  /**
   * Takes no more connections, lets requests in work finish for so long, then cuts what is left.
   */
  readonly close: (graceMilliseconds: number) => Promise<void>;
};

type BunServer = ReturnType<typeof Bun.serve>;

/** Opens every listener, or none: rejects with {@link BindError} where one cannot be opened. */
export async function listenHttp(listening: HttpListening): Promise<HttpServer> {
  const { listen, limits = DEFAULT_HTTP_LIMITS } = listening;
  const admission = createAdmission(limits);
  const handle = handlerOf(listening, admission);
  const servers: BunServer[] = [];
  for (const endpoint of listen) {
    try {
      servers.push(open(endpoint, limits, handle));
    } catch (error) {
      await Promise.all(servers.map((server) => server.stop(true)));
      throw new BindError("http", endpoint, systemCode(error));
    }
  }
  return {
    endpoints: servers.map(({ port }, index) => ({
      address: listen[index]?.address ?? "",
      port: port ?? 0,
    })),
    requestsInWork: admission.inWork,
    close: (graceMilliseconds) => close(servers, graceMilliseconds),
  };
}

type FetchHandler = (request: Request, server: BunServer) => Promise<Response>;

function open(endpoint: Endpoint, limits: HttpLimits, fetch: FetchHandler): BunServer {
  return Bun.serve({
    hostname: endpoint.address,
    port: endpoint.port,
    // One family per listener: an address of the other would be one nobody configured (HOST-11).
    ipv6Only: endpoint.address.includes(":"),
    reusePort: false,
    idleTimeout: limits.idleSeconds,
    maxRequestBodySize: limits.bodyOctets,
    development: false,
    fetch,
    error: () => problemResponse("internal-error"),
  });
}

function handlerOf({ app, log }: HttpListening, admission: Admission): FetchHandler {
  const answer = async (request: Request, peer: Endpoint | undefined): Promise<Response> => {
    const address = peer?.address ?? GONE;
    const verdict = admission.enter(address);
    if (verdict !== "admitted") {
      const headers = { "retry-after": String(RETRY_AFTER_SECONDS) };
      return problemResponse(verdict, { headers });
    }
    try {
      return await app.fetch(withOrigin(request), peer === undefined ? {} : { peer });
    } finally {
      admission.leave(address);
    }
  };
  return async (request, server) => {
    const start = performance.now();
    const peer = peerOf(request, server);
    const response = await answer(request, peer);
    log?.({
      method: request.method,
      path: targetPath(request.url),
      status: response.status,
      milliseconds: performance.now() - start,
      peer,
    });
    return response;
  };
}

/** Without a Host field (HTTP/1.0) the runtime gives a request its target alone for a URL. */
function withOrigin(request: Request): Request {
  return request.url.startsWith("/")
    ? new Request(`http://localhost${request.url}`, request)
    : request;
}

/** Counts clients that went before their address was read as one. */
const GONE = "";

const MAPPED_PREFIX = "::ffff:";

/** Undefined where the client has gone already. */
function peerOf(request: Request, server: BunServer): Endpoint | undefined {
  const socket = server.requestIP(request);
  if (socket === null) return undefined;
  const { address, port } = socket;
  const isMapped = address.startsWith(MAPPED_PREFIX) && address.includes(".");
  return { address: isMapped ? address.slice(MAPPED_PREFIX.length) : address, port };
}

async function close(servers: readonly BunServer[], graceMilliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, graceMilliseconds);
  const finished = Promise.all(servers.map((server) => server.stop()));
  await Promise.race([finished, promise]);
  clearTimeout(timer);
  await Promise.all(servers.map((server) => server.stop(true)));
}

function systemCode(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? "EUNKNOWN";
}
