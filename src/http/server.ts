/** The shell: listeners for the HTTP service. */
import { BindError, type Endpoint } from "../platform/endpoint.ts";
import { type Admission, createAdmission } from "./admission.ts";
import type { HttpEnvironment } from "./environment.ts";
import { createFront, type Front, type FrontStatistics } from "./front.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits, RETRY_AFTER_SECONDS } from "./limits.ts";
import { problemResponse } from "./problems.ts";
import { targetPath } from "./target.ts";
import type { TlsIdentity } from "./tls-files.ts";

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
  /** With it, https:// alone is served. */
  readonly tls?: TlsIdentity | undefined;
  readonly log?: (entry: AccessEntry) => void;
};

export type HttpServer = {
  /** Where it listens in truth, in the order asked for: no port is 0. */
  readonly endpoints: readonly Endpoint[];
  /** Requests in work. */
  readonly requestsInWork: () => number;
  readonly connections: () => FrontStatistics;
  /** New connections meet this certificate. Throws where it cannot be used; the old one stays. */
  readonly useTls: (tls: TlsIdentity) => void;
  /**
   * Takes no more connections, lets requests in work finish for so long, then cuts what is left.
   */
  readonly close: (graceMilliseconds: number) => Promise<void>;
};

type BunServer = ReturnType<typeof Bun.serve>;
type FetchHandler = (request: Request, server: BunServer) => Promise<Response>;

/** Opens every listener, or none: rejects with {@link BindError} where one cannot be opened. */
export async function listenHttp(listening: HttpListening): Promise<HttpServer> {
  const { listen, limits = DEFAULT_HTTP_LIMITS, tls } = listening;
  const admission = createAdmission({
    all: limits.requestsAtOnce,
    perAddress: limits.requestsAtOncePerAddress,
  });
  const servers: BunServer[] = [];
  const front = createFront({ limits, target: () => servers.at(-1)?.port ?? 0 });
  const serve = (identity: TlsIdentity | undefined): void => {
    servers.push(open(limits, handlerOf(listening, admission, front), identity));
  };
  const endpoints: Endpoint[] = [];
  serve(tls);
  for (const endpoint of listen) {
    try {
      endpoints.push(front.listen(endpoint));
    } catch (error) {
      front.close();
      await Promise.all(servers.map((server) => server.stop(true)));
      throw new BindError("http", endpoint, systemCode(error));
    }
  }
  return {
    endpoints,
    requestsInWork: admission.inWork,
    connections: front.statistics,
    useTls: (identity) => {
      serve(identity);
      // Connections that met the old certificate go on with it until they end.
      for (const old of servers.splice(0, servers.length - 1)) void old.stop();
    },
    close: (graceMilliseconds) => close(front, servers, graceMilliseconds),
  };
}

/** On loopback, behind the front: the one address that is always there. */
function open(limits: HttpLimits, fetch: FetchHandler, tls: TlsIdentity | undefined): BunServer {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    reusePort: false,
    idleTimeout: limits.idleSeconds,
    maxRequestBodySize: limits.bodyOctets,
    development: false,
    fetch,
    error: () => problemResponse("internal-error"),
    ...(tls === undefined ? {} : { tls: { cert: tls.certificate, key: tls.key } }),
  });
}

function handlerOf({ app, log }: HttpListening, admission: Admission, front: Front): FetchHandler {
  const answer = async (request: Request, server: BunServer, peer: Endpoint): Promise<Response> => {
    const verdict = admission.enter(peer.address);
    if (verdict !== "admitted") {
      const headers = { "retry-after": String(RETRY_AFTER_SECONDS) };
      return problemResponse(verdict, { headers });
    }
    try {
      const keepOpen = (): void => server.timeout(request, 0);
      return await app.fetch(withOrigin(request), { peer, keepOpen });
    } finally {
      admission.leave(peer.address);
    }
  };
  return async (request, server) => {
    const start = performance.now();
    const socket = server.requestIP(request);
    const peer = socket === null ? undefined : front.peerBehind(socket.port);
    // Gone already, or another program of this machine that went around the front.
    const response =
      peer === undefined ? problemResponse("unavailable") : await answer(request, server, peer);
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

async function close(
  front: Front,
  servers: readonly BunServer[],
  graceMilliseconds: number,
): Promise<void> {
  front.stopListening();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, graceMilliseconds);
  const finished = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
    // What the server has sent has not all reached its client yet.
    await front.empty();
  };
  await Promise.race([finished(), promise]);
  clearTimeout(timer);
  await Promise.all(servers.map((server) => server.stop(true)));
  front.close();
}

function systemCode(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? "EUNKNOWN";
}
