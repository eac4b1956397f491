/** The HTTP service as curl sees it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHttpApp } from "../../src/http/app.ts";
import { DEFAULT_HTTP_LIMITS } from "../../src/http/limits.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import { createObservations } from "../../src/http/observations.ts";
import { type HttpServer, listenHttp } from "../../src/http/server.ts";
import { type HttpSettings, startHttpService } from "../../src/http/service.ts";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { ok } from "../../src/platform/result.ts";
import { FULL_SOURCES } from "../http/full-sources.ts";
import { METRICS_REPORT } from "../http/metrics-report.ts";
import { SOURCES } from "../http/sources.ts";
import { peerTest } from "../support/peers.ts";
import { scratchDirectory } from "../support/scratch.ts";

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
  // The time, and the page's own address with its QR code, differ.
  const own = /^date: .*$|<figure class="code"[\s\S]*?<\/p>/gim;
  const distinct = new Set(outputs.map((output) => output.replace(own, "")));
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

peerTest(
  ["promtool"],
  "promtool finds nothing to mend in the metrics (REPORT-4)",
  async (program) => {
    const observations = createObservations();
    const metrics = createMetrics({ ...FULL_SOURCES, report: () => METRICS_REPORT }, observations);
    observations.observeRequest(0xc004f042, 0.001);
    observations.observeCommit(3, 0.002);
    const app = createHttpApp(FULL_SOURCES, { metrics });
    const text = await (await app.request("/metrics")).text();
    expect(text).toContain('muster_alerts{kind="disk",severity="critical"} 1');
    const child = Bun.spawn([program, "check", "metrics"], {
      stdin: new Blob([text]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const said = await Promise.all(
      [child.stdout, child.stderr].map((out) => new Response(out).text()),
    );
    expect(said.join("")).toBe("");
    expect(await child.exited).toBe(0);
  },
);

describe("the service of an appliance", () => {
  const directory = scratchDirectory("https");
  const at = (name: string) => join(directory, name);

  /** A certificate for `name`, and its key, in the place of those that were there. */
  function makeCertificate(openssl: string, name: string): void {
    const parameters = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    parameters.push("-nodes", "-days", "2", "-subj", `/CN=${name}`);
    parameters.push("-addext", `subjectAltName=DNS:${name}`);
    parameters.push("-keyout", at("key.pem"), "-out", at("certificate.pem"));
    expect(Bun.spawnSync([openssl, ...parameters], { stderr: "pipe" }).exitCode).toBe(0);
  }

  const settings = (changes: Partial<HttpSettings>): HttpSettings => ({
    listen: [{ address: "127.0.0.1", port: 0 }],
    hostNames: ["one.test", "two.test"],
    token: undefined,
    tokenFile: undefined,
    openDetails: false,
    tls: undefined,
    limits: DEFAULT_HTTP_LIMITS,
    ...changes,
  });
  const start = (changes: Partial<HttpSettings>) =>
    startHttpService(settings(changes), {
      sources: FULL_SOURCES,
      store: {
        setting: async () => undefined,
        putSetting: async () => ok(undefined),
        health: () => ({ state: "ok" }),
      },
      observations: createObservations(),
      documents: [],
      host: { snapshot: () => ({}) as never },
      rpc: () => undefined,
      dns: () => undefined,
      relay: () => METRICS_REPORT.relay,
    });

  async function ask(program: string, ...parameters: readonly string[]) {
    const child = Bun.spawn([program, "--silent", "--noproxy", "*", ...parameters], {
      stdout: "pipe",
    });
    return { text: await new Response(child.stdout).text(), exitCode: await child.exited };
  }

  peerTest(
    ["openssl", "curl"],
    "speaks TLS, and a new certificate after a reload",
    async (openssl, curl) => {
      makeCertificate(openssl ?? "", "one.test");
      const tls = { certificate: at("certificate.pem"), key: at("key.pem") };
      const service = await start({ tls });
      const port = service.endpoints[0]?.port ?? 0;
      const by = (name: string) =>
        ask(
          curl ?? "",
          ...["--cacert", at("certificate.pem"), "--resolve", `${name}:${port}:127.0.0.1`],
          `https://${name}:${port}/healthz`,
        );
      try {
        expect(await by("one.test")).toEqual({ text: "ok\n", exitCode: 0 });
        makeCertificate(openssl ?? "", "two.test");
        expect((await by("two.test")).exitCode).not.toBe(0);
        service.reload();
        expect(await by("two.test")).toEqual({ text: "ok\n", exitCode: 0 });

        writeFileSync(at("key.pem"), "no key");
        expect(() => service.reload()).toThrow("holds no private key");
        expect((await by("two.test")).text).toBe("ok\n");
        expect((await ask(curl ?? "", `http://127.0.0.1:${port}/healthz`)).exitCode).not.toBe(0);
      } finally {
        await service.close(0);
      }
    },
  );

  peerTest(
    ["curl"],
    "takes its token from a file, and another one after a reload",
    async (curl) => {
      writeFileSync(at("token"), "first-token-of-the-lab\n");
      const service = await start({ token: "not-used-0123456789", tokenFile: at("token") });
      const port = service.endpoints[0]?.port ?? 0;
      const status = async (...parameters: readonly string[]) => {
        const flags = ["--output", "/dev/null", "--write-out", "%{http_code}"];
        // As if from elsewhere, through a proxy on this machine.
        flags.push("--header", "X-Forwarded-For: 192.0.2.9");
        const url = `http://127.0.0.1:${port}/api/v1/clients`;
        return (await ask(curl, ...flags, ...parameters, url)).text;
      };
      const bearer = (token: string) => ["--header", `Authorization: Bearer ${token}`] as const;
      try {
        expect(await status()).toBe("401");
        expect(await status(...bearer("first-token-of-the-lab"))).toBe("200");
        expect(await status("--user", "x:first-token-of-the-lab")).toBe("200");
        expect(await status(...bearer("not-used-0123456789"))).toBe("401");
        writeFileSync(at("token"), "second-token-of-the-lab");
        service.reload();
        expect(await status(...bearer("first-token-of-the-lab"))).toBe("401");
        expect(await status(...bearer("second-token-of-the-lab"))).toBe("200");
        writeFileSync(at("token"), "short");
        expect(() => service.reload()).toThrow("holds no token");
        expect(await status(...bearer("second-token-of-the-lab"))).toBe("200");
      } finally {
        await service.close(0);
      }
    },
  );

  test("does not start on files that cannot be used", async () => {
    const missing = { certificate: at("none.pem"), key: at("none.pem") };
    await expect(start({ tls: missing })).rejects.toThrow("http.tls_certificate");
    await expect(start({ tokenFile: at("none") })).rejects.toThrow("http.token_file");
  });
});
