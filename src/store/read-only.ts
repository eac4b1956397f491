/** A store's file read by itself, whether or not an appliance has it open for writing. */
import type { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { listClients } from "./client-listing.ts";
import { openForReading } from "./connection.ts";
import { listEvents } from "./event-listing.ts";
import { StoreError } from "./health.ts";
import type { ClientItem, ClientQuery, EventItem, EventQuery, Page } from "./listing.ts";
import { examineSchema } from "./migrate.ts";
import { MIGRATIONS } from "./migrations.ts";

/** Nothing of it waits for anything: for commands, not for what serves. */
export type ReadOnlyStore = {
  readonly clients: (query: ClientQuery) => Page<ClientItem>;
  readonly events: (query: EventQuery) => Page<EventItem>;
  readonly close: () => void;
};

/**
 * Opens the file; undefined where there is none. Throws StoreError where it is no database of this
 * program's schema, or the error of SQLite or of the file system.
 */
export function openReadOnly(path: string): ReadOnlyStore | undefined {
  if (!existsSync(path)) return undefined;
  const database = openForReading(path);
  try {
    requireSchema(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    clients: (query) => listClients(drizzle(database), query),
    events: (query) => listEvents(database, query),
    close: () => database.close(),
  };
}

/** An older schema is brought up to date by who writes, and by nobody else. */
function requireSchema(database: Database): void {
  const version = examineSchema(database, MIGRATIONS.length);
  if (version === MIGRATIONS.length) return;
  throw new StoreError(
    "migration",
    `the database has schema ${version}, this program reads ${MIGRATIONS.length}: ` +
      "the appliance brings it up to date when it starts",
  );
}
