import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Configuration } from "../../src/config/configuration.ts";
import { BindError, formatEndpoint } from "../../src/platform/endpoint.ts";
import { type CommandResult, IDLE_APPLIANCE, runCommand } from "../support/command.ts";
import { scratchDirectory } from "../support/scratch.ts";

const directory = scratchDirectory("serve");
const QUIET = { MUSTER_CONFIG: "/dev/null" };
const LISTENING = {
  rpc: [{ address: "127.0.0.1", port: 1688 }],
  dns: [{ address: "::1", port: 1053 }],
  http: [{ address: "127.0.0.1", port: 8080 }],
};

/** Serves until the banner is out, then sends the signals. */
function serve(
  parameters: readonly string[],
  signals: readonly NodeJS.Signals[],
  appliance: Partial<typeof IDLE_APPLIANCE> = {},
): Promise<CommandResult & { configuration: Configuration | undefined }> {
  const source = new EventEmitter();
  let configuration: Configuration | undefined;
  let sent = false;
  return runCommand(["serve", ...parameters], {
    environment: parameters.includes("--trial") ? {} : QUIET,
    signals: source,
    startAppliance: async (given) => {
      configuration = given;
      return { ...IDLE_APPLIANCE, listening: LISTENING, ...appliance };
    },
    onOutput: () => {
      if (sent) return;
      sent = true;
      queueMicrotask(() => {
        for (const signal of signals) source.emit(signal);
      });
    },
  }).then((result) => ({ ...result, configuration }));
}

describe("serve", () => {
  test("says where it listens, on what, and three commands to try", async () => {
    const { exitCode, stdout } = await serve([], ["SIGTERM"], { notices: ["self-issued"] });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("activation     127.0.0.1:1688");
    expect(stdout).toContain("DNS            [::1]:1053  zones lab.internal");
    expect(stdout).toContain("note: self-issued");
    expect(stdout.split("Try next:\n")[1]?.trimEnd().split("\n")).toEqual([
      "  muster status --url http://127.0.0.1:8080",
      "  muster client activate --server 127.0.0.1:1688 --name pc-1 --threshold 1",
      "  dig @::1 -p 1053 _vlmcs._tcp.lab.internal SRV",
    ]);
  });

  test("the ready file is there while it serves and gone after", async () => {
    const path = join(directory, "ready.json");
    let seen = "";
    const source = new EventEmitter();
    await runCommand(["serve", "--ready-file", path], {
      environment: QUIET,
      signals: source,
      startAppliance: async () => ({
        ...IDLE_APPLIANCE,
        listening: LISTENING,
        reload: async () => {
          seen = readFileSync(path, "utf8");
          source.emit("SIGTERM");
        },
      }),
      onOutput: () => setImmediate(() => source.emit("SIGHUP")),
    });
    expect(JSON.parse(seen)).toEqual({
      rpc: LISTENING.rpc.map(formatEndpoint),
      dns: LISTENING.dns.map(formatEndpoint),
      http: LISTENING.http.map(formatEndpoint),
      pid: process.pid,
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test("a ready file that cannot be written stops what was started", async () => {
    let stopped = 0;
    const path = join(directory, "no", "ready.json");
    const { exitCode, stderr } = await serve(["--ready-file", path], [], {
      stop: async () => {
        stopped += 1;
      },
    });
    expect([exitCode, stopped]).toEqual([1, 1]);
    expect(stderr).toContain("ENOENT");
  });

  test("SIGHUP reloads; a reload that fails is logged and does not end it", async () => {
    const { exitCode, stderr } = await serve([], ["SIGHUP", "SIGTERM"], {
      reload: () => Promise.reject(new Error("no such zone file")),
    });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('"message":"reload failed","error":"no such zone file"');
  });

  test("a port that cannot be opened: 4, with the way out and no stack", async () => {
    const { exitCode, stderr } = await runCommand(["serve"], {
      environment: QUIET,
      startAppliance: () =>
        Promise.reject(new BindError("dns", { address: "0.0.0.0", port: 53 }, "EACCES")),
    });
    expect(exitCode).toBe(4);
    expect(stderr).toStartWith("dns: cannot listen on 0.0.0.0:53: not permitted\n");
    expect(stderr).toContain("muster serve --trial");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("a folder that cannot be written: 1, by the system's own words", async () => {
    const { exitCode, stderr } = await runCommand(["serve"], {
      environment: QUIET,
      startAppliance: async () => {
        mkdirSync(join(directory, "no", "such"));
        return IDLE_APPLIANCE;
      },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^cannot start: ENOENT: no such file or directory, mkdir/);
  });

  test("a mistake of ours: 1, called so, and no stack", async () => {
    const { exitCode, stderr } = await runCommand(["serve"], {
      environment: QUIET,
      startAppliance: () => Promise.reject(new Error("unexpected")),
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^muster: unexpected; this is a mistake in muster \S+\n$/);
  });

  test("a configuration with mistakes: 3, and nothing is started", async () => {
    let started = false;
    const { exitCode } = await runCommand(["serve", "--set", "dns.ttl=0"], {
      environment: QUIET,
      startAppliance: async () => {
        started = true;
        return IDLE_APPLIANCE;
      },
    });
    expect([exitCode, started]).toEqual([3, false]);
  });
});

describe("serve --trial", () => {
  test("loopback, ports that need no privilege, a scratch folder that goes with it", async () => {
    const { exitCode, configuration } = await serve(["--trial"], ["SIGINT"]);
    expect(exitCode).toBe(0);
    if (configuration === undefined) throw new Error("not started");
    const { rpc, dns, http, store } = configuration;
    for (const { address, port } of [...rpc.listen, ...dns.listen, ...http.listen]) {
      expect(address).toBe("127.0.0.1");
      expect(port).toBeGreaterThanOrEqual(1024);
    }
    expect(store.file).toStartWith(join(tmpdir(), "muster-trial-"));
    expect(existsSync(dirname(store.file))).toBe(false);
  });

  test("settings hold in a trial as well", async () => {
    const { configuration } = await serve(["--trial", "--set", "dns.zones=a.test"], ["SIGINT"]);
    expect(configuration?.dns.host).toBe("muster.a.test");
  });
});
