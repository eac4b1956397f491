import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderTemplate } from "../../src/config/template.ts";
import { runCommand } from "../support/command.ts";
import { scratchDirectory } from "../support/scratch.ts";

const directory = scratchDirectory("check");

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe("check", () => {
  test("a good file: 0, and one line", async () => {
    const path = file("good.toml", "[dns]\nttl = 60\n");
    expect(await runCommand(["check", "--config", path])).toEqual({
      exitCode: 0,
      stdout: `${path}: no mistakes\n`,
      stderr: "",
    });
  });

  test("a bad file: 3, and every mistake on standard error", async () => {
    const path = file("bad.toml", "[dns]\nttl = 0\nprot = 1\n");
    expect(await runCommand(["check", "--config", path])).toEqual({
      exitCode: 3,
      stdout: "",
      stderr:
        `${path}:2:1: dns.ttl: must be at least 1, found 0\n` +
        `${path}:3:1: dns.prot: unknown key; known here: enabled, publish, listen, zones, host, ` +
        "addresses, priority, weight, ttl, isolated_root, reverse, limits, record, zone_file, other_host, publish_to, rogue_check, update, key\n",
    });
  });

  test("no file where one is named: 3, and how to get one", async () => {
    const path = join(directory, "none.toml");
    const { exitCode, stderr } = await runCommand(["check", "--config", path]);
    expect(exitCode).toBe(3);
    expect(stderr).toBe(`${path}: no such file; \`muster init\` writes one\n`);
  });

  test("--explain says each value and where it came from", async () => {
    const path = file("explain.toml", "[dns]\nttl = 60\nweight = 1\n");
    const { stdout } = await runCommand(
      ["check", "--config", path, "--explain", "--set", "dns.weight=9"],
      { environment: { MUSTER_DNS_PRIORITY: "4" } },
    );
    const line = (key: string): string =>
      (stdout.split("\n").find((text) => text.startsWith(`${key} `)) ?? "").replaceAll(/ +/g, " ");
    expect(line("dns.ttl")).toBe(`dns.ttl = 60 # ${path}:2`);
    expect(line("dns.priority")).toBe("dns.priority = 4 # MUSTER_DNS_PRIORITY");
    expect(line("dns.weight")).toBe("dns.weight = 9 # --set");
    expect(line("dns.publish")).toBe("dns.publish = true # default");
    expect(line("dns.host")).toBe("dns.host = (by the machine) # default");
  });

  test("--json says the same to a program", async () => {
    const path = file("json.toml", "[dns]\nttl = 60\n");
    const { stdout } = await runCommand(["check", "--config", path, "--json"]);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ schema: 1, file: path });
    expect(document.keys).toContainEqual({
      key: "dns.ttl",
      value: 60,
      kind: "file",
      line: 2,
      column: 1,
    });
  });

  test("MUSTER_CONFIG names the file where no flag does", async () => {
    const path = file("named.toml", "[dns]\nttl = 0\n");
    expect(await runCommand(["check"], { environment: { MUSTER_CONFIG: path } })).toMatchObject({
      exitCode: 3,
    });
  });

  test("warnings are talk, and no failure", async () => {
    const path = file("warned.toml", '[http]\nlisten = ["192.0.2.1:80"]\n');
    const { exitCode, stderr } = await runCommand(["check", "--config", path]);
    expect(exitCode).toBe(0);
    expect(stderr).toStartWith(`warning: ${path}:2:11: http.listen[0]: `);
  });
});

describe("init", () => {
  test("writes the commented file, and says what comes next", async () => {
    const path = join(directory, "init.toml");
    const { exitCode, stdout, stderr } = await runCommand(["init", path]);
    expect([exitCode, stdout]).toEqual([0, ""]);
    expect(stderr).toContain(`muster serve --config ${path}`);
    expect(readFileSync(path, "utf8")).toBe(renderTemplate());
  });

  test("never overwrites, unless told to", async () => {
    const path = file("kept.toml", "mine");
    const refused = await runCommand(["init", path]);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: `${path} is there already; --force replaces it\n`,
    });
    expect(readFileSync(path, "utf8")).toBe("mine");
    expect((await runCommand(["init", path, "--force"])).exitCode).toBe(0);
    expect(readFileSync(path, "utf8")).toBe(renderTemplate());
  });

  test("says where it cannot write", async () => {
    const path = join(directory, "nowhere", "init.toml");
    expect(await runCommand(["init", path])).toMatchObject({
      exitCode: 1,
      stderr: `${path} cannot be written: ENOENT\n`,
    });
    expect(existsSync(path)).toBe(false);
  });

  test("--stdout writes no file", async () => {
    expect((await runCommand(["init", "--stdout"])).stdout).toBe(renderTemplate());
  });
});
