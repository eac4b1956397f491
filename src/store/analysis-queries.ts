/** What the rules of analysis/ ask of the record. Rows are judged as they are read. */
import type { Database } from "bun:sqlite";
import { CLIENT_SOURCES, EVENT_CODE } from "../activation/events.ts";
import type { Policy } from "../activation/policy.ts";
import { capacityOf } from "../activation/state.ts";
import type { PublicationFailure } from "../analysis/alerts.ts";
import {
  type DuplicateCandidate,
  type DuplicateCmid,
  findDuplicates,
  type NameUse,
} from "../analysis/duplicates.ts";
import { type Forecast, Forecaster } from "../analysis/forecast.ts";
import {
  type ClientIntervals,
  MILLISECONDS_PER_DAY,
  MILLISECONDS_PER_MINUTE,
} from "../analysis/intervals.ts";
import {
  type ActivityCount,
  type LicensedClient,
  type LicensingOptions,
  type LicensingReport,
  LicensingSummary,
} from "../analysis/reports.ts";
import { HRESULT } from "../protocol/hresult.ts";
import { type Guid, LICENCE_STATES } from "../protocol/types.ts";
import { guidFromOctets, guidToOctets } from "./group.ts";

/** Clients looked at for shared ids: beyond so many the network is under attack, not cloned. */
const CANDIDATES_MAXIMUM = 10_000;
/** Newest entries on publication looked at. */
const PUBLICATION_ENTRIES = 64;

export type DuplicatesQuery = { readonly intervals: ClientIntervals; readonly now: number };

export function readDuplicates(
  database: Database,
  { intervals, now }: DuplicatesQuery,
): readonly DuplicateCmid[] {
  return findDuplicates(candidates(database), intervals, now);
}

type Row = Readonly<Record<string, string | number | Uint8Array | null>>;

function* candidates(database: Database): Generator<DuplicateCandidate> {
  const names = database.query(
    `SELECT machine_name AS machineName, address, first_seen AS firstSeen, last_seen AS lastSeen
    FROM client_name WHERE client = ?`,
  );
  const sql = `SELECT id, cmid, application_id AS applicationId, machine_name AS machineName,
      address, previous_address AS previousAddress, names_seen AS namesSeen, requests,
      address_changes AS addressChanges, address_returns AS addressReturns,
      first_seen AS firstSeen, last_seen AS lastSeen, required_count AS requiredCount,
      last_count AS lastCount
    FROM client INDEXED BY client_shared WHERE names_seen > 1 OR address_returns > 1
    ORDER BY id DESC LIMIT ?`;
  for (const row of database.query(sql).all(CANDIDATES_MAXIMUM) as Row[]) {
    const uses = Number(row["namesSeen"]) > 1 ? names.all(row["id"] as number) : [];
    yield { ...(withGuids(row) as DuplicateCandidate), names: uses as NameUse[] };
  }
}

function withGuids(row: Row): object {
  return {
    ...row,
    ...guidAt(row, "cmid"),
    ...guidAt(row, "applicationId"),
    ...guidAt(row, "activationId"),
  };
}

function guidAt(row: Row, name: string): Readonly<Record<string, Guid>> {
  const octets = row[name];
  return octets instanceof Uint8Array ? { [name]: guidFromOctets(octets) } : {};
}

export type ForecastQuery = {
  readonly now: number;
  readonly intervals: ClientIntervals;
  readonly policy: Pick<Policy, "recordDays" | "capacity">;
  /** The counts that clients of an application need; of one that is not named, `others`. */
  readonly thresholds: Readonly<Record<Guid, readonly number[]>>;
  readonly otherThresholds: readonly number[];
};

export type ApplicationForecast = Forecast & { readonly largestRequiredCount: number };

/** One for each application that keeps a count. */
export function readForecasts(
  database: Database,
  query: ForecastQuery,
): readonly ApplicationForecast[] {
  const applications = database
    .query("SELECT application_id, largest_required_count FROM application")
    .values() as [Uint8Array, number][];
  return applications.map(([octets, largestRequiredCount]) => ({
    ...readForecast(database, query, octets, largestRequiredCount),
    largestRequiredCount,
  }));
}

function readForecast(
  database: Database,
  query: ForecastQuery,
  octets: Uint8Array,
  largestRequiredCount: number,
): Forecast {
  const { now, intervals, policy, thresholds, otherThresholds } = query;
  const applicationId = guidFromOctets(octets);
  const capacity = capacityOf(largestRequiredCount, policy as Policy);
  const records = database.query(
    `SELECT record.cmid, record.time, client.machine_name AS machineName, client.address,
      client.last_count >= client.required_count AS isActivated
    FROM cache_record AS record LEFT JOIN client
      ON client.cmid = record.cmid AND client.application_id = record.application_id
    WHERE record.application_id = ? ORDER BY record.sequence`,
  );
  const forecaster = new Forecaster({
    applicationId,
    now,
    intervals,
    recordMilliseconds: policy.recordDays * MILLISECONDS_PER_DAY,
    capacity,
    reserve: readReserve(database, query, octets, capacity),
    thresholds: thresholds[applicationId] ?? otherThresholds,
  });
  for (const row of records.iterate(octets) as Iterable<Row>) {
    forecaster.take({
      cmid: guidFromOctets(row["cmid"] as Uint8Array),
      time: row["time"] as number,
      machineName: (row["machineName"] ?? "") as string,
      address: (row["address"] ?? "") as string,
      isActivated: row["isActivated"] !== 0,
    });
  }
  return forecaster.finish();
}

