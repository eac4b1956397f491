import { afterAll, expect, mock, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import * as files from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandomBytes } from "../../src/platform/randomness.ts";

/** A medium that keeps no permissions, as FAT: chmod fails, and the mode stays as it was. */

const original = { ...files };
mock.module("node:fs/promises", () => ({
  ...original,
  chmod: () => Promise.reject(Object.assign(new Error("EPERM"), { code: "EPERM" })),
}));
const { loadOrCreateHostIdentity } = await import("../../src/authority/identity-store.ts");
const directory = mkdtempSync(join(tmpdir(), "muster-unprotected-"));
afterAll(() => {
  mock.module("node:fs/promises", () => original);
  rmSync(directory, { recursive: true, force: true });
});

test("a key that others can read is used and said, or refused on demand", async () => {
  const options = { directory, clock: () => 0, randomBytes: systemRandomBytes };
  await loadOrCreateHostIdentity(options);
  const key = join(directory, "identity", "host.key");
  chmodSync(key, 0o644);
  const identity = await loadOrCreateHostIdentity(options);
  expect(identity.notices).toHaveLength(1);
  expect(identity.notices[0]).toContain("can speak for this machine");
  await expect(
    loadOrCreateHostIdentity({ ...options, requireProtectedKeys: true }),
  ).rejects.toMatchObject({ name: "IdentityError", code: "unprotected", path: key });
});
