/**
 * A database as an installation has it after years: `bun scripts/bench/fill-store.ts PATH CLIENTS
 * EVENTS`. Written past the store's own way, which would take an hour for it.
 */
import { Database } from "bun:sqlite";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import { EVENT_CODE } from "../../src/activation/events.ts";
import { guidToOctets } from "../../src/store/group.ts";
import { openStore } from "../../src/store/store.ts";

const DAY_MILLISECONDS = 86_400_000;
const ROWS_PER_TRANSACTION = 100_000;
/** Events lie in as many days, clients were seen in as many. */
const EVENT_DAYS = 30;
const SEEN_DAYS = 7;

export async function fillStore(path: string, clients: number, events: number): Promise<void> {
  const made = await openStore({ path, chainEvents: false });
  await made.close();
  const database = new Database(path);
  database.run("PRAGMA journal_mode = MEMORY");
  database.run("PRAGMA synchronous = OFF");
  database.run("PRAGMA cache_size = -1000000");
  fillClients(database, clients, events);
  fillEvents(database, clients, events);
  database.run("UPDATE figure SET total = ?1, initial_grace = ?1, last_event_id = ?1", [events]);
  database.run("PRAGMA journal_mode = WAL");
  database.close();
}

/** Ids as random as those of machines, and the same for a number each time. */
function cmidOf(index: number): Uint8Array {
  const hash = new Bun.CryptoHasher("md5").update(String(index)).digest();
  return new Uint8Array(hash);
}

function product(index: number): {
  readonly application: Uint8Array;
  readonly activation: Uint8Array;
} {
  const { applicationId, activationId } = DEFAULT_CATALOGUE[index % DEFAULT_CATALOGUE.length] ?? {
    applicationId: "",
    activationId: "",
  };
  return { application: guidToOctets(applicationId), activation: guidToOctets(activationId) };
}

const PRODUCTS = DEFAULT_CATALOGUE.map((_, index) => product(index));

function productOf(index: number): (typeof PRODUCTS)[number] {
  return PRODUCTS[index % PRODUCTS.length] ?? product(0);
}

function inTransactions(database: Database, rows: number, insert: (index: number) => void): void {
  for (let first = 0; first < rows; first += ROWS_PER_TRANSACTION) {
    database.run("BEGIN");
    const end = Math.min(rows, first + ROWS_PER_TRANSACTION);
    for (let index = first; index < end; index += 1) insert(index);
    database.run("COMMIT");
  }
}

function fillClients(database: Database, clients: number, events: number): void {
  const now = Date.now();
  const statement = database.prepare(
    `INSERT INTO client (cmid, application_id, activation_id, source, first_seen, last_seen,
      machine_name, address, virtual, licence_state, minutes_to_expiration, required_count,
      client_time, requests, failed, last_result, last_count, last_event)
    VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, 1, 259200, 25, ?, 5, 0, 0, 50, ?)`,
  );
  inTransactions(database, clients, (index) => {
    const { application, activation } = productOf(index);
    const seen = now - Math.floor(((clients - index) / clients) * SEEN_DAYS * DAY_MILLISECONDS);
    statement.run(
      cmidOf(index),
      application,
      activation,
      seen - 100 * DAY_MILLISECONDS,
      seen,
      `LAB-${index.toString(36).toUpperCase()}`,
      addressOf(index),
      index % 2,
      seen,
      Math.max(1, events - clients + index),
    );
  });
  statement.finalize();
}

function fillEvents(database: Database, clients: number, events: number): void {
  const now = Date.now();
  const statement = database.prepare(
    `INSERT INTO event (id, time, code, hresult, required_count, machine_name, cmid, client_time,
      virtual, licence_state, minutes_to_expiration, activation_id, application_id, count, address,
      source)
    VALUES (?, ?, ${EVENT_CODE.requestHandled}, 0, 25, ?, ?, ?, 0, 1, 259200, ?, ?, 50, ?, 0)`,
  );
  inTransactions(database, events, (index) => {
    const client = index % clients;
    const { application, activation } = productOf(client);
    const time = now - Math.floor(((events - index) / events) * EVENT_DAYS * DAY_MILLISECONDS);
    const name = `LAB-${client.toString(36).toUpperCase()}`;
    const address = addressOf(client);
    statement.run(index + 1, time, name, cmidOf(client), time, activation, application, address);
  });
  statement.finalize();
}

function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

if (import.meta.main) {
  const [path = "", clients = "1000000", events = "5000000"] = process.argv.slice(2);
  if (path === "") throw new Error("PATH is missing");
  await fillStore(path, Number(clients), Number(events));
}
