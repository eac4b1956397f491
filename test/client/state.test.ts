import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STATE } from "../../src/client/licence-record.ts";
import { clientReport, formatClientReport } from "../../src/client/report.ts";
import {
  type ClientState,
  formatClientState,
  newClientState,
  parseClientState,
  withProduct,
} from "../../src/client/state.ts";
import { ClientStateError } from "../../src/client/state-error.ts";
import { loadClientState, saveClientState } from "../../src/client/state-file.ts";
import { sha256 } from "../../src/platform/hash.ts";
import { authorityNamed, FakeHost, NOW, RANDOM } from "./fake-host.ts";
import { Harness, PRODUCT } from "./harness.ts";

const DAY = 86_400_000;

describe("a client's state as text", () => {
  test("a new one, and one after an activation, are read back as they were", async () => {
    const harness = new Harness({ kms: new FakeHost(authorityNamed("lab authority", true)) });
    const fresh = harness.state;
    await harness.run();
    for (const state of [fresh, harness.state]) {
      expect(parseClientState(formatClientState(state))).toEqual({ ok: true, value: state });
    }
  });

  const state = newClientState(PRODUCT, NOW, RANDOM);
  const changed = (fields: Record<string, unknown>) => JSON.stringify({ ...state, ...fields });
  const damages: readonly [string, string, string][] = [
    ["nothing", "", "empty"],
    ["cut", formatClientState(state).slice(0, 100), "breaks off"],
    ["another version", changed({ version: 2 }), "version is 2"],
    ["a version that is none", changed({ version: "one" }), "version"],
    ["a CMID that is none", changed({ cmid: "none" }), "cmid"],
    ["a CMID in upper case", changed({ cmid: state.cmid.toUpperCase() }), "cmid"],
    ["an unknown licence state", changed({ licence: { state: 6, expiresAt: null } }), "licence"],
    ["an unknown field", changed({ extra: 1 }), "extra"],
    ["a field missing", changed({ licences: undefined }), "licences"],
    ["a port out of range", changed({ cachedHost: { host: "a", port: 0 } }), "cachedHost.port"],
    ["a key cut short", changed({ trustedAuthorityKey: "00" }), "trustedAuthorityKey"],
    [
      "a chain that is no base64",
      changed({ licences: [{ hostId: "0".repeat(32), chain: "%" }] }),
      "licences",
    ],
    ["a list", "[]", ""],
  ];
  for (const [name, text, words] of damages) {
    test(`${name}: refused in words`, () => {
      const parsed = parseClientState(text);
      expect(parsed.ok ? "read" : parsed.error).toContain(words);
      expect(parsed.ok).toBe(false);
    });
  }
});

describe("another product", () => {
  const old: ClientState = {
    ...newClientState(PRODUCT, NOW, RANDOM),
    licence: { state: STATE.licensed, expiresAt: NOW + 100 * DAY },
  };

  test("begins with its own grace period; the machine stays the same", () => {
    const activationId = "658b5cef-c70a-495f-a02e-a0a1dffad33e";
    const state = withProduct(old, { ...PRODUCT, activationId, kind: "server" }, NOW);
    expect(state.licence).toEqual({ state: STATE.initialGrace, expiresAt: NOW + 60 * DAY });
    expect(state.cmid).toBe(old.cmid);
  });

  test("the same with another threshold keeps its licence", () => {
    const state = withProduct(old, { ...PRODUCT, threshold: 3 }, NOW);
    expect(state.licence).toEqual(old.licence);
    expect(state.product.threshold).toBe(3);
  });
});