/** Clients that ask regularly and are not in the cache, which is full (COUNT-7). */
function readReserve(
  database: Database,
  { now, intervals }: ForecastQuery,
  application: Uint8Array,
  capacity: number,
): number {
  const since = now - intervals.renewalMinutes * MILLISECONDS_PER_MINUTE;
  const sql = "SELECT count(*), sum(time > ?) FROM cache_record WHERE application_id = ?";
  const [held, fresh] = database.query(sql).values(since, application)[0] as [
    number,
    number | null,
  ];
  if (held < capacity) return 0;
  const alive = database
    .query(
      `SELECT count(*) FROM client WHERE last_seen > ? AND application_id = ? AND source = 0
        AND last_result = ${HRESULT.success}`,
    )
    .values(since, application)[0]?.[0] as number;
  return Math.max(0, alive - (fresh ?? 0));
}

export type ActivityQuery = {
  readonly from: number;
  readonly before: number;
};

/** REPORT-1, from the event log: as far back as that is kept. */
export function readActivity(
  database: Database,
  { from, before }: ActivityQuery,
): readonly ActivityCount[] {
  const sql = `SELECT CAST(floor(time / ${MILLISECONDS_PER_DAY}.0) AS INTEGER) AS day,
      activation_id AS activationId,
      CASE WHEN hresult <> ${HRESULT.success} THEN 'refused'
        WHEN count < required_count THEN 'waiting'
        WHEN licence_state = ${LICENCE_STATES.indexOf("licensed")} THEN 'renewal'
        ELSE 'activation' END AS outcome,
      count(*) AS requests
    FROM event INDEXED BY event_time
    WHERE time >= ? AND time < ? AND code = ${EVENT_CODE.requestHandled}
    GROUP BY 1, 2, 3`;
  return (database.query(sql).all(from, before) as Row[]).map(
    (row) => withGuids(row) as ActivityCount,
  );
}

/** REPORT-2. */
export function readLicensing(database: Database, options: LicensingOptions): LicensingReport {
  const summary = new LicensingSummary(options);
  const sql = `SELECT cmid, application_id AS applicationId, activation_id AS activationId, source,
      machine_name AS machineName, address, last_seen AS lastSeen, licence_state AS licenceState,
      minutes_to_expiration AS minutesToExpiration, required_count AS requiredCount,
      last_result AS lastResult, last_count AS lastCount
    FROM client`;
  for (const row of database.query(sql).iterate() as Iterable<Row>) {
    const source = CLIENT_SOURCES[row["source"] as number] ?? "own";
    summary.take({ ...(withGuids(row) as LicensedClient), source });
  }
  return summary.finish();
}

export type NewClientsQuery = {
  readonly since: number;
  /** Counted up to here. */
  readonly limit: number;
};

/** Clients entered since then: they lie in the order of their arrival. */
export function countNewClients(database: Database, { since, limit }: NewClientsQuery): number {
  const newest = "SELECT first_seen FROM client ORDER BY id DESC LIMIT ?";
  const sql = `SELECT count(*) FROM (${newest}) WHERE first_seen >= ?`;
  return database.query(sql).values(limit, since)[0]?.[0] as number;
}

/** Publications whose newest entry is a failure (EVENT-3), by name where it says one. */
export function readPublicationFailures(database: Database): readonly PublicationFailure[] {
  const { publicationFailed, publicationSucceeded, requestHandled } = EVENT_CODE;
  const sql = `SELECT time, code, detail FROM event INDEXED BY event_general
    WHERE code <> ${requestHandled} AND code IN (${publicationFailed}, ${publicationSucceeded})
    ORDER BY id DESC LIMIT ?`;
  const failing = new Map<string, PublicationFailure>();
  const settled = new Set<string>();
  for (const row of database.query(sql).all(PUBLICATION_ENTRIES) as Row[]) {
    const { subject, reason } = describePublication(String(row["detail"] ?? ""));
    if (settled.has(subject)) continue;
    // Newest first: a success ends what is older; a failure reaches back to the oldest in a row.
    if (row["code"] === publicationSucceeded) settled.add(subject);
    else {
      const since = row["time"] as number;
      failing.set(subject, { reason, ...failing.get(subject), subject, since });
    }
  }
  return [...failing.values()];
}

function describePublication(detail: string): { subject: string; reason: string } {
  try {
    const value: unknown = JSON.parse(detail);
    if (typeof value === "object" && value !== null) {
      const { name, zone = "", server = "", reason = "" } = value as Record<string, unknown>;
      const where = [zone, server].map(String).join(" at ");
      // The same name may be tried at one server after another.
      if (name === undefined) return { subject: where, reason: `${where}: ${String(reason)}` };
      return { subject: String(name), reason: `${String(name)}, ${where}: ${String(reason)}` };
    }
  } catch {
    // Plain words.
  }
  return { subject: "", reason: detail };
}

/** The client's count in its cache now; for what `muster explain` says. */
export function countCached(database: Database, applicationId: Guid, since: number): number {
  const sql = "SELECT count(*) FROM cache_record WHERE application_id = ? AND time > ?";
  return database.query(sql).values(guidToOctets(applicationId), since)[0]?.[0] as number;
}
