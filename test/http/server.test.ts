import { afterEach, describe, expect, test } from "bun:test";
import { createHttpApp } from "../../src/http/app.ts";
import { DEFAULT_HTTP_LIMITS } from "../../src/http/limits.ts";
import {
  type AccessEntry,
  type HttpListening,
  type HttpServer,
  listenHttp,
} from "../../src/http/server.ts";
import { BindError, type Endpoint, formatEndpoint } from "../../src/platform/endpoint.ts";
import { SOURCES } from "./sources.ts";

const FOUR: Endpoint = { address: "127.0.0.1", port: 0 };
const SIX: Endpoint = { address: "::1", port: 0 };
const app = createHttpApp(SOURCES);
const opened: HttpServer[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((server) => server.close(0)));
});

async function listen(listening: Partial<HttpListening> = {}): Promise<HttpServer> {
  const server = await listenHttp({ listen: [FOUR], app, ...listening });
  opened.push(server);
  return server;
}

function endpointOf(server: HttpServer, index = 0): Endpoint {
  const endpoint = server.endpoints[index];
  if (endpoint === undefined) throw new Error("no such listener");
  return endpoint;
}

function urlOf(server: HttpServer, path: string, index = 0): string {
  return `http://${formatEndpoint(endpointOf(server, index))}${path}`;
}

/** An application that answers when it is told to. */
function heldApp() {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let arrived = 0;
  const waiting = new Map<number, () => void>();
  const fetch = async () => {
    arrived += 1;
    waiting.get(arrived)?.();
    await held;
    return new Response("done\n");
  };
  const arrivals = (count: number) =>
    new Promise<void>((resolve) => {
      if (arrived >= count) resolve();
      else waiting.set(count, resolve);
    });
  return { app: { fetch }, release, arrivals };
}

/** What the server sends for these octets, until it closes. */
async function exchange({ address, port }: Endpoint, octets: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = "";
  await Bun.connect({
    hostname: address,
    port,
    socket: {
      open: (socket) => void socket.write(octets),
      data: (_socket, data) => {
        received += data.toString("latin1");
      },
      close: () => resolve(received),
    },
  });
  return promise;
}

describe("listeners (HOST-11)", () => {
  test("IPv4 and IPv6 at once, each on a port of its own", async () => {
    const server = await listen({ listen: [FOUR, SIX] });
    expect(server.endpoints.map(({ address }) => address)).toEqual(["127.0.0.1", "::1"]);
    for (const index of [0, 1]) {
      expect(endpointOf(server, index).port).toBeGreaterThan(0);
      expect(await (await fetch(urlOf(server, "/healthz", index))).text()).toBe("ok\n");
    }
  });

  test("an IPv6 listener takes no IPv4 connection", async () => {
    const server = await listen({ listen: [{ address: "::", port: 0 }] });
    const { port } = endpointOf(server);
    expect((await fetch(`http://[::1]:${port}/healthz`)).status).toBe(200);
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });

  test("a port in use is a BindError that names it, and nothing stays open", async () => {
    const taken = endpointOf(await listen());
    const { port } = endpointOf(await listen({ listen: [SIX] }));
    await opened.pop()?.close(0);
    const attempt = listenHttp({ listen: [{ ...SIX, port }, taken], app });
    const error = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BindError);
    expect(error).toMatchObject({ part: "http", code: "EADDRINUSE", endpoint: taken });
    await listen({ listen: [{ ...SIX, port }] });
  });

  test("an address of no interface is a BindError", async () => {
    const endpoint = { address: "192.0.2.1", port: 0 };
    await expect(listenHttp({ listen: [endpoint], app })).rejects.toMatchObject({
      name: "BindError",
      code: "EADDRNOTAVAIL",
    });
  });
});

