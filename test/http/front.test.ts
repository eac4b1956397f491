import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createHttpApp } from "../../src/http/app.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "../../src/http/limits.ts";
import { type HttpListening, type HttpServer, listenHttp } from "../../src/http/server.ts";
import type { Endpoint } from "../../src/platform/endpoint.ts";
import { SOURCES } from "./sources.ts";

const servers: HttpServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close(0);
});

async function listen(
  limits: Partial<HttpLimits>,
  app: HttpListening["app"] = createHttpApp(SOURCES),
): Promise<{ readonly server: HttpServer; readonly endpoint: Endpoint }> {
  const server = await listenHttp({
    listen: [{ address: "127.0.0.1", port: 0 }],
    app,
    limits: { ...DEFAULT_HTTP_LIMITS, ...limits },
  });
  servers.push(server);
  const [endpoint] = server.endpoints;
  if (endpoint === undefined) throw new Error("no listener");
  return { server, endpoint };
}

/** A connection from an address of this machine; `ended` resolves when the other side ends it. */
function open({ address, port }: Endpoint, localAddress = "127.0.0.1") {
  const socket = connect({ host: address, port, localAddress });
  sockets.push(socket);
  const ended = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
    socket.on("error", () => {});
  });
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => {
    text += part;
  });
  return { socket, ended, text: () => text };
}

const REQUEST = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/** A connection that is served: it has asked and been answered. */
async function served(endpoint: Endpoint, localAddress?: string) {
  const connection = open(endpoint, localAddress);
  connection.socket.write(REQUEST);
  await once(connection.socket, "data");
  expect(connection.text()).toStartWith("HTTP/1.1 200 OK\r\n");
  return connection;
}

describe("connections are bounded", () => {
  test("in all: one more is closed at once, and a place that is left is taken again", async () => {
    const { server, endpoint } = await listen({ connections: 2, connectionsPerAddress: 2 });
    const [first] = [await served(endpoint), await served(endpoint)];
    const refused = open(endpoint);
    await refused.ended;
    expect(refused.text()).toBe("");
    expect(server.connections()).toMatchObject({ connectionsOpen: 2, connectionsRefused: 1 });
    first.socket.end();
    await first.ended;
    while (server.connections().connectionsOpen > 1) await Bun.sleep(1);
    await served(endpoint);
  });

  test("per address: others are served meanwhile", async () => {
    const { endpoint } = await listen({ connections: 8, connectionsPerAddress: 1 });
    await served(endpoint, "127.0.0.1");
    await open(endpoint, "127.0.0.1").ended;
    await served(endpoint, "127.0.0.2");
  });

  test("the application sees the client's own address, not the front's", async () => {
    const seen: (Endpoint | undefined)[] = [];
    const { endpoint } = await listen(
      {},
      {
        fetch: (_request, { peer }) => {
          seen.push(peer);
          return new Response("ok\n");
        },
      },
    );
    const { socket } = await served(endpoint, "127.0.0.7");
    expect(seen).toEqual([{ address: "127.0.0.7", port: socket.localPort ?? 0 }]);
  });
});

describe("what is large", () => {
  const LENGTH = 20_000_000;
  const large = { fetch: () => new Response("x".repeat(LENGTH)) };

  test("arrives whole at who reads slowly", async () => {
    const { endpoint } = await listen({}, large);
    const { socket, text, ended } = open(endpoint);
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    await once(socket, "data");
    for (let pause = 0; pause < 20; pause += 1) {
      socket.pause();
      await Bun.sleep(1);
      socket.resume();
      await Bun.sleep(1);
    }
    await ended;
    expect(text().length - text().indexOf("\r\n\r\n") - 4).toBe(LENGTH);
  });

  test("is cut where nobody reads it, and its place is free again", async () => {
    const limits = { connections: 1, connectionsPerAddress: 1, stallSeconds: 0.05 };
    const { server, endpoint } = await listen(limits, large);
    const { socket } = open(endpoint);
    socket.pause();
    socket.write(REQUEST);
    while (server.connections().connectionsStalled === 0) await Bun.sleep(5);
    expect(server.connections().connectionsOpen).toBe(0);
    await served(endpoint);
  });
});

test("a client that goes in the middle takes nothing with it", async () => {
  const { server, endpoint } = await listen({});
  for (const octets of ["", "GET", "GET / HTTP/1.1\r\nHost: loc", REQUEST]) {
    const { socket } = open(endpoint);
    await once(socket, "connect");
    socket.write(octets);
    socket.resetAndDestroy();
  }
  while (server.connections().connectionsOpen > 0) await Bun.sleep(1);
  await served(endpoint);
});
