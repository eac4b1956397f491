/** The record read from its file alone, beside an appliance that runs or without one. */
import { constants, Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { DuplicateCmid } from "../analysis/duplicates.ts";
import type { ChainReport } from "../analysis/event-chain.ts";
import type { ActivityCount, LicensingOptions, LicensingReport } from "../analysis/reports.ts";
import type { Guid } from "../protocol/types.ts";
import {
  type ActivityQuery,
  type ApplicationForecast,
  countCached,
  type DuplicatesQuery,
  type ForecastQuery,
  readActivity,
  readDuplicates,
  readForecasts,
  readLicensing,
} from "./analysis-queries.ts";
import { listClients } from "./client-listing.ts";
import { openForReading } from "./connection.ts";
import { type DnsChange, readDnsRecords } from "./dns-records.ts";
import { type EventFilter, type EventRange, exportEvents, newestEvents } from "./event-export.ts";
import { eventHash, verifyEvents } from "./event-verification.ts";
import { StoreError } from "./health.ts";
import type { ClientItem, ClientQuery, EventItem, Page } from "./listing.ts";
import { examineSchema, pragmaNumber } from "./migrate.ts";
import { MIGRATIONS } from "./migrations.ts";

/** Answers at once, in this thread: for commands, not for an appliance. */
export type RecordReader = {
  readonly clients: (query: ClientQuery) => Page<ClientItem>;
  readonly duplicates: (query: DuplicatesQuery) => readonly DuplicateCmid[];
  readonly forecasts: (query: ForecastQuery) => readonly ApplicationForecast[];
  readonly activity: (query: ActivityQuery) => readonly ActivityCount[];
  readonly licensing: (options: LicensingOptions) => LicensingReport;
  /** Records of an application made later than this. */
  readonly countCached: (applicationId: Guid, since: number) => number;
  readonly setting: (name: string) => string | undefined;
  /** Records of the zones that came by update (DNS-7). */
  readonly dnsRecords: () => DnsChange;
  /** Every matching entry of the event log, of a range of ids where one is given, oldest first. */
  readonly exportEvents: (filter: EventFilter, range?: EventRange) => Iterable<EventItem>;
  readonly newestEvents: (filter: EventFilter, limit: number) => readonly EventItem[];
  /** Time of the oldest entry kept; undefined while there is none. */
  readonly oldestEvent: () => number | undefined;
  readonly newestEventId: () => number;
  readonly verifyEvents: () => ChainReport;
  readonly eventHash: (id: number) => Uint8Array | undefined;
  /** Another number after each commit of another connection. */
  readonly version: () => number;
  readonly close: () => void;
};

/**
 * Opens the record of `path`. Throws StoreError where it is none of this version, the error of
 * SQLite or of the file system where it cannot be read.
 */
export function openRecordReader(path: string): RecordReader {
  const database = openFile(path);
  try {
    const version = examineSchema(database, MIGRATIONS.length);
    if (version < MIGRATIONS.length) {
      const words = `the record has schema ${version}, this program knows ${MIGRATIONS.length}`;
      throw new StoreError("migration", `${words}: start the appliance of this version once`);
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return readerOf(database);
}

function openFile(path: string): Database {
  try {
    const database = openForReading(path);
    pragmaNumber(database, "user_version");
    return database;
  } catch (error) {
    // A medium that cannot be written to, as it was left by a clean stop: nothing else has it open.
    if (existsSync(`${path}-wal`)) throw error;
    const { href } = pathToFileURL(path);
    const flags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;
    return new Database(`${href}?immutable=1`, flags);
  }
}

function readerOf(database: Database): RecordReader {
  const first = (sql: string, ...values: (string | number)[]): unknown =>
    database.query(sql).values(...values)[0]?.[0] ?? undefined;
  return {
    clients: (query) => listClients(drizzle(database), query),
    duplicates: (query) => readDuplicates(database, query),
    forecasts: (query) => readForecasts(database, query),
    activity: (query) => readActivity(database, query),
    licensing: (options) => readLicensing(database, options),
    countCached: (applicationId, since) => countCached(database, applicationId, since),
    setting: (name) =>
      first("SELECT value FROM setting WHERE name = ?", name) as string | undefined,
    dnsRecords: () => readDnsRecords(database),
    exportEvents: (filter, range) => exportEvents(database, filter, range),
    newestEvents: (filter, limit) => newestEvents(database, filter, limit),
    oldestEvent: () => first("SELECT time FROM event ORDER BY id LIMIT 1") as number | undefined,
    newestEventId: () => (first("SELECT max(id) FROM event") ?? 0) as number,
    verifyEvents: () => verifyEvents(database),
    eventHash: (id) => eventHash(database, id),
    version: () => pragmaNumber(database, "data_version"),
    close: () => database.close(),
  };
}
