import { accessSync, constants, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { HRESULT } from "../protocol/hresult.ts";

/** Why nothing can be stored (STORE-6). */
export type StoreFailureReason = "full" | "readOnly" | "corrupt" | "fault";

export type StoreFailure = {
  readonly reason: StoreFailureReason;
  /** What requests are answered meanwhile. */
  readonly hresult: number;
  /** The system's own words, for the log. */
  readonly message: string;
};

export type StoreHealth =
  | { readonly state: "ok" }
  | ({ readonly state: "failed" /** Unix milliseconds. */; readonly since: number } & StoreFailure);

/**
 * A database that must not be opened, or a request that cannot be done: never a matter of waiting.
 */
export type StoreErrorCode =
  /** Written by a newer version of this program (STORE-3). */
  | "newer"
  /** A database of another program. */
  | "foreign"
  /** Another process has it open for writing. */
  | "inUse"
  /** A migration did not apply; the database is as it was. */
  | "migration"
  /** The backup could not be written or did not verify (STORE-4). */
  | "backup"
  /** The store cannot answer now: see its health. */
  | "unavailable"
  /** A cursor that no listing gave out. */
  | "cursor";

export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.name = "StoreError";
    this.code = code;
  }
}

const FAILURE_HRESULT: { readonly [reason in StoreFailureReason]: number } = {
  full: HRESULT.storeFull,
  readOnly: HRESULT.storeReadOnly,
  corrupt: HRESULT.storeFault,
  fault: HRESULT.storeFault,
};

export function failureOf(reason: StoreFailureReason, message: string): StoreFailure {
  return { reason, hresult: FAILURE_HRESULT[reason], message };
}

// SQLite's primary result codes, the low octet of what it reports (sqlite.org/rescode.html).
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
export const SQLITE_BUSY = 5;

const FAILURE_BY_RESULT: ReadonlyMap<number, StoreFailureReason> = new Map([
  [SQLITE_READONLY, "readOnly"],
  [SQLITE_CORRUPT, "corrupt"],
  [SQLITE_NOTADB, "corrupt"],
  [SQLITE_FULL, "full"],
]);

const FAILURE_BY_SYSTEM_CODE: ReadonlyMap<string, StoreFailureReason> = new Map([
  ["EROFS", "readOnly"],
  ["EACCES", "readOnly"],
  ["EPERM", "readOnly"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
]);

/** What an error of SQLite or of the file system means for the store whose file is at `path`. */
export function classify(error: unknown, path: string): StoreFailure {
  const message = error instanceof Error ? error.message : String(error);
  const reason =
    FAILURE_BY_RESULT.get(primaryResult(error) ?? -1) ??
    FAILURE_BY_SYSTEM_CODE.get(systemCode(error) ?? "") ??
    examineMedium(path);
  return failureOf(reason, message);
}

/** SQLite's primary result code; undefined where the error is not SQLite's. */
export function primaryResult(error: unknown): number | undefined {
  if (!(error instanceof Error) || error.name !== "SQLiteError") return undefined;
  const { errno } = error as Error & { readonly errno?: number };
  return errno === undefined ? undefined : errno & 0xff;
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** SQLite says "unable to open" or "disk I/O error" for several causes; the folder tells which. */
function examineMedium(path: string): StoreFailureReason {
  const folder = dirname(path);
  try {
    accessSync(folder, constants.W_OK);
    return statfsSync(folder).bavail === 0 ? "full" : "fault";
  } catch (error) {
    return FAILURE_BY_SYSTEM_CODE.get(systemCode(error) ?? "") ?? "fault";
  }
}
