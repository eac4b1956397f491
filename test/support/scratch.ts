import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of the test file's own, removed after its tests. */
export function scratchDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `muster-test-${name}-`));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
