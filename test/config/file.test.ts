import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FILE_SIZE_MAXIMUM, findConfigurationFile } from "../../src/config/file.ts";
import { scratchDirectory } from "../support/scratch.ts";

const directory = scratchDirectory("config-file");

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe("a configuration file", () => {
  test("is read, with the folder that its relative paths start at", () => {
    const path = file("good.toml", "[rpc]\n");
    expect(findConfigurationFile(path)).toEqual({
      ok: true,
      value: { name: path, text: "[rpc]\n", directory },
    });
  });

  test("may have as much as the limit and no octet more", () => {
    expect(findConfigurationFile(file("full", "#".repeat(FILE_SIZE_MAXIMUM))).ok).toBe(true);
    expect(findConfigurationFile(file("over", "#".repeat(FILE_SIZE_MAXIMUM + 1)))).toMatchObject({
      error: { kind: "unreadable", what: "is larger than 1 MiB" },
    });
  });

  test("without end is not read without end", () => {
    expect(findConfigurationFile("/dev/zero")).toMatchObject({
      error: { what: "is larger than 1 MiB" },
    });
  });

  test("that is missing, a folder, or no UTF-8 is said to be so", () => {
    expect(findConfigurationFile(join(directory, "none"))).toMatchObject({
      error: { kind: "missing", what: "no such file" },
    });
    expect(findConfigurationFile(directory)).toMatchObject({ error: { what: "is a folder" } });
    expect(findConfigurationFile(file("latin", Uint8Array.of(0x61, 0xe9)))).toMatchObject({
      error: { what: "is not UTF-8 text" },
    });
  });
});
