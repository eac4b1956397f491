import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  domainOfHostName,
  parseDnsServer,
  parseDomain,
  parseProduct,
  parseThreshold,
  parseTimeoutMs,
} from "../../src/cli/client-flags.ts";
import { EXIT_CODE } from "../../src/cli/exit-code.ts";
import type { RpcListener } from "../../src/rpc/listener.ts";
import { authorityNamed, FakeHost } from "../client/fake-host.ts";
import { LOOPBACK, listenAs, portOf } from "../client/loopback.ts";
import { runCommand } from "../support/command.ts";

let listener: RpcListener;
let host: FakeHost;
let server = "";
let directory = "";
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "muster-cli-client-"));
  host = new FakeHost(authorityNamed("lab authority", true));
  listener = await listenAs(host);
  server = `${LOOPBACK}:${portOf(listener)}`;
});
afterEach(async () => {
  await listener.close(0);
  rmSync(directory, { recursive: true, force: true });
});

const activate = (...parameters: readonly string[]) =>
  runCommand(["client", "activate", ...parameters]);

describe("muster client activate", () => {
  test("--json prints one object, with everything a script needs", async () => {
    const cmid = "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5";
    const result = await activate("--server", server, "--cmid", cmid, "--json");
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({
      schema: 1,
      activated: true,
      count: 25,
      threshold: 25,
      result: "0x00000000",
      server,
      cmid,
      activationIntervalMinutes: 120,
      renewalIntervalMinutes: 10_080,
      reason: "activated: the host counts 25, 25 are needed",
      selfIssued: true,
    });
  });

  test("says it to a person, self-issued authority included", async () => {
    const { stdout, stderr, exitCode } = await activate("--server", server);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`activated by  ${server}`);
    expect(stdout).toContain("licensed by   lab authority, self-issued");
    expect(stderr).toBe("");
  });

  test("passes on what the flags say of the machine", async () => {
    const flags = ["--name", "PC-7", "--virtual", "--threshold", "3"];
    await activate("--server", server, "--product", "lab server datacenter", ...flags);
    expect(host.requests[0]).toMatchObject({
      machineName: "PC-7",
      virtual: true,
      requiredCount: 3,
      activationId: "1fd0e657-053d-4985-a0e9-8584070581a7",
    });
  });

  test("--verbose shows the event log's entries", async () => {
    const { stderr } = await activate("--server", server, "--verbose");
    expect(stderr).toMatch(
      /^12288 .*Info: 0x00000000,.*\n12289 .*Info: 0x00000000,1,25,120,10080,/,
    );
  });

  const endings: readonly [string, (host: FakeHost) => void, string[], number, string][] = [
    ["count too low", (host) => (host.count = 1), [], EXIT_CODE.countTooLow, "0xc004f038"],
    ["refused", (host) => (host.refusal = 0xc004f042), [], EXIT_CODE.refused, "0xc004f042"],
    [
      "not trusted",
      () => undefined,
      ["--authority", "0".repeat(64)],
      EXIT_CODE.notTrusted,
      "0x800b0109",
    ],
  ];
  for (const [name, prepare, flags, exitCode, result] of endings) {
    test(`${name}: ends with ${exitCode}`, async () => {
      prepare(host);
      const said = await activate("--server", server, ...flags);
      expect(said.exitCode).toBe(exitCode);
      expect(said.stdout).toBe("");
      expect(said.stderr).toContain(`muster: not activated (${result}): `);
      const document = await activate("--server", server, "--json", ...flags);
      expect(document.exitCode).toBe(exitCode);
      expect(JSON.parse(document.stdout)).toMatchObject({ activated: false, result });
    });
  }

  test(`unreachable: ends with ${EXIT_CODE.unreachable}`, async () => {
    await listener.close(0);
    const result = await activate("--server", server);
    expect(result.exitCode).toBe(EXIT_CODE.unreachable);
    expect(result.stderr).toContain("0xc004f074");
  });

  const mistakes: readonly [string, ...string[]][] = [
    ["no host", "--server", "a:b:c"],
    ["no address", "--dns", "dns.lab.test"],
    ["no domain", "--domain", "."],
    ["no GUID", "--cmid", "1"],
    ["no count", "--threshold", "-1"],
    ['did you mean "Lab Server Standard"', "--product", "Lab Server Standrd"],
    ["no authority key", "--authority", "00"],
    ["no time", "--timeout", "0"],
    ["exclude each other", "--server", "a", "--domain", "lab.test"],
  ];
  for (const [words, ...flags] of mistakes) {
    test(`${flags.join(" ")}: a mistake of use`, async () => {
      const { exitCode, stderr } = await activate(...flags);
      expect(exitCode).toBe(EXIT_CODE.usage);
      expect(stderr).toContain(words);
    });
  }

  test("CLIENT-1: without --state this machine is kept among the user's own files", async () => {
    const environment = { HOME: directory };
    const once = async (...parameters: readonly string[]) => {
      const words = ["client", "activate", "--server", server, "--json", ...parameters];
      const { stdout } = await runCommand(words, { environment });
      return JSON.parse(stdout).cmid as string;
    };
    const own = await once();
    expect(await once()).toBe(own);
    expect(existsSync(join(directory, ".local", "state", "muster", "client.json"))).toBe(true);
    const others = [
      await once("--name", "pc-7"),
      await once("--name", "pc-7"),
      await once("--threshold", "1"),
      await once("--virtual"),
    ];
    expect(new Set([own, ...others]).size).toBe(5);
    expect(await once()).toBe(own);
    const report = await runCommand(["client", "report", "--json"], { environment });
    expect(JSON.parse(report.stdout)).toMatchObject({ cmid: own });
  });

  test("a damaged state file is said, with what to do", async () => {
    const state = join(directory, "client.json");
    writeFileSync(state, "{");
    const { exitCode, stderr } = await activate("--server", server, "--state", state);
    expect(exitCode).toBe(EXIT_CODE.failure);
    expect(stderr).toContain("is not a client's state");
    expect(stderr).toContain("backup");
  });
});

