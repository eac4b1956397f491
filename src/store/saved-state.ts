import type { Database } from "bun:sqlite";
import type { CacheRecord } from "../activation/counting-cache.ts";
import type { Figures } from "../activation/figures.ts";
import type { SavedState } from "../activation/state.ts";
import { GUID_LENGTH } from "../protocol/guid.ts";
import { guidFromOctets } from "./group.ts";

/** An application's records in columns: a million of them pass between threads in one piece. */
type PackedApplication = {
  readonly applicationId: Uint8Array;
  readonly largestRequiredCount: number;
  /** 16 octets for each record. */
  readonly cmids: Uint8Array<ArrayBuffer>;
  readonly sequences: Float64Array<ArrayBuffer>;
  readonly times: Float64Array<ArrayBuffer>;
  readonly virtual: Uint8Array<ArrayBuffer>;
};

export type PackedState = {
  readonly applications: readonly PackedApplication[];
  readonly figures: Figures;
};

type ApplicationRow = {
  readonly application_id: Uint8Array;
  readonly largest_required_count: number;
};

export function readState(database: Database): PackedState {
  const rows = database
    .query("SELECT application_id, largest_required_count FROM application")
    .all() as ApplicationRow[];
  const applications = rows.map((row) => readApplication(database, row));
  return { applications, figures: readFigures(database) };
}

export function readFigures(database: Database): Figures {
  const row = database
    .query(
      `SELECT total, failed, unlicensed, licensed, initial_grace AS initialGrace,
        out_of_tolerance AS outOfTolerance, non_genuine_grace AS nonGenuineGrace, notification
      FROM figure`,
    )
    .get();
  return row as Figures;
}

function readApplication(database: Database, row: ApplicationRow): PackedApplication {
  const { application_id: applicationId, largest_required_count: largestRequiredCount } = row;
  const rows = database
    .query(
      `SELECT sequence, cmid, time, virtual FROM cache_record
      WHERE application_id = ? ORDER BY sequence`,
    )
    .values(applicationId) as [number, Uint8Array, number, number][];
  const cmids = new Uint8Array(rows.length * GUID_LENGTH);
  const sequences = new Float64Array(rows.length);
  const times = new Float64Array(rows.length);
  const virtual = new Uint8Array(rows.length);
  for (const [index, [sequence, cmid, time, isVirtual]] of rows.entries()) {
    cmids.set(cmid, index * GUID_LENGTH);
    sequences[index] = sequence;
    times[index] = time;
    virtual[index] = isVirtual;
  }
  return { applicationId, largestRequiredCount, cmids, sequences, times, virtual };
}

export function unpackState({ applications, figures }: PackedState): SavedState {
  return {
    figures,
    applications: applications.map((application) => ({
      applicationId: guidFromOctets(application.applicationId),
      largestRequiredCount: application.largestRequiredCount,
      records: unpackRecords(application),
    })),
  };
}

function unpackRecords(application: PackedApplication): readonly CacheRecord[] {
  const { cmids, sequences, times, virtual } = application;
  return Array.from(sequences, (sequence, index) => ({
    cmid: guidFromOctets(cmids.subarray(index * GUID_LENGTH, (index + 1) * GUID_LENGTH)),
    sequence,
    time: times[index] as number,
    virtual: virtual[index] === 1,
  }));
}
