import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { primaryResult, SQLITE_BUSY, StoreError } from "./health.ts";
import { examineSchema, migrate } from "./migrate.ts";
import { MIGRATIONS, type Migration } from "./migrations.ts";

/**
 * Pages after which a commit copies the write-ahead log into the database. Four times as many make
 * the average commit a tenth faster and the slowest one three times slower.
 */
const CHECKPOINT_PAGES = 1000;
/** SQLite's own page cache, in kibibytes. */
const PAGE_CACHE_KIBIBYTES = 65_536;
/** How long a statement waits for another connection's lock. */
const BUSY_MILLISECONDS = 5_000;

export type WriterConnectionOptions = {
  readonly path: string;
  /** Of the database file, in pages of 4 KiB; beyond it the store is full. */
  readonly maximumPages: number | undefined;
  readonly migrations?: readonly Migration[];
};

/** The one connection that writes, and the lock that makes it the only one. */
export type WriterConnection = {
  readonly database: Database;
  readonly close: () => void;
};

/**
 * Opens the database for writing, made and migrated where need be. Throws StoreError for a
 * database that must not be opened, or the error of SQLite or the file system.
 */
export function openForWriting(options: WriterConnectionOptions): WriterConnection {
  const { path, maximumPages, migrations = MIGRATIONS } = options;
  mkdirSync(dirname(path), { recursive: true });
  const lock = takeLock(`${path}.lock`);
  let database: Database | undefined;
  try {
    database = new Database(path, { create: true, readwrite: true, strict: true });
    database.run(`PRAGMA busy_timeout = ${BUSY_MILLISECONDS}`);
    // Before anything is written: a database that is not ours to open stays as it is (STORE-3).
    examineSchema(database, migrations.length);
    configure(database);
    if (maximumPages !== undefined) database.run(`PRAGMA max_page_count = ${maximumPages}`);
    migrate(database, path, migrations);
    proveWritable(database);
  } catch (error) {
    database?.close();
    lock.close();
    throw error;
  }
  const opened = database;
  const close = () => {
    opened.close();
    lock.close();
  };
  return { database: opened, close };
}

/** Opens the database for reading beside the writer. */
export function openForReading(path: string): Database {
  const database = new Database(path, { readonly: true, strict: true });
  database.run(`PRAGMA busy_timeout = ${BUSY_MILLISECONDS}`);
  database.run("PRAGMA temp_store = MEMORY");
  return database;
}

/** The complaints of `PRAGMA quick_check`; none where the file is sound. */
export function quickCheck(database: Database): readonly string[] {
  const rows = database.query("PRAGMA quick_check(10)").values() as [string][];
  return rows.map(([line]) => line).filter((line) => line !== "ok");
}

function configure(database: Database): void {
  // Before the first table: freed pages can then go back to the file system without a full VACUUM.
  database.run("PRAGMA auto_vacuum = INCREMENTAL");
  database.run("PRAGMA journal_mode = WAL");
  // FULL: a commit is on the medium before it is acknowledged (STORE-1).
  database.run("PRAGMA synchronous = FULL");
  database.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  database.run(`PRAGMA cache_size = -${PAGE_CACHE_KIBIBYTES}`);
  database.run("PRAGMA temp_store = MEMORY");
}

/** A medium can be readable and refuse the first write; that is to be known before serving. */
function proveWritable(database: Database): void {
  database.run("BEGIN IMMEDIATE");
  database.run("UPDATE figure SET last_event_id = last_event_id");
  database.run("COMMIT");
}

/**
 * Two processes that each keep a count of their own would overwrite each other's. The lock is a
 * transaction on a file beside the database: the system releases it when the process ends, however
 * it ends, and unlike locking the database itself it leaves readers alone.
 */
function takeLock(path: string): Database {
  const lock = new Database(path, { create: true, readwrite: true });
  try {
    lock.run("PRAGMA journal_mode = MEMORY");
    lock.run("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (primaryResult(error) !== SQLITE_BUSY) throw error;
    throw new StoreError("inUse", "another process has the database open for writing");
  }
}
