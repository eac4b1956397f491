import { describe, expect, test } from "bun:test";
import { routes } from "../../src/cli/routes.ts";
import { runCommand } from "../support/command.ts";

describe("bare muster", () => {
  test("says in about ten lines what it is, with three examples, and every command", async () => {
    const { exitCode, stdout } = await runCommand([]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n").length).toBeLessThan(12 + Object.keys(routes).length);
    expect(stdout.match(/^ {2}muster \w+/gm)).toHaveLength(3);
    for (const name of Object.keys(routes)) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  for (const words of [["help"], ["--help"], ["-h"]]) {
    test(`${words[0]} says the same`, async () => {
      expect(await runCommand(words)).toEqual(await runCommand([]));
    });
  }
});

describe("help of a command", () => {
  for (const name of Object.keys(routes)) {
    test(`${name}: on standard output, usage first, in either way of asking`, async () => {
      const asked = await runCommand(["help", name]);
      expect(asked).toEqual(await runCommand([name, "--help"]));
      expect(asked.exitCode).toBe(0);
      expect(asked.stderr).toBe("");
      expect(asked.stdout).toStartWith(`USAGE\n  muster ${name}`);
    });
  }
});

type Case = { readonly words: readonly string[]; readonly says: RegExp };

describe("a command line that is not understood ends with 2", () => {
  const cases: readonly Case[] = [
    { words: ["serv"], says: /^muster: unknown command "serv"; did you mean "serve"\?\n$/ },
    { words: ["frobnicate"], says: /^muster: unknown command "frobnicate"; `muster` lists all\n$/ },
    { words: ["help", "frobnicate"], says: /unknown command "frobnicate"/ },
    { words: ["serve", "--confg", "x"], says: /--confg, did you mean --config\?/ },
    { words: ["serve", "--config"], says: /--config/ },
    { words: ["check", "surplus"], says: /too many arguments/ },
    { words: ["\u001b[2J"], says: /^muster: unknown command "\\x1b\[2J"; `muster` lists all\n$/ },
    { words: ["serve", "--trial", "--config", "x"], says: /^--trial takes no --config/ },
    { words: ["status", "--url", "gopher://x"], says: /is no http:\/\/ address/ },
  ];
  for (const { words, says } of cases) {
    test(JSON.stringify(words), async () => {
      const { exitCode, stdout, stderr } = await runCommand(words);
      expect(exitCode).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).toMatch(says);
    });
  }
});

describe("version", () => {
  test("is one line, and a document with the version of its form", async () => {
    expect((await runCommand(["--version"])).stdout).toMatch(/^muster \S+ \(.*\)\n$/);
    const { stdout } = await runCommand(["version", "--json"]);
    expect(Object.keys(JSON.parse(stdout))).toEqual(["schema", "version", "commit", "runtime"]);
  });
});