describe("muster client report", () => {
  test("CLIENT-9: shows what the state file holds, as text and as JSON", async () => {
    const state = join(directory, "client.json");
    await activate("--server", server, "--state", state);
    const text = await runCommand(["client", "report", "--state", state]);
    expect(text.exitCode).toBe(0);
    expect(text.stdout).toContain("License Status: Licensed");
    const json = await runCommand(["client", "report", "--state", state, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 1,
      licenceState: 1,
      fixedHost: server,
      lastCount: 25,
    });
  });

  test("without a state there is nothing to report", async () => {
    const { exitCode, stderr } = await runCommand(["client", "report", "--state", "/nonexistent"]);
    expect(exitCode).toBe(EXIT_CODE.failure);
    expect(stderr).toContain("client activate");
  });
});

describe("what flags mean", () => {
  test("DNS servers, with and without port, in both families", () => {
    expect(parseDnsServer("192.0.2.1")).toEqual({ address: "192.0.2.1", port: 53 });
    expect(parseDnsServer("192.0.2.1:5353")).toEqual({ address: "192.0.2.1", port: 5353 });
    expect(parseDnsServer("::1")).toEqual({ address: "::1", port: 53 });
    expect(parseDnsServer("[::1]:5353")).toEqual({ address: "::1", port: 5353 });
  });

  test("domains, products by name, id or a pair of ids, counts and times", () => {
    expect(parseDomain("Lab.Test.")).toBe("Lab.Test");
    const byId = parseProduct("{1FD0E657-053D-4985-A0E9-8584070581A7}");
    expect(byId).toMatchObject({ name: "Lab Server Datacenter", threshold: 5, kind: "server" });
    const ids = ["00112233-4455-6677-8899-AABBCCDDEEFF", "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5"];
    expect(parseProduct(ids.join("/"))).toMatchObject({
      applicationId: "00112233-4455-6677-8899-aabbccddeeff",
      activationId: "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5",
      group: null,
      threshold: 25,
    });
    expect(() => parseProduct([...ids, ...ids].join("/"))).toThrow("no product");
    expect(parseThreshold("4294967295")).toBe(4_294_967_295);
    expect(() => parseThreshold("4294967296")).toThrow("no count");
    expect(parseTimeoutMs("0.25")).toBe(250);
    expect(() => parseTimeoutMs("301")).toThrow("no time");
  });

  test("a machine's own domain is what follows the first label of its name", () => {
    expect(domainOfHostName("pc-7.lab.test")).toBe("lab.test");
    expect(domainOfHostName("pc-7.lab.test.")).toBe("lab.test");
    expect(domainOfHostName("pc-7")).toBeUndefined();
    expect(domainOfHostName("")).toBeUndefined();
  });
});
