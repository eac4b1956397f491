import type { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Figures } from "../activation/figures.ts";
import type { PublicationFailure } from "../analysis/alerts.ts";
import type { DuplicateCmid } from "../analysis/duplicates.ts";
import type { ActivityCount, LicensingOptions, LicensingReport } from "../analysis/reports.ts";
import type { Guid } from "../protocol/types.ts";
import {
  type ActivityQuery,
  type ApplicationForecast,
  countNewClients,
  type DuplicatesQuery,
  type ForecastQuery,
  type NewClientsQuery,
  readActivity,
  readDuplicates,
  readForecasts,
  readLicensing,
  readPublicationFailures,
} from "./analysis-queries.ts";
import { countServedSince, listClientNames, listClients } from "./client-listing.ts";
import { openForReading, quickCheck } from "./connection.ts";
import { listEvents } from "./event-listing.ts";
import { StoreError } from "./health.ts";
import type {
  ClientItem,
  ClientNameItem,
  ClientQuery,
  EventItem,
  EventQuery,
  Page,
} from "./listing.ts";
import { copyDatabase, examineSchema } from "./migrate.ts";
import { MIGRATIONS } from "./migrations.ts";
import { readFigures } from "./saved-state.ts";
import { serveCalls } from "./thread.ts";

/** How much the store holds. */
export type Totals = { readonly clients: number; readonly events: number };

/** The thread that reads: a listing may take its time, beside the event loop and the writer. */
export type ReaderCalls = {
  readonly open: { readonly argument: string; readonly value: undefined };
  readonly figures: { readonly argument: undefined; readonly value: Figures };
  readonly totals: { readonly argument: undefined; readonly value: Totals };
  /** Own clients last seen at this time or later whose last request was served. */
  readonly clientsServedSince: { readonly argument: number; readonly value: number };
  readonly clients: { readonly argument: ClientQuery; readonly value: Page<ClientItem> };
  readonly clientNames: { readonly argument: Guid; readonly value: readonly ClientNameItem[] };
  readonly events: { readonly argument: EventQuery; readonly value: Page<EventItem> };
  readonly duplicates: {
    readonly argument: DuplicatesQuery;
    readonly value: readonly DuplicateCmid[];
  };
  readonly forecasts: {
    readonly argument: ForecastQuery;
    readonly value: readonly ApplicationForecast[];
  };
  readonly activity: { readonly argument: ActivityQuery; readonly value: readonly ActivityCount[] };
  readonly licensing: { readonly argument: LicensingOptions; readonly value: LicensingReport };
  readonly newClients: { readonly argument: NewClientsQuery; readonly value: number };
  readonly publicationFailures: {
    readonly argument: undefined;
    readonly value: readonly PublicationFailure[];
  };
  /** What is wrong with the file; nothing where it is sound. */
  readonly check: { readonly argument: undefined; readonly value: readonly string[] };
  readonly backup: { readonly argument: string; readonly value: undefined };
  readonly close: { readonly argument: undefined; readonly value: undefined };
};

let path: string | undefined;
let database: Database | undefined;

/** Opens when first needed, and again after an error: the medium may have come back meanwhile. */
function read<Value>(action: (opened: Database) => Value): Value {
  if (path === undefined) throw new StoreError("unavailable", "the store is not open");
  try {
    database ??= openForReading(path);
    return action(database);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    database?.close();
    database = undefined;
    throw error;
  }
}

function close(): undefined {
  database?.close();
  database = undefined;
  path = undefined;
  return undefined;
}

/** A copy that opens, is of our schema and is sound, or none (STORE-4). */
function backup(target: string): undefined {
  try {
    read((opened) => copyDatabase(opened, target, verifyCopy));
  } catch (error) {
    throw new StoreError("backup", error instanceof Error ? error.message : String(error));
  }
  return undefined;
}

function verifyCopy(copyPath: string): void {
  const copy = openForReading(copyPath);
  try {
    examineSchema(copy, MIGRATIONS.length);
    const complaints = quickCheck(copy);
    if (complaints.length > 0) throw new Error(complaints.join("; "));
  } finally {
    copy.close();
  }
}

serveCalls<ReaderCalls>({
  open: (file) => {
    // Again after a failure: another file may lie under the same name.
    close();
    path = file;
    return undefined;
  },
  figures: () => read(readFigures),
  totals: () =>
    read((opened) => {
      const sql = "SELECT (SELECT count(*) FROM client), (SELECT count(*) FROM event)";
      const [clients, events] = opened.query(sql).values()[0] as [number, number];
      return { clients, events };
    }),
  clientsServedSince: (time) => read((opened) => countServedSince(opened, time)),
  clients: (query) => read((opened) => listClients(drizzle(opened), query)),
  clientNames: (cmid) => read((opened) => listClientNames(drizzle(opened), cmid)),
  events: (query) => read((opened) => listEvents(opened, query)),
  duplicates: (query) => read((opened) => readDuplicates(opened, query)),
  forecasts: (query) => read((opened) => readForecasts(opened, query)),
  activity: (query) => read((opened) => readActivity(opened, query)),
  licensing: (options) => read((opened) => readLicensing(opened, options)),
  newClients: (query) => read((opened) => countNewClients(opened, query)),
  publicationFailures: () => read(readPublicationFailures),
  check: () => read(quickCheck),
  backup,
  close,
});
