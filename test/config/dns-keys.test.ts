/** [dns.update] and [[dns.key]] (DNS-7). */
import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeyFileError, readKeys } from "../../src/config/dns-keys.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { literalName } from "../../src/dns/name.ts";
import { addressInBlocks } from "../../src/rpc/addresses.ts";
import { runCommand } from "../support/command.ts";
import { scratchDirectory } from "../support/scratch.ts";

const SECRET = "q83vq83vq83vq83vq83vq83vq83vq83vq83vq83vq80=";
const directory = scratchDirectory("dns-keys");

function load(text: string): ReturnType<typeof loadConfiguration> {
  const surroundings = { hostName: "box", baseDirectory: directory };
  return loadConfiguration({ text, environment: {}, settings: [], ...surroundings });
}

function accepted(text: string) {
  const loaded = load(text);
  if (!loaded.ok) throw new Error(loaded.error.map(({ what }) => what).join("; "));
  return loaded.value;
}

function complaints(text: string): readonly string[] {
  const loaded = load(text);
  const problems = loaded.ok ? loaded.value.warnings : loaded.error;
  return problems.map((problem) => formatProblem(problem, "appliance.toml"));
}

const key = (lines: string): string => `[[dns.key]]\nname = "PC7.lab.internal"\n${lines}`;

describe("what the file says", () => {
  test("without a word nobody may update", () => {
    const { update, keys } = accepted("").configuration.dns;
    expect(update.allow).toEqual([]);
    expect(keys).toEqual([]);
  });

  test("addresses, keys and what may be written", () => {
    const grants = 'grants = ["self A", "*.lab.internal", "_vlmcs._tcp.lab.internal SRV TYPE731"]';
    const text = `[dns.update]\nallow = ["192.0.2.0/24"]\n${key(`secret = "${SECRET}"\n${grants}`)}`;
    const { update, keys } = accepted(text).configuration.dns;
    expect(addressInBlocks("192.0.2.9", update.allow)).toBe(true);
    expect(addressInBlocks("198.51.100.9", update.allow)).toBe(false);
    expect(update.grants).toEqual([{ names: { kind: "any" }, types: new Set([1, 28, 12]) }]);
    expect(keys).toEqual([
      {
        name: literalName("pc7.lab.internal"),
        algorithm: "hmac-sha256",
        secret: Uint8Array.fromBase64(SECRET),
        secretFile: undefined,
        grants: [
          { names: { kind: "self" }, types: new Set([1]) },
          { names: { kind: "below", name: literalName("lab.internal") }, types: "usual" },
          {
            names: { kind: "exact", name: literalName("_vlmcs._tcp.lab.internal") },
            types: new Set([33, 731]),
          },
        ],
      },
    ]);
  });
});

describe("mistakes", () => {
  const cases: readonly (readonly [name: string, text: string, says: RegExp])[] = [
    ["no secret at all", key(""), /:1:3: dns\.key\[0\]: a key without a secret; give it secret or/],
    [
      "a secret that is none",
      key('secret = "abc"'),
      /:3:1: .*expected a secret in base64, found "\(hidden\)"/,
    ],
    ["a secret that is a number", key("secret = 17"), /:3:1: .*expected text, found 17/],
    ["a short secret", key('secret = "YWJj"'), /:3:1: dns\.key\[0\]\.secret: is short enough/],
    [
      "the secret of the example",
      key('secret = "bXVzdGVyLWV4YW1wbGUtc2VjcmV0LTMyLW9jdGV0cyE="'),
      /is the example that everybody can read/,
    ],
    [
      "two keys of one name",
      `${key(`secret = "${SECRET}"`)}\n${key(`secret = "${SECRET}"`)}`,
      /dns\.key\[1\]\.name: pc7\.lab\.internal is already a key above/,
    ],
    [
      "an algorithm of old",
      key(`secret = "${SECRET}"\nalgorithm = "hmac-md5"`),
      /expected one of "hmac-sha256"/,
    ],
    [
      "a grant of no type",
      key(`secret = "${SECRET}"\ngrants = ["self X"]`),
      /expected names and types/,
    ],
    ["self without a key", '[dns.update]\ngrants = ["self A"]', /expected names and types/],
    [
      "both kinds of secret",
      key(`secret = "${SECRET}"\nsecret_file = "k"`),
      /not used: secret_file goes/,
    ],
  ];
  test.each(cases)("%s", (_name, text, says) => {
    const said = complaints(text);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(says);
    expect(said[0]).not.toContain(SECRET);
  });
});

describe("secrets are not shown", () => {
  const path = join(directory, "shown.toml");
  writeFileSync(path, key(`secret = "${SECRET}"`));
  test.each([["--explain"], ["--json"]])("by muster check %s", async (flag) => {
    const { exitCode, stdout, stderr } = await runCommand(["check", "--config", path, flag]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("dns.key[0].secret");
    expect(stdout).toContain("(hidden)");
    expect(stdout).not.toContain(SECRET);
  });

  test("nor are broken ones", async () => {
    const broken = join(directory, "broken.toml");
    writeFileSync(broken, key('secret = "half-of-a-secret"'));
    const { stdout, stderr } = await runCommand(["check", "--config", broken]);
    expect(`${stdout}${stderr}`).not.toContain("half-of");
  });
});

describe("secret files", () => {
  const settings = (name: string) =>
    accepted(key(`secret_file = "${name}"`)).configuration.dns.keys;

  test("lie in the folder of the configuration, with or without a line end", async () => {
    for (const text of [SECRET, `${SECRET}\n`, ` ${SECRET}\r\n`]) {
      writeFileSync(join(directory, "pc7.key"), text, { mode: 0o600 });
      const { keys, notices } = await readKeys(settings("pc7.key"));
      expect(keys[0]?.secret).toEqual(Uint8Array.fromBase64(SECRET));
      expect(notices).toEqual([]);
    }
  });

  test("that others could read are repaired, and that is said", async () => {
    const path = join(directory, "open.key");
    writeFileSync(path, SECRET);
    chmodSync(path, 0o644);
    const { notices } = await readKeys(settings("open.key"));
    expect(notices.join()).toContain("others had permissions on it (mode 0644)");
  });

  test("that are missing or hold something else stop the start, and nothing of them is said", async () => {
    expect(readKeys(settings("nowhere.key"))).rejects.toThrow("ENOENT");
    writeFileSync(join(directory, "text.key"), "not a secret at all\n", { mode: 0o600 });
    const failure = await readKeys(settings("text.key")).catch((error: unknown) => error);
    if (!(failure instanceof KeyFileError)) throw failure;
    expect(failure.message).toMatch(/^dns\.key pc7\.lab\.internal\.: .*text\.key holds no secret$/);
    expect(failure.message).not.toContain("at all");
  });
});
