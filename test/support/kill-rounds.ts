/**
 * Load, kill -9, restart on the same folder, and an account of everything that was acknowledged
 * (STORE-1). What may differ from run to run is what was under way when the process died.
 */
import type { Database } from "bun:sqlite";
import type { StatusView } from "../../src/http/status-view.ts";
import type { Endpoint } from "../../src/platform/endpoint.ts";
import { encodeRequest } from "../../src/protocol/request.ts";
import { LICENCE_STATES, type LicenceState } from "../../src/protocol/types.ts";
import { seededNumbers } from "../rpc/fuzz.ts";
import { callActivate, connect, newRequest } from "./callers.ts";
import { startExecutable } from "./executable.ts";
import { configurationText, getStatus, only, readDatabase } from "./world.ts";

const CONNECTIONS = 48;
/** The kill comes after this many acknowledgements at most, and this long after at most. */
const ACKNOWLEDGED_BEFORE_KILL_MAXIMUM = 1200;
const DELAY_BEFORE_KILL_MAXIMUM_MS = 8;
/** One in so many requests is for a product that nobody knows, and fails. */
const FAILING_ONE_IN = 16;
const CACHE_CAPACITY = 50;

type Numbers = (bound: number) => number;

type Acknowledged = { readonly hresult: number; readonly count: number };

/** CMIDs by what became of them, over all rounds. */
type Ledger = {
  readonly acknowledged: Map<string, Acknowledged>;
  /** Sent, and no answer heard before the end. */
  readonly open: Set<string>;
};

export type KillFigures = {
  rounds: number;
  acknowledged: number;
  /** Under way when the process died; each may be stored or not. */
  unanswered: number;
  unansweredStored: number;
  events: number;
  /** From the start to the open listeners, on the folder that the kill left. */
  readonly restartMs: number[];
};

export type KillOptions = {
  readonly directory: string;
  readonly rounds: number;
  readonly seed: number;
  readonly onRound?: (round: number, figures: KillFigures) => void;
};

/** Runs the rounds. Throws an Error that says what is wrong with what the kill left. */
export async function runKillRounds(options: KillOptions): Promise<KillFigures> {
  const { directory, rounds, seed, onRound } = options;
  const draw = seededNumbers(seed);
  const ledger: Ledger = { acknowledged: new Map(), open: new Set() };
  const figures: KillFigures = {
    rounds: 0,
    acknowledged: 0,
    unanswered: 0,
    unansweredStored: 0,
    events: 0,
    restartMs: [],
  };
  const configuration = configurationText({ log: { level: "warning" } });
  let appliance = await startExecutable({ directory, configuration });
  for (let round = 1; round <= rounds; round += 1) {
    await loadUntilKilled(only(appliance.listening.rpc), ledger, draw, () =>
      appliance.signal("SIGKILL"),
    );
    await appliance.ended;
    const begin = performance.now();
    appliance = await startExecutable({ directory, configuration });
    figures.restartMs.push(performance.now() - begin);
    const status = await getStatus(appliance);
    const complaints = readDatabase(directory, (database) => {
      return [...examine(database, ledger), ...compare(database, status)];
    });
    if (complaints.length > 0) {
      appliance.signal("SIGKILL");
      throw new Error(`seed ${seed}, round ${round}:\n${complaints.slice(0, 20).join("\n")}`);
    }
    readDatabase(directory, (database) => account(figures, ledger, database));
    figures.rounds = round;
    onRound?.(round, figures);
  }
  const exitCode = await appliance.stop();
  if (exitCode !== 0) throw new Error(`the last appliance ended with ${exitCode}`);
  return figures;
}