describe("over a socket", () => {
  test("HEAD has the length of GET's content and none of it", async () => {
    const server = await listen();
    const line = (method: string) => `${method} /status HTTP/1.1\r\nHost: localhost\r\n`;
    const close = "Connection: close\r\n\r\n";
    const get = await exchange(endpointOf(server), line("GET") + close);
    const head = await exchange(endpointOf(server), line("HEAD") + close);
    const [fields = "", content = ""] = get.split("\r\n\r\n");
    expect(fields).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(head).toEndWith("\r\n\r\n");
    expect(head.toLowerCase()).toContain(`\r\ncontent-length: ${content.length}\r\n`);
    expect(fields.toLowerCase()).toContain(`\r\ncontent-length: ${content.length}`);
  });

  const cases: readonly (readonly [string, string, number])[] = [
    ["no Host", "GET /healthz HTTP/1.1\r\n", 400],
    ["no Host in HTTP/1.0", "GET /healthz HTTP/1.0\r\n", 200],
    ["two Hosts", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: a.example\r\n", 421],
    ["another's name", "GET /healthz HTTP/1.1\r\nHost: a.example\r\n", 421],
    [
      "another's name in the target",
      "GET http://localhost/healthz HTTP/1.1\r\nHost: a.example\r\n",
      421,
    ],
    ["TRACE", "TRACE / HTTP/1.1\r\nHost: localhost\r\n", 501],
    ["CONNECT", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n", 501],
    ["a long target", `GET /${"a".repeat(4000)} HTTP/1.1\r\nHost: localhost\r\n`, 414],
    ["a large header", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(9000)}\r\n`, 431],
    ["a huge header", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(90_000)}\r\n`, 431],
    ["large content", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n", 413],
    [
      "two lengths of content",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
      400,
    ],
    ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 400],
  ];
  for (const [name, request, status] of cases) {
    test(`${name}: ${status}`, async () => {
      const server = await listen();
      const answer = await exchange(endpointOf(server), `${request}Connection: close\r\n\r\n`);
      expect(answer).toStartWith(`HTTP/1.1 ${status} `);
      expect((await fetch(urlOf(server, "/healthz"))).status).toBe(200);
    });
  }

  test("each request is told to the log, without its query", async () => {
    const entries: AccessEntry[] = [];
    const server = await listen({ log: (entry) => entries.push(entry) });
    await fetch(urlOf(server, "/nothing?token=secret#x"));
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      method: "GET",
      path: "/nothing",
      status: 404,
      peer: { address: "127.0.0.1" },
    });
    expect(entries[0]?.milliseconds).toBeGreaterThanOrEqual(0);
  });
});

describe("limits", () => {
  test("requests in work are bounded per address (429) and in all (503)", async () => {
    for (const [limit, status] of [
      ["requestsAtOncePerAddress", 429],
      ["requestsAtOnce", 503],
    ] as const) {
      const { app: held, release, arrivals } = heldApp();
      const server = await listen({
        app: held,
        limits: { ...DEFAULT_HTTP_LIMITS, [limit]: 2 },
      });
      const admitted = [fetch(urlOf(server, "/")), fetch(urlOf(server, "/"))];
      await arrivals(2);
      expect(server.requestsInWork()).toBe(2);
      const refused = await fetch(urlOf(server, "/"));
      expect(refused.status).toBe(status);
      expect(refused.headers.get("retry-after")).toBe("1");
      expect(refused.headers.get("content-type")).toBe("application/problem+json");
      release();
      for (const response of await Promise.all(admitted)) expect(response.status).toBe(200);
      expect(server.requestsInWork()).toBe(0);
      expect((await fetch(urlOf(server, "/"))).status).toBe(200);
    }
  });

  test("a place is given back where the application throws", async () => {
    const broken = { fetch: () => Promise.reject(new Error("broken")) };
    const limits = { ...DEFAULT_HTTP_LIMITS, requestsAtOnce: 1 };
    const server = await listen({ app: broken, limits });
    for (let round = 0; round < 3; round += 1) {
      expect((await fetch(urlOf(server, "/"))).status).toBe(500);
    }
  });
});

describe("close", () => {
  test("lets a request in work finish", async () => {
    const { app: held, release, arrivals } = heldApp();
    const server = await listen({ app: held });
    const response = fetch(urlOf(server, "/"));
    await arrivals(1);
    const closed = server.close(60_000);
    await expect(fetch(urlOf(server, "/"))).rejects.toThrow();
    release();
    expect(await (await response).text()).toBe("done\n");
    await closed;
  });

  test("cuts what does not finish in time", async () => {
    const { app: held, arrivals } = heldApp();
    const server = await listen({ app: held });
    const response = fetch(urlOf(server, "/"));
    await arrivals(1);
    await server.close(0);
    await expect(response).rejects.toThrow();
  });
});
