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
import { IdentityError } from "../../src/authority/identity-error.ts";
import {
  type IdentityOptions,
  loadOrCreateHostIdentity,
} from "../../src/authority/identity-store.ts";
import { mistypedGroup } from "../../src/authority/installation-id.ts";
import { sha256 } from "../../src/platform/hash.ts";
import { systemRandomBytes } from "../../src/platform/randomness.ts";
import { verifySignature } from "../../src/platform/signature.ts";
import { hostIdOf } from "../../src/protocol/host-id.ts";
import { authenticateChain } from "../../src/protocol/licence-chain.ts";

const NOW = Date.UTC(2026, 7, 1, 12);
const FILES = ["authority.key", "host.key", "host.licence"] as const;

let directory = "";
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "muster-identity-")), "data");
});
afterEach(() => {
  rmSync(join(directory, ".."), { recursive: true, force: true });
});

const load = (more: Partial<IdentityOptions> = {}) =>
  loadOrCreateHostIdentity({
    directory,
    clock: () => NOW,
    randomBytes: systemRandomBytes,
    ...more,
  });

async function failure(): Promise<IdentityError> {
  try {
    await load();
  } catch (error) {
    if (error instanceof IdentityError) return error;
    throw error;
  }
  throw new Error("an identity was loaded");
}

const inIdentity = (name: string) => join(directory, "identity", name);
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("TRUST-3: the first start", () => {
  test("makes a licensed, self-issued identity whose chain verifies", async () => {
    const identity = await load();
    expect(identity.created).toBe(true);
    expect(identity.notices).toEqual([]);
    expect(identity.selfIssued).toBe(true);
    expect(identity.group).toBe("serverC");
    expect(identity.licenceStatusAt(NOW)).toEqual({ licensed: true });
    const chain = authenticateChain(
      identity.licenceChainBytes,
      identity.authorityPublicKey,
      sha256,
      verifySignature,
    );
    expect(chain.ok).toBe(true);
    expect(identity.hostId).toEqual(hostIdOf(identity.publicKey, sha256));
    const message = new Uint8Array([1, 2, 3]);
    expect(verifySignature(identity.publicKey, message, identity.sign(message))).toBe(true);
  });

  test("HOST-9: what the report shows has the originals' form, and is plainly ours", async () => {
    const identity = await load();
    expect(identity.extendedPid).toMatch(/^MUSTR-00003-\d{3}-\d{6}-04-1033-0001\.0000-2132026$/);
    expect(mistypedGroup(identity.installationId)).toBeUndefined();
    expect(identity.partialProductKey).toHaveLength(5);
    expect(identity.description).toContain("VOLUME_KMS_C channel");
    expect(identity.description).toContain("self-issued");
  });

  test("a licence without end survives a clock that was never set, and one set later", async () => {
    const identity = await load();
    for (const now of [0, NOW, Date.UTC(2199, 0)]) {
      expect(identity.licenceStatusAt(now).licensed).toBe(true);
    }
  });

  test("keeps folder and files to their owner", async () => {
    await load();
    expect(modeOf(join(directory, "identity"))).toBe(0o700);
    expect(readdirSync(join(directory, "identity")).sort()).toEqual([...FILES]);
    for (const file of FILES) expect(modeOf(inIdentity(file))).toBe(0o600);
  });

  test("leaves a data folder that was there before as it is", async () => {
    mkdirSync(directory, { mode: 0o755 });
    chmodSync(directory, 0o755);
    await load();
    expect(modeOf(directory)).toBe(0o755);
  });

  test("an interrupted first start leaves no identity, and the next one makes one", async () => {
    mkdirSync(join(directory, "identity.new"), { recursive: true });
    writeFileSync(join(directory, "identity.new", "host.key"), "half");
    const identity = await load();
    expect(identity.created).toBe(true);
    expect(readdirSync(directory)).toEqual(["identity"]);
  });

  test("a folder that cannot be written is said, with the path", async () => {
    mkdirSync(join(directory, ".."), { recursive: true });
    writeFileSync(directory, "a file where the folder belongs");
    const error = await failure();
    expect(error.path.startsWith(directory)).toBe(true);
    expect(error.hint).not.toBe("");
  });
});

describe("later starts", () => {
  test("load the same identity", async () => {
    const first = await load();
    const second = await load();
    expect(second.created).toBe(false);
    expect(second.hostId).toEqual(first.hostId);
    expect(second.licenceChainBytes).toEqual(first.licenceChainBytes);
    expect(second.installationId).toBe(first.installationId);
  });

  test("TRUST-3: a self-issued licence goes where its stick goes", async () => {
    await load();
    const moved = await load({ machineId: new Uint8Array([9, 9]) });
    expect(moved.licenceStatusAt(NOW)).toEqual({ licensed: true });
  });

  test("lax permissions are repaired, and said", async () => {
    await load();
    chmodSync(inIdentity("host.key"), 0o644);
    chmodSync(join(directory, "identity"), 0o755);
    const identity = await load({ requireProtectedKeys: true });
    expect(identity.notices).toHaveLength(2);
    expect(identity.notices.join("\n")).toContain("mode 0644");
    expect(modeOf(inIdentity("host.key"))).toBe(0o600);
    expect(modeOf(join(directory, "identity"))).toBe(0o700);
    expect((await load()).notices).toEqual([]);
  });
});

describe("a damaged identity is an error, never a new identity", () => {
  const damages: readonly [string, string, (text: string) => string][] = [
    ["an empty host key", "host.key", () => ""],
    ["a host key cut in half", "host.key", (text) => text.slice(0, text.length / 2)],
    ["a host key without its last line", "host.key", (text) => text.replace(/-----END.*\n/, "")],
    ["a host key with a wrong character", "host.key", (text) => flipped(text)],
    ["a host key that is another kind of file", "host.key", () => "hello\n"],
    ["a host key far too large", "host.key", (text) => text + " ".repeat(20_000)],
    ["an empty licence", "host.licence", () => ""],
    ["a licence with a wrong character", "host.licence", (text) => flipped(text)],
  ];
  for (const [name, file, damage] of damages) {
    test(name, async () => {
      const first = await load();
      const path = inIdentity(file);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, damage(text));
      const error = await failure();
      expect(error.code).toBe("corrupt");
      expect(error.path).toBe(path);
      expect(error.hint).toContain("backup");
      writeFileSync(path, text);
      expect((await load()).hostId).toEqual(first.hostId);
    });
  }

  for (const file of ["host.key", "host.licence"]) {
    test(`a missing ${file}`, async () => {
      await load();
      rmSync(inIdentity(file));
      const error = await failure();
      expect(error).toMatchObject({ code: "missing", path: inIdentity(file) });
    });
  }

  test("an identity that is gone from a data folder in use", async () => {
    await load();
    rmSync(join(directory, "identity"), { recursive: true });
    await expect(load({ expectExisting: true })).rejects.toMatchObject({ code: "missing" });
    expect(readdirSync(directory)).toEqual([]);
  });

  test("the licence of another host", async () => {
    await load();
    const mine = readFileSync(inIdentity("host.licence"), "utf8");
    rmSync(join(directory, "identity"), { recursive: true });
    await load();
    writeFileSync(inIdentity("host.licence"), mine);
    expect(await failure()).toMatchObject({ code: "licenceInvalid" });
  });
});

/** One base64 character of the first line changed for another. */
function flipped(text: string): string {
  return text.replace(/(-----BEGIN[^\n]*\n.{5})(.)/, (_, before, character) =>
    [before, character === "A" ? "B" : "A"].join(""),
  );
}
