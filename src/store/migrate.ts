import type { Database } from "bun:sqlite";
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { primaryResult, StoreError } from "./health.ts";
import type { Migration } from "./migrations.ts";

/** "mstr": marks a database file as one of ours (SQLite's `application_id`). */
const FILE_SIGNATURE = 0x6d737472;

/**
 * The schema's version; throws StoreError where the file is no database that this program may open.
 */
export function examineSchema(database: Database, newest: number): number {
  const version = pragmaNumber(database, "user_version");
  const signature = pragmaNumber(database, "application_id");
  if (signature !== FILE_SIGNATURE && !(signature === 0 && version === 0 && isEmpty(database))) {
    throw new StoreError("foreign", "the file is a database of another program");
  }
  if (version > newest) {
    throw new StoreError(
      "newer",
      `the database has schema ${version}, this program knows ${newest}: it is from a newer version`,
    );
  }
  return version;
}

/** Where the copy goes that is made before a migration of a database at schema `version`. */
export function migrationBackupPath(path: string, version: number): string {
  return `${path}.schema-${version}.backup`;
}

/**
 * Brings the schema up to date: all steps in one transaction, after a backup (STORE-3). Throws
 * StoreError `migration` where a step does not apply, and the error of SQLite where it is the
 * medium's fault.
 */
export function migrate(database: Database, path: string, migrations: readonly Migration[]): void {
  const version = examineSchema(database, migrations.length);
  const steps = migrations.slice(version);
  if (steps.length === 0) return;
  if (version > 0) copyDatabase(database, migrationBackupPath(path, version));
  database.run("BEGIN IMMEDIATE");
  try {
    for (const { name, sql } of steps) apply(database, name, sql);
    database.run(`PRAGMA application_id = ${FILE_SIGNATURE}`);
    database.run(`PRAGMA user_version = ${migrations.length}`);
    database.run("COMMIT");
  } catch (error) {
    if (database.inTransaction) database.run("ROLLBACK");
    throw error;
  }
}

const OWNER_ONLY = 0o600;

/**
 * Writes a copy of the database to `target`, whole or not at all, in place of what is there.
 * `verify` is given the copy's path before it takes its place, and throws where it finds fault.
 */
export function copyDatabase(
  database: Database,
  target: string,
  verify: (path: string) => void = () => {},
): void {
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  database.run("VACUUM INTO ?", [partial]);
  const descriptor = openSync(partial, "r+");
  try {
    // It names machines, as the database does, and may lie in a folder that others read.
    fchmodSync(descriptor, OWNER_ONLY);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  verify(partial);
  renameSync(partial, target);
}

/** Results that are the migration's own fault: SQLITE_ERROR, SQLITE_CONSTRAINT, SQLITE_MISMATCH. */
const OWN_FAULTS: readonly (number | undefined)[] = [1, 19, 20];

function apply(database: Database, name: string, sql: string): void {
  try {
    database.run(sql);
  } catch (error) {
    if (!OWN_FAULTS.includes(primaryResult(error))) throw error;
    throw new StoreError("migration", `migration ${name}: ${(error as Error).message}`);
  }
}

function isEmpty(database: Database): boolean {
  return database.query("SELECT 1 FROM sqlite_schema LIMIT 1").get() === null;
}

export function pragmaNumber(database: Database, name: string): number {
  const row = database.query(`PRAGMA ${name}`).get() as Record<string, number> | null;
  return row?.[name] ?? 0;
}
