import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { migrationFiles, migrationsSource } from "../../scripts/generate-migrations.ts";
import { openForWriting } from "../../src/store/connection.ts";
import { migrationBackupPath, pragmaNumber } from "../../src/store/migrate.ts";
import { MIGRATIONS } from "../../src/store/migrations.ts";
import * as schema from "../../src/store/schema.ts";
import { scratchDirectory } from "../support/scratch.ts";

const folder = scratchDirectory("store-migrations");
const maximumPages = undefined;

function stepTo(version: number, sql: string) {
  return { version, name: `${String(version).padStart(4, "0")}_test`, sql };
}

describe("STORE-3: migrations", () => {
  test("the list in the executable is the folder's", () => {
    const list = join(import.meta.dir, "../../src/store/migrations.ts");
    expect(readFileSync(list, "utf8")).toBe(migrationsSource(migrationFiles()));
  });

  test("numbers have no gap and no name is odd", () => {
    expect(() => migrationsSource(["0001_a.sql", "0003_b.sql"])).toThrow("0003_b.sql");
    expect(() => migrationsSource(["1_a.sql"])).toThrow("1_a.sql");
  });

  test("apply to an empty database without a backup", () => {
    const path = join(folder, "empty.db");
    const { database, close } = openForWriting({ path, maximumPages });
    expect(pragmaNumber(database, "user_version")).toBe(MIGRATIONS.length);
    expect(pragmaNumber(database, "auto_vacuum")).toBe(2);
    expect(pragmaNumber(database, "synchronous")).toBe(2);
    close();
    expect(existsSync(migrationBackupPath(path, 0))).toBe(false);
  });

  test("apply to an older database after a backup of it", () => {
    const path = join(folder, "older.db");
    openForWriting({ path, maximumPages }).close();
    const version = MIGRATIONS.length;
    const migrations = [...MIGRATIONS, stepTo(version + 1, "CREATE TABLE later (one INTEGER)")];
    const { database, close } = openForWriting({ path, maximumPages, migrations });
    expect(pragmaNumber(database, "user_version")).toBe(version + 1);
    expect(database.query("SELECT count(*) AS n FROM later").get()).toEqual({ n: 0 });
    close();
    const backup = new Database(migrationBackupPath(path, version), { readonly: true });
    expect(pragmaNumber(backup, "user_version")).toBe(version);
    backup.close();
  });

  test("of several steps apply whole or not at all", () => {
    const path = join(folder, "broken.db");
    openForWriting({ path, maximumPages }).close();
    const version = MIGRATIONS.length;
    const migrations = [
      ...MIGRATIONS,
      stepTo(version + 1, "CREATE TABLE first (one INTEGER)"),
      stepTo(version + 2, "CREATE TABLE second (one INTEGER); INSERT INTO nowhere VALUES (1)"),
    ];
    const open = () => openForWriting({ path, maximumPages, migrations });
    expect(open).toThrow(expect.objectContaining({ code: "migration" }));
    const { database, close } = openForWriting({ path, maximumPages });
    expect(pragmaNumber(database, "user_version")).toBe(version);
    expect(database.query("SELECT 1 FROM sqlite_schema WHERE name = 'first'").get()).toBeNull();
    close();
  });
});

describe("the schema that cold queries use is the migrations'", () => {
  const path = join(folder, "schema.db");
  openForWriting({ path, maximumPages }).close();
  const database = new Database(path, { readonly: true });
  const tables = Object.values(schema) as readonly SQLiteTable[];

  test("the same tables", () => {
    const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    const names = tables.map((table) => getTableConfig(table).name).sort();
    expect(database.query(sql).values().flat()).toEqual(names);
  });

  type Column = { name: string; type: string; notnull: number; pk: number };
  test.each(tables.map((table) => [getTableConfig(table).name, table] as const))(
    "the same columns of %s",
    (name, table) => {
      const { columns, primaryKeys } = getTableConfig(table);
      const key = primaryKeys.flatMap(({ columns: parts }) => parts.map((part) => part.name));
      const ours = columns.map((column) => ({
        name: column.name,
        type: column.getSQLType().toUpperCase(),
        notnull: column.notNull ? 1 : 0,
        inKey: column.primary || key.includes(column.name),
      }));
      const theirs = (database.query(`PRAGMA table_info(${name})`).all() as Column[]).map(
        ({ name: column, type, notnull, pk }) => ({ name: column, type, notnull, inKey: pk > 0 }),
      );
      expect(ours).toEqual(theirs);
    },
  );
});
