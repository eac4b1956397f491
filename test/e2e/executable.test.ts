import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { executable, runExecutable, startExecutable } from "../support/executable.ts";
import { scratchDirectory } from "../support/scratch.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;

beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

describe("the executable", () => {
  const directory = scratchDirectory("executable");

  test("knows its version and commit", () => {
    const { exitCode, stdout } = runExecutable(["version"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^muster \d+\.\d+\.\d+ \(([0-9a-f]{12}(-modified)?|unknown); bun /);
  });

  test("reads neither .env nor bunfig.toml of the folder it is called in", () => {
    writeFileSync(join(directory, ".env"), "MUSTER_DNS_TTL=1\n");
    writeFileSync(join(directory, "bunfig.toml"), 'preload = ["./nothing.ts"]\n');
    const { exitCode, stdout } = runExecutable(["check", "--explain"], { directory });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^dns\.ttl += 3600 +# default$/m);
  });

  test("places mistakes of a file, and ends with 3", () => {
    writeFileSync(join(directory, "appliance.toml"), "[dns]\n\nttl = 0\n");
    expect(runExecutable(["serve"], { directory })).toEqual({
      exitCode: 3,
      stdout: "",
      stderr: "appliance.toml:3:1: dns.ttl: must be at least 1, found 0\n",
    });
  });

  test("writes whole outputs to a pipe", () => {
    const { stdout } = runExecutable(["init", "--stdout"], { directory });
    expect(stdout).toEndWith("#threshold = 25\n");
  });
});

describe("serve", () => {
  test("opens its listeners, says where, ends with 0 and takes its ready file away", async () => {
    const directory = scratchDirectory("serve-ready");
    const appliance = await startExecutable({ directory });
    for (const [endpoint] of Object.values(appliance.listening)) {
      expect(endpoint?.address).toBe("127.0.0.1");
      expect(endpoint?.port).toBeGreaterThan(0);
    }
    expect(appliance.stdout()).toContain("Try next:");
    expect(existsSync(join(directory, "ready.json"))).toBe(true);
    expect(await appliance.stop()).toBe(0);
    expect(existsSync(join(directory, "ready.json"))).toBe(false);
  });

  test("SIGINT ends it as SIGTERM does", async () => {
    const appliance = await startExecutable();
    appliance.signal("SIGINT");
    expect(await appliance.ended).toBe(0);
  });

  describe("a port that is taken", () => {
    const holder = createServer();
    let port = 0;
    beforeAll(async () => {
      await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
      const address = holder.address();
      port = typeof address === "object" && address !== null ? address.port : 0;
    });
    afterAll(() => void holder.close());

    test("ends with 4 and names who holds it", () => {
      const free = ["--set", "rpc.listen=127.0.0.1:0", "--set", "dns.listen=127.0.0.1:0"];
      const data = `appliance.data_directory=${scratchDirectory("taken")}`;
      const { exitCode, stdout, stderr } = runExecutable(
        ["serve", ...free, "--set", `http.listen=127.0.0.1:${port}`, "--set", data],
        { environment: { MUSTER_CONFIG: "/dev/null" } },
      );
      expect([exitCode, stdout]).toEqual([4, ""]);
      expect(stderr).toContain(`http: cannot listen on 127.0.0.1:${port}: the port is in use`);
      expect(stderr).toContain(`(process ${process.pid})`);
    });
  });
});