describe("the state file", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "muster-client-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const state = newClientState(PRODUCT, NOW, RANDOM);

  test("is its owner's alone, whole, and without leftovers", async () => {
    const path = join(directory, "deep", "client.json");
    await saveClientState(path, state);
    await saveClientState(path, { ...state, hostCaching: false });
    expect(readdirSync(join(directory, "deep"))).toEqual(["client.json"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "deep")).mode & 0o777).toBe(0o700);
    const loaded = await loadClientState(path);
    expect(loaded).toEqual({ state: { ...state, hostCaching: false }, notices: [] });
  });

  test("that is not there is not an error", async () => {
    expect(await loadClientState(join(directory, "none.json"))).toBeUndefined();
  });

  test("lax permissions are repaired, and said", async () => {
    const path = join(directory, "client.json");
    await saveClientState(path, state);
    chmodSync(path, 0o644);
    const loaded = await loadClientState(path);
    expect(loaded?.notices.join()).toContain("mode 0644");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("what an interrupted write left does not stand in the way", async () => {
    const path = join(directory, "client.json");
    writeFileSync(`${path}.new`, "half");
    await saveClientState(path, state);
    expect(readdirSync(directory)).toEqual(["client.json"]);
  });

  const damages: readonly [string, (text: string) => string][] = [
    ["empty", () => ""],
    ["cut", (text) => text.slice(0, text.length / 2)],
    ["far too large", (text) => text + " ".repeat(200_000)],
  ];
  for (const [name, damage] of damages) {
    test(`that is ${name} is an error, and stays as it is`, async () => {
      const path = join(directory, "client.json");
      await saveClientState(path, state);
      writeFileSync(path, damage(readFileSync(path, "utf8")));
      const before = readFileSync(path, "utf8");
      const error = await loadClientState(path).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ClientStateError);
      expect(error).toMatchObject({ code: "corrupt", path });
      expect(readFileSync(path, "utf8")).toBe(before);
    });
  }

  test("that cannot be read or written is an error that says so", async () => {
    const path = join(directory, "client.json");
    mkdirSync(path);
    await expect(loadClientState(path)).rejects.toMatchObject({ code: "unreadable" });
    await expect(saveClientState(path, state)).rejects.toMatchObject({ code: "unwritable" });
  });
});

describe("CLIENT-9: the report in the form of /dlv", () => {
  async function report(state: Partial<ClientState>, later = 0): Promise<string> {
    const harness = new Harness(
      { "kms.lab.test": new FakeHost(authorityNamed("lab authority", true)) },
      { cmid: "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5", ...state },
    );
    await harness.run();
    const lines = formatClientReport(clientReport(harness.state, NOW + later, "1.2.3", sha256));
    return lines.map((line) => line.replace(/\d{54}|MUSTR-[-\d.]+/, "...")).join("\n");
  }

  test("of an activated client", async () => {
    expect(await report({}, 4 * DAY)).toBe(
      [
        "Software licensing service version: 1.2.3",
        "",
        "Name: Lab Client Enterprise",
        "Description: muster volume activation, Lab Client Enterprise, VOLUME_KMSCLIENT channel",
        "Activation ID: 0c3b32aa-5919-466a-abf3-90b7c506aaf2",
        "Application ID: ce3c57d6-da5b-412d-bdb2-b2aeba932841",
        "Extended PID: ...",
        "Installation ID: ...",
        "Partial Product Key: none",
        "License Status: Licensed",
        "Volume activation expiration: 253440 minute(s) (176 day(s))",
        "Remaining rearm count: 3",
        "Trusted time: 2026-08-05T00:00:00.000Z",
        "",
        "Key Management Service client information",
        "Client Machine ID (CMID): 672d9c27-0c6c-4f37-9ea5-d8bd768d55b5",
        "KMS machine name from DNS: kms.lab.test:1688",
        "KMS machine extended PID: ...",
        "KMS machine licensed by: lab authority, self-issued",
        "Activation interval: 120 minutes",
        "Renewal interval: 10080 minutes",
        "KMS host caching is enabled",
      ].join("\n"),
    );
  });

  test("of one that was not renewed: time has moved its state", async () => {
    const tolerated = await report({}, 181 * DAY);
    expect(tolerated).toContain("License Status: License expired or Hardware out of tolerance");
    expect(tolerated).toContain("Time remaining: 41760 minute(s) (29 day(s))");
    const late = await report({}, 400 * DAY);
    expect(late).toContain("License Status: Notification\nRemaining rearm count");
  });

  test("CLIENT-2: of one with a fixed host and without caching", async () => {
    const fixedHost = { host: "kms.lab.test", port: 1700 };
    const text = await report({ fixedHost, hostCaching: false });
    expect(text).toContain("Registered KMS machine name: kms.lab.test:1700");
    expect(text).toContain("KMS host caching is disabled");
  });

  test("of one that never met a host", () => {
    const fresh = newClientState(PRODUCT, NOW, RANDOM);
    const text = formatClientReport(clientReport(fresh, NOW, "1", sha256)).join("\n");
    expect(text).toContain("License Status: Initial grace period\nTime remaining: 43200 minute(s)");
    expect(text).toContain("KMS machine name from DNS: not found yet");
    expect(text).not.toContain("KMS machine extended PID");
  });
});
