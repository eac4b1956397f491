import type { Database, Statement } from "bun:sqlite";
import { HRESULT } from "../protocol/hresult.ts";
import type { PackedRequest } from "./group.ts";
import type { Binding, StatementSet } from "./statement-set.ts";

/** Names kept of a client that has many (COUNT-10): more say nothing more. */
const NAMES_PER_CLIENT_MAXIMUM = 16;

/** What the next request of a client is compared with. */
type KnownClient = {
  readonly id: number;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly machine_name: string;
  readonly address: string;
  readonly previous_address: string | null;
  readonly names_seen: number;
  readonly requests: number;
  readonly last_event: number;
};

/** The inventory (COUNT-9), and what tells clones from moved machines (COUNT-10). */
export class ClientWriter {
  readonly #find: Statement<KnownClient, Binding[]>;
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #rename: Statement;
  readonly #putName: Statement;
  readonly #hasName: Statement;
  readonly #countNames: Statement<{ readonly names: number }, Binding[]>;
  #total: number;

  constructor(statements: StatementSet, database: Database) {
    this.#find = statements.prepare(
      `SELECT id, first_seen, last_seen, machine_name, address, previous_address, names_seen,
        requests, last_event
      FROM client WHERE cmid = ? AND application_id = ?`,
    );
    this.#insert = statements.prepare(
      `INSERT INTO client (cmid, application_id, activation_id, source, first_seen, last_seen,
        machine_name, address, virtual, licence_state, minutes_to_expiration, required_count,
        client_time, requests, failed, last_result, last_count, last_event)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)`,
    );
    // The name apart: setting it, even to itself, would rewrite its entry in the index.
    this.#update = statements.prepare(
      `UPDATE client SET activation_id = ?, source = ?, last_seen = ?, address = ?,
        previous_address = ?, address_changes = address_changes + ?,
        address_returns = address_returns + ?, virtual = ?, licence_state = ?,
        minutes_to_expiration = ?, required_count = ?, client_time = ?, requests = requests + 1,
        failed = failed + ?, last_result = ?, last_count = ?, last_event = ?
      WHERE id = ?`,
    );
    this.#rename = statements.prepare(
      "UPDATE client SET machine_name = ?, names_seen = ? WHERE id = ?",
    );
    this.#putName = statements.prepare(
      `INSERT INTO client_name
        (client, machine_name, address, first_seen, last_seen, requests)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET address = excluded.address, last_seen = excluded.last_seen,
        requests = requests + excluded.requests`,
    );
    this.#hasName = statements.prepare(
      "SELECT 1 FROM client_name WHERE client = ? AND machine_name = ?",
    );
    this.#countNames = statements.prepare(
      "SELECT count(*) AS names FROM client_name WHERE client = ?",
    );
    this.#total = database.query("SELECT count(*) FROM client").values()[0]?.[0] as number;
  }

  /** Clients in the inventory: counted once, for nobody takes one out. */
  get total(): number {
    return this.#total;
  }

  /** What was entered since then was not stored. */
  rollback(total: number): void {
    this.#total = total;
  }

  /** Enters or updates the client; returns the id of its event before this one. */
  write(request: PackedRequest, eventId: number): number | null {
    const { cmid, applicationId } = request;
    const known = this.#find.get(cmid, applicationId);
    if (known === null) {
      this.#enter(request, eventId);
      return null;
    }
    const moved = request.address !== known.address;
    const returned = moved && request.address === known.previous_address;
    this.#update.run(
      request.activationId,
      request.source,
      request.enteredAt,
      request.address,
      moved ? known.address : known.previous_address,
      moved ? 1 : 0,
      returned ? 1 : 0,
      request.virtual ? 1 : 0,
      request.licenceState,
      request.minutesToExpiration,
      request.requiredCount,
      request.clientTime,
      failures(request),
      request.hresult,
      request.count,
      eventId,
      known.id,
    );
    const renamed = request.machineName !== known.machine_name;
    if (renamed || known.names_seen > 1) this.#noteName(request, known, renamed);
    return known.last_event;
  }

  #enter(request: PackedRequest, eventId: number): void {
    this.#total += 1;
    this.#insert.run(
      request.cmid,
      request.applicationId,
      request.activationId,
      request.source,
      request.enteredAt,
      request.enteredAt,
      request.machineName,
      request.address,
      request.virtual ? 1 : 0,
      request.licenceState,
      request.minutesToExpiration,
      request.requiredCount,
      request.clientTime,
      failures(request),
      request.hresult,
      request.count,
      eventId,
    );
  }

  /** From the second name on, each name of a client has a row that says when it was last used. */
  #noteName(request: PackedRequest, known: KnownClient, renamed: boolean): void {
    const { machineName, address, enteredAt } = request;
    const { id } = known;
    if (known.names_seen === 1) {
      const { machine_name, first_seen, last_seen, requests } = known;
      this.#putName.run(id, machine_name, known.address, first_seen, last_seen, requests);
    }
    const hasRoom = known.names_seen < NAMES_PER_CLIENT_MAXIMUM;
    if (hasRoom || this.#hasName.get(id, machineName) !== null) {
      this.#putName.run(id, machineName, address, enteredAt, enteredAt, 1);
    }
    if (!renamed) return;
    const names = this.#countNames.get(id)?.names ?? 1;
    this.#rename.run(machineName, names, id);
  }
}

function failures(request: PackedRequest): 0 | 1 {
  return request.hresult === HRESULT.success ? 0 : 1;
}
