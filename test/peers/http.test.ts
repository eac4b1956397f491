/** The HTTP service as curl sees it. */
import { afterAll, beforeAll, expect } from "bun:test";
import { createHttpApp } from "../../src/http/app.ts";
import { type HttpServer, listenHttp } from "../../src/http/server.ts";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { SOURCES } from "../http/sources.ts";
import { peerTest } from "../support/peers.ts";

let server: HttpServer;
beforeAll(async () => {
  const listen = ["127.0.0.1", "::1"].map((address) => ({ address, port: 0 }));
  server = await listenHttp({ listen, app: createHttpApp(SOURCES) });
});
afterAll(() => server.close(0));

/** What curl prints; every listener has to give the same. */
async function curl(path: string, ...rest: readonly string[]): Promise<string> {
  const [program = "", ...flags] = rest;
  const outputs = await Promise.all(
    server.endpoints.map(async (endpoint) => {
      const url = `http://${formatEndpoint(endpoint)}${path}`;
      const command = [program, "--silent", "--noproxy", "*", "--max-time", "10", ...flags, url];
      const child = Bun.spawn(command, { stdout: "pipe" });
      const output = await new Response(child.stdout).text();
      expect(await child.exited).toBe(0);
      return output;
    }),
  );
  const distinct = new Set(outputs.map((output) => output.replace(/^date: .*$/gim, "")));
  expect(distinct.size).toBe(1);
  return outputs[0] ?? "";
}

peerTest(["curl"], "curl gets ten lines by IPv4 and IPv6 (HOST-11)", async (program) => {
  const lines = (await curl("/", program)).split("\n");
  expect(lines).toHaveLength(11);
  expect(lines[0]).toStartWith("lab-box ");
});

peerTest(["curl"], "curl gets what it asks for by Accept", async (program) => {
  const html = await curl("/", program, "--header", "Accept: text/html");
  expect(html).toStartWith("<!doctype html>");
  const json = await curl("/", program, "--header", "Accept: application/json");
  expect(JSON.parse(json)).toMatchObject({ count: 27 });
});

peerTest(["curl"], "curl --head and OPTIONS", async (program) => {
  const length = (await curl("/status.txt", program)).length;
  const head = await curl("/status.txt", program, "--head");
  expect(head).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(head.toLowerCase()).toContain(`\r\ncontent-length: ${length}\r\n`);
  const options = await curl("/status.txt", program, "--include", "--request", "OPTIONS");
  expect(options).toStartWith("HTTP/1.1 204 No Content\r\n");
  expect(options.toLowerCase()).toContain("\r\nallow: get, head, options\r\n");
});

peerTest(["curl"], "curl with an entity tag gets nothing twice", async (program) => {
  const tag = /^etag: (.*)\r$/im.exec(await curl("/version", program, "--head"))?.[1] ?? "";
  expect(tag).not.toBe("");
  const again = await curl("/version", program, "--include", "--header", `If-None-Match: ${tag}`);
  expect(again).toStartWith("HTTP/1.1 304 Not Modified\r\n");
  expect(again).toEndWith("\r\n\r\n");
});

peerTest(["curl"], "another site's name gets a problem, not the status", async (program) => {
  const answer = await curl("/status", program, "--include", "--header", "Host: evil.example");
  expect(answer).toStartWith("HTTP/1.1 421 ");
  expect(answer.toLowerCase()).toContain("\r\ncontent-type: application/problem+json\r\n");
  expect(answer).not.toContain("lab-box");
});
