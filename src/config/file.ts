/** Where the configuration file is, and its text. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fail, ok, type Result } from "../platform/result.ts";

/**
 * Far more than any configuration needs; a mistaken path to a big file must not fill the memory.
 */
export const FILE_SIZE_MAXIMUM = 1024 * 1024;

export const DEFAULT_FILE_NAME = "appliance.toml";
const SYSTEM_FILE = "/etc/muster/appliance.toml";

export type ConfigurationFile = {
  /** As it was named, for messages. */
  readonly name: string;
  readonly text: string;
  /** Absolute folder of the file; relative paths in it start here. */
  readonly directory: string;
};

/** Why a file was not read; `missing` apart, for a file nobody named may be missing. */
export type FileFailure = {
  readonly name: string;
  readonly kind: "missing" | "unreadable";
  readonly what: string;
};

/**
 * The named file, or the first of `./appliance.toml` and `/etc/muster/appliance.toml` that exists.
 */
export function findConfigurationFile(
  named: string | undefined,
): Result<ConfigurationFile | undefined, FileFailure> {
  if (named !== undefined) return readConfigurationFile(named);
  for (const candidate of [DEFAULT_FILE_NAME, SYSTEM_FILE]) {
    const read = readConfigurationFile(candidate);
    if (read.ok || read.error.kind === "unreadable") return read;
  }
  return ok(undefined);
}

function readConfigurationFile(name: string): Result<ConfigurationFile, FileFailure> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(name, "r");
    if (fstatSync(descriptor).isDirectory()) return unreadable(name, "is a folder");
    // Not by the size that the system tells: a pipe or /proc file has none.
    const buffer = new Uint8Array(FILE_SIZE_MAXIMUM + 1);
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, null);
      length += count;
      if (count === 0) break;
      if (length > FILE_SIZE_MAXIMUM) return unreadable(name, "is larger than 1 MiB");
    }
    const text = new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, length));
    return ok({ name, text, directory: dirname(resolve(name)) });
  } catch (error) {
    if (error instanceof TypeError) return unreadable(name, "is not UTF-8 text");
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") {
      return fail({ name, kind: "missing", what: "no such file" });
    }
    return unreadable(name, code === "EACCES" ? "permission denied" : String(code ?? error));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function unreadable(name: string, what: string): Result<never, FileFailure> {
  return fail({ name, kind: "unreadable", what });
}