/** Clients ask, each with a CMID of its own, until a drawn moment ends the process under them. */
async function loadUntilKilled(
  endpoint: Endpoint,
  ledger: Ledger,
  draw: Numbers,
  kill: () => void,
): Promise<void> {
  const killAt = draw(ACKNOWLEDGED_BEFORE_KILL_MAXIMUM);
  const delayMs = draw(DELAY_BEFORE_KILL_MAXIMUM_MS + 1);
  let acknowledged = 0;
  let isKilled = false;
  const killOnce = (): void => {
    if (isKilled) return;
    isKilled = true;
    if (delayMs === 0) kill();
    else setTimeout(kill, delayMs);
  };
  if (killAt === 0) killOnce();
  const client = async (): Promise<void> => {
    const caller = await connect(endpoint).catch(() => undefined);
    if (caller === undefined) return;
    while (caller.usable()) {
      const request = newRequest({
        licenceState: draw(LICENCE_STATES.length) as LicenceState,
        ...(draw(FAILING_ONE_IN) === 0 ? { activationId: crypto.randomUUID() } : {}),
      });
      ledger.open.add(request.cmid);
      const answer = await callActivate(caller, encodeRequest(request)).catch(() => undefined);
      if (answer === undefined) break;
      ledger.open.delete(request.cmid);
      const { hresult, count = 0 } = answer;
      ledger.acknowledged.set(request.cmid, { hresult, count });
      acknowledged += 1;
      if (acknowledged >= killAt) killOnce();
    }
    caller.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
}

type EventRow = { cmid: string; hresult: number; count: number; licence_state: number };

function readEvents(database: Database): readonly EventRow[] {
  return database
    .query(
      `SELECT lower(hex(cmid)) AS cmid, hresult, count, licence_state
      FROM event WHERE code = 12290 ORDER BY id`,
    )
    .all() as EventRow[];
}

/** CMIDs as the store keeps them: 16 octets, the first three groups little-endian. */
function wireForm(cmid: string): string {
  const [a = "", b = "", c = "", ...rest] = cmid.split("-");
  const turned = [a, b, c].map((group) => (group.match(/../g) ?? []).reverse().join(""));
  return [...turned, ...rest].join("");
}

/** What the database says against what the clients were told. */
function examine(database: Database, ledger: Ledger): readonly string[] {
  const complaints: string[] = [];
  const integrity = database.query("PRAGMA integrity_check").values().flat().join("; ");
  if (integrity !== "ok") complaints.push(`integrity_check: ${integrity}`);
  const known = new Set(
    (database.query("SELECT lower(hex(cmid)) FROM client").values() as string[][]).flat(),
  );
  const events = Map.groupBy(readEvents(database), ({ cmid }) => cmid);
  for (const [cmid, { hresult, count }] of ledger.acknowledged) {
    const form = wireForm(cmid);
    const own = events.get(form) ?? [];
    if (!known.has(form)) complaints.push(`${cmid}: acknowledged, not in the store`);
    if (own.length !== 1) complaints.push(`${cmid}: acknowledged, ${own.length} events`);
    if (own[0] !== undefined && (own[0].hresult !== hresult || own[0].count !== count)) {
      complaints.push(`${cmid}: told ${hresult}/${count}, kept ${own[0].hresult}/${own[0].count}`);
    }
    events.delete(form);
  }
  for (const cmid of ledger.open) {
    const own = events.get(wireForm(cmid)) ?? [];
    if (own.length > 1) complaints.push(`${cmid}: unanswered, ${own.length} events`);
    if (known.has(wireForm(cmid)) !== (own.length === 1)) {
      complaints.push(`${cmid}: half of it is stored`);
    }
    events.delete(wireForm(cmid));
  }
  for (const cmid of events.keys()) complaints.push(`${cmid}: nobody sent this`);
  return complaints;
}

/** Figures and cache against the events, and what the running appliance says against both. */
function compare(database: Database, status: StatusView): readonly string[] {
  const events = readEvents(database);
  const served = events.filter(({ hresult }) => hresult === 0);
  const byLicenceState = Object.fromEntries(
    LICENCE_STATES.map((name, state) => [
      name,
      served.filter(({ licence_state }) => licence_state === state).length,
    ]),
  );
  const newest = served.slice(-CACHE_CAPACITY).map(({ cmid }) => cmid);
  const cached = database
    .query("SELECT lower(hex(cmid)) FROM cache_record ORDER BY sequence")
    .values()
    .flat();
  const [clients] = database.query("SELECT count(*), count(DISTINCT cmid) FROM client").values();
  const expected = {
    requests: { total: events.length, failed: events.length - served.length, byLicenceState },
    clients: [events.length, events.length],
    clientsKnown: events.length,
    count: newest.length,
    cached: newest,
  };
  const { requests, clientsKnown, count } = status;
  const found = { requests, clients, clientsKnown, count, cached };
  return (Object.keys(expected) as (keyof typeof expected)[])
    .filter((name) => !Bun.deepEquals(found[name], expected[name]))
    .map((name) => {
      const [is, should] = [JSON.stringify(found[name]), JSON.stringify(expected[name])];
      return `${name}: ${is} where the events say ${should}`;
    });
}

function account(figures: KillFigures, ledger: Ledger, database: Database): void {
  const stored = new Set(readEvents(database).map(({ cmid }) => cmid));
  figures.acknowledged = ledger.acknowledged.size;
  figures.unanswered = ledger.open.size;
  figures.unansweredStored = [...ledger.open].filter((cmid) => stored.has(wireForm(cmid))).length;
  figures.events = stored.size;
}
