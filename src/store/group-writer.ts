import type { Database, Statement } from "bun:sqlite";
import type { GeneralEvent } from "../activation/events.ts";
import type { Figures } from "../activation/figures.ts";
import type { ApplicationEffect, GroupEffect } from "../activation/state.ts";
import type { Guid } from "../protocol/types.ts";
import { ClientWriter } from "./client-writer.ts";
import { EventWriter } from "./event-writer.ts";
import { guidToOctets, type PackedRequest, unpackRequests } from "./group.ts";
import { StatementSet } from "./statement-set.ts";

/** A group of {@link CommitGroup} as it reaches the writer's thread. */
export type PackedGroup = {
  readonly requests: ArrayBuffer;
  readonly effect: GroupEffect | undefined;
  readonly resets: readonly Guid[];
  readonly general: readonly GeneralEvent[];
};

/**
 * Writes groups, each in one transaction, with statements prepared once. A request costs one read
 * and one write of the client's row, one new event and one or two rows of the small cache table.
 */
export class GroupWriter {
  readonly #database: Database;
  readonly #statements: StatementSet;
  readonly #clients: ClientWriter;
  readonly #events: EventWriter;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #deleteRecord: Statement;
  readonly #insertRecord: Statement;
  readonly #dropRecords: Statement;
  readonly #settleRecords: Statement;
  readonly #putApplication: Statement;
  readonly #deleteApplication: Statement;
  readonly #putFigures: Statement;

  /** `chained`: whether entries of the event log are chained by their hashes (EVENT-6). */
  constructor(database: Database, chained: boolean) {
    this.#database = database;
    const statements = new StatementSet(database);
    this.#statements = statements;
    this.#clients = new ClientWriter(statements, database);
    this.#events = new EventWriter(statements, database, chained);
    this.#begin = statements.prepare("BEGIN IMMEDIATE");
    this.#commit = statements.prepare("COMMIT");
    this.#rollback = statements.prepare("ROLLBACK");
    this.#deleteRecord = statements.prepare(
      "DELETE FROM cache_record WHERE application_id = ? AND sequence = ?",
    );
    // OR REPLACE: sequences start again where an emptied cache was loaded, never within one.
    this.#insertRecord = statements.prepare(
      `INSERT OR REPLACE INTO cache_record (application_id, sequence, cmid, time, virtual)
      VALUES (?, ?, ?, ?, ?)`,
    );
    this.#dropRecords = statements.prepare(
      "DELETE FROM cache_record WHERE application_id = ? AND sequence < ?",
    );
    this.#settleRecords = statements.prepare(
      "UPDATE cache_record SET time = ?1 WHERE application_id = ?2 AND time > ?1",
    );
    this.#putApplication = statements.prepare(
      "INSERT OR REPLACE INTO application (application_id, largest_required_count) VALUES (?, ?)",
    );
    this.#deleteApplication = statements.prepare(
      "DELETE FROM application WHERE application_id = ?",
    );
    this.#putFigures = statements.prepare(
      `UPDATE figure SET total = ?, failed = ?, unlicensed = ?, licensed = ?, initial_grace = ?,
        out_of_tolerance = ?, non_genuine_grace = ?, notification = ?`,
    );
  }

  /** Before the database is closed: it would stay open behind its back otherwise. */
  finalize(): void {
    this.#statements.finalize();
  }

  /**
   * Stores the whole group or, throwing SQLite's error, none of it. The ids of its events follow
   * one another: the requests' in their order, then the general ones.
   */
  write(group: PackedGroup): { readonly firstEventId: number; readonly clients: number } {
    const { end, nextId } = this.#events;
    const { total } = this.#clients;
    this.#begin.run();
    try {
      this.#writeAll(group);
      this.#commit.run();
    } catch (error) {
      this.#events.rollback(end);
      this.#clients.rollback(total);
      // A failed commit may or may not have ended the transaction already.
      if (this.#database.inTransaction) this.#rollback.run();
      throw error;
    }
    return { firstEventId: nextId, clients: this.#clients.total };
  }

  /** Clients in the inventory (COUNT-9). */
  get clients(): number {
    return this.#clients.total;
  }

  #writeAll({ requests, effect, resets, general }: PackedGroup): void {
    for (const applicationId of resets) {
      const octets = guidToOctets(applicationId);
      this.#dropRecords.run(octets, Number.MAX_SAFE_INTEGER);
      this.#deleteApplication.run(octets);
    }
    for (const request of unpackRequests(requests)) this.#writeRequest(request);
    if (effect !== undefined) {
      for (const application of effect.applications) this.#writeApplication(application);
      this.#writeFigures(effect.figures);
    }
    for (const event of general) this.#events.enterGeneral(event);
    this.#events.keepEnd();
  }

  #writeRequest(request: PackedRequest): void {
    const { applicationId, replacedSequence, recordSequence } = request;
    const { nextId } = this.#events;
    const previous = request.inInventory ? this.#clients.write(request, nextId) : null;
    this.#events.enterRequest(request, previous);
    if (replacedSequence !== undefined) this.#deleteRecord.run(applicationId, replacedSequence);
    if (recordSequence !== undefined) {
      const { cmid, enteredAt, virtual } = request;
      this.#insertRecord.run(applicationId, recordSequence, cmid, enteredAt, virtual ? 1 : 0);
    }
  }

  #writeApplication(application: ApplicationEffect): void {
    const { applicationId, largestRequiredCount, oldestSequence, settledTime } = application;
    const octets = guidToOctets(applicationId);
    this.#putApplication.run(octets, largestRequiredCount);
    this.#dropRecords.run(octets, oldestSequence);
    if (settledTime !== undefined) this.#settleRecords.run(settledTime, octets);
  }

  #writeFigures(figures: Figures): void {
    this.#putFigures.run(
      figures.total,
      figures.failed,
      figures.unlicensed,
      figures.licensed,
      figures.initialGrace,
      figures.outOfTolerance,
      figures.nonGenuineGrace,
      figures.notification,
    );
  }
}
