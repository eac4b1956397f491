import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AlertNews,
  createHooks,
  type HookOptions,
  NEWS_WAITING_MAXIMUM,
} from "../../src/monitor/alert-hooks.ts";
import type { Log } from "../../src/platform/log.ts";
import { NOW } from "../activation/support.ts";
import { scratchDirectory } from "../support/scratch.ts";

const folder = scratchDirectory("alert-hooks");

const NEWS: AlertNews = {
  transition: "raised",
  time: NOW,
  alert: {
    key: "disk",
    kind: "disk",
    severity: "critical",
    message: "$(touch x) `y` 'z'",
    raisedAt: NOW,
  },
};

function hooksOf(options: Partial<HookOptions>) {
  const lines: string[] = [];
  const say = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
    lines.push(`${message} ${JSON.stringify(fields, (_, value) => value?.message ?? value)}`);
  };
  const log: Log = { debug: say, info: say, warning: say, error: say };
  const base = { host: "box", webhook: undefined, exec: undefined, log };
  return { hooks: createHooks({ ...base, ...options }), lines };
}

/** A program of the test's own. */
function program(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"));
  chmodSync(path, 0o755);
  return path;
}

/** Resolves once the file is there. */
function appears(path: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(folder, () => {
    if (existsSync(path)) resolve();
  });
  if (existsSync(path)) resolve();
  return promise.finally(() => watcher.close());
}

describe("the web address (REPORT-3)", () => {
  test("is given one document for each change", async () => {
    const received = Promise.withResolvers<unknown>();
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        received.resolve({ method: request.method, body: await request.json() });
        return new Response();
      },
    });
    const { hooks, lines } = hooksOf({ webhook: `http://127.0.0.1:${server.port}/alerts` });
    hooks.tell(NEWS);
    expect(await received.promise).toEqual({
      method: "POST",
      body: {
        schema: 1,
        host: "box",
        transition: "raised",
        time: "2026-01-15T12:00:00.000Z",
        alert: {
          key: "disk",
          kind: "disk",
          severity: "critical",
          message: "$(touch x) `y` 'z'",
          raisedAt: "2026-01-15T12:00:00.000Z",
        },
      },
    });
    await hooks.stop();
    await server.stop(true);
    expect(lines).toEqual([]);
  });

  test("that fails, refuses or does not answer is said in the log, and nothing waits for it", async () => {
    const failures: readonly [HookOptions["fetch"], string][] = [
      [() => Promise.reject(new Error("connection refused")), "connection refused"],
      [async () => new Response(null, { status: 500 }), "HTTP 500"],
      [
        (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal?.addEventListener("abort", () => reject(new Error("timed out")));
          }),
        "timed out",
      ],
    ];
    for (const [call, reason] of failures) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timeoutMilliseconds = 20;
      const webhook = "http://127.0.0.1:9/";
      const said: string[] = [];
      const say = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
        said.push(`${message}: ${String((fields?.["error"] as Error | undefined)?.message)}`);
        resolve();
      };
      const log: Log = { debug: say, info: say, warning: say, error: say };
      const options = { timeoutMilliseconds, webhook, log, ...(call && { fetch: call }) };
      createHooks({ host: "box", exec: undefined, ...options }).tell(NEWS);
      await promise;
      expect(said).toEqual([`news of an alert did not arrive: ${reason}`]);
    }
  });

  test("nothing is called that is not named, and too much news is dropped", async () => {
    let calls = 0;
    const call = async (): Promise<Response> => {
      calls += 1;
      return new Response();
    };
    const off = hooksOf({ fetch: call });
    off.hooks.tell(NEWS);
    await off.hooks.stop();
    expect(calls).toBe(0);
    const { hooks, lines } = hooksOf({ webhook: "http://127.0.0.1:9/", fetch: call });
    for (let news = 0; news < NEWS_WAITING_MAXIMUM + 10; news += 1) hooks.tell(NEWS);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines[0]).toStartWith("news of an alert dropped");
    await hooks.stop();
  });
});

describe("the program (REPORT-3)", () => {
  test("gets words of ours as arguments, the rest on its standard input, and no shell", async () => {
    const output = join(folder, "heard");
    const exec = program(
      "hear",
      `echo "$# $1 $2" > ${output}.part`,
      `cat >> ${output}.part`,
      `mv ${output}.part ${output}`,
    );
    const { hooks, lines } = hooksOf({ exec });
    hooks.tell(NEWS);
    await appears(output);
    await hooks.stop();
    const [words, document] = readFileSync(output, "utf8").split("\n");
    expect(words).toBe("2 raised disk");
    expect(JSON.parse(document ?? "")).toMatchObject({ alert: { message: NEWS.alert.message } });
    expect(existsSync(join(folder, "x"))).toBe(false);
    expect(lines).toEqual([]);
  });

  test("finds nothing of the appliance's surroundings", async () => {
    const output = join(folder, "environment");
    const exec = program("look", `env > ${output}.part`, `mv ${output}.part ${output}`);
    const { hooks } = hooksOf({ exec });
    hooks.tell(NEWS);
    await appears(output);
    await hooks.stop();
    const names = readFileSync(output, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0] ?? "");
    // What the shell itself sets.
    const ours = names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name));
    expect(ours).toEqual(["PATH"]);
  });

  test("that does not end, fails or is not there is said in the log", async () => {
    const cases: readonly (readonly [string, string])[] = [
      [program("sleep", "exec sleep 60"), "ended with SIGKILL"],
      [program("fail", "exit 3"), "ended with 3"],
      [join(folder, "nowhere"), "no such file"],
    ];
    for (const [exec, reason] of cases) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const say = (_message: string, fields?: Readonly<Record<string, unknown>>): void =>
        resolve(String((fields?.["error"] as Error | undefined)?.message));
      const log: Log = { debug: say, info: say, warning: say, error: say };
      const hooks = createHooks({
        host: "box",
        webhook: undefined,
        exec,
        log,
        timeoutMilliseconds: 50,
      });
      hooks.tell(NEWS);
      expect(await promise).toContain(reason);
    }
  });
});

test("an appliance that stops waits for neither", async () => {
  const begun = Promise.withResolvers<void>();
  const call: HookOptions["fetch"] = (_, { signal }) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("ended")));
      begun.resolve();
    });
  const { hooks, lines } = hooksOf({ webhook: "http://127.0.0.1:9/", fetch: call });
  hooks.tell(NEWS);
  await begun.promise;
  await hooks.stop();
  hooks.tell(NEWS);
  const started = join(folder, "started");
  const exec = program("long", `touch ${started}`, "exec sleep 60");
  const other = hooksOf({ exec });
  other.hooks.tell(NEWS);
  await appears(started);
  await other.hooks.stop();
  expect([...lines, ...other.lines]).toEqual([]);
});
