/**
 * The way from a decoded request to a durable record:
 * `bun scripts/bench/store.ts [CLIENTS] [FOLDER]`.
 *
 * Decides groups of renewals by an inventory of CLIENTS, in the order of their arrival, and
 * commits each before the next one, as a host does under load that keeps it
 * busy. FOLDER: the medium to measure.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCatalogue } from "../../src/activation/catalogue.ts";
import { type DecisionContext, decide } from "../../src/activation/decide.ts";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import { DEFAULT_POLICY } from "../../src/activation/policy.ts";
import { ActivationState } from "../../src/activation/state.ts";
import type { ActivationRequest } from "../../src/protocol/types.ts";
import { openStore, type Store } from "../../src/store/store.ts";

const GROUP_SIZES = [1, 16, 64, 256];
const FILL_GROUP = 4096;
const MEASURED_MILLISECONDS = 3000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const created = createCatalogue(DEFAULT_CATALOGUE);
const product = DEFAULT_CATALOGUE[0];
if (!created.ok || product === undefined) throw new Error("no catalogue");
const catalogue = created.value;
const nonce = new Uint8Array(16);

/** Ids spread over the whole range, as random ones do. */
function request(machine: number): ActivationRequest {
  const spread = (Math.imul(machine + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  return {
    virtual: false,
    licenceState: 1,
    minutesToExpiration: 249_120,
    requiredCount: 25,
    applicationId: product?.applicationId ?? "",
    activationId: product?.activationId ?? "",
    cmid: `${spread}-5a5a-4a5a-8a5a-${machine.toString(16).padStart(12, "0")}`,
    clientTime: Date.now(),
    nonce,
    machineName: `MACHINE-${machine}`,
  };
}

function context(): DecisionContext {
  return {
    now: Date.now(),
    policy: DEFAULT_POLICY,
    catalogue,
    standing: { kind: "licensed", group: "serverC", selfIssued: false },
    draining: false,
    peerAddress: "192.0.2.17",
  };
}

type Timing = { decide: number; commit: number };

async function storeGroup(
  store: Store,
  state: ActivationState,
  machines: readonly number[],
): Promise<Timing> {
  const requests = machines.map(request);
  const start = performance.now();
  const shared = context();
  const effects = requests.map((one) => decide(one, state, shared).effect);
  const effect = state.groupEffect();
  const decided = performance.now();
  const outcome = await store.commit({ requests: effects, effect, resets: [], general: [] });
  if (!outcome.ok) throw new Error(outcome.error.message);
  state.accept();
  return { decide: decided - start, commit: performance.now() - decided };
}

function percentile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((one, other) => one - other);
  return (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
}

let next = 0;

async function measure(store: Store, state: ActivationState, size: number): Promise<void> {
  const draw = () => next++ % clients;
  const timings: Timing[] = [];
  const end = performance.now() + MEASURED_MILLISECONDS;
  const cpu = process.cpuUsage();
  while (performance.now() < end) {
    timings.push(await storeGroup(store, state, Array.from({ length: size }, draw)));
  }
  const used = process.cpuUsage(cpu);
  const count = timings.length * size;
  const micro = (key: keyof Timing) =>
    ((timings.reduce((sum, one) => sum + one[key], 0) * 1000) / count).toFixed(2);
  const commits = timings.map((one) => one.commit);
  say(
    `group ${String(size).padStart(3)}: decide ${micro("decide")} us, commit ${micro("commit")} us ` +
      `per request; commit p50 ${percentile(commits, 0.5)} ms p99 ${percentile(commits, 0.99)} ms ` +
      `max ${percentile(commits, 0.99999)} ms; ` +
      `${((used.user + used.system) / count).toFixed(1)} us CPU per request`,
  );
}

const clients = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(process.argv[3] ?? tmpdir(), "muster-bench-store-"));
const path = join(folder, "muster.db");
const store = await openStore({ path });
try {
  const state = new ActivationState(await store.loadState(), DEFAULT_POLICY, Date.now());
  const start = performance.now();
  for (let first = 0; first < clients; first += FILL_GROUP) {
    const length = Math.min(FILL_GROUP, clients - first);
    await storeGroup(
      store,
      state,
      Array.from({ length }, (_, index) => first + index),
    );
  }
  say(`${clients} clients entered in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  for (const size of GROUP_SIZES) await measure(store, state, size);
  const listing = performance.now();
  await store.clients({ limit: 100 });
  const listed = performance.now();
  await store.events({ limit: 100 });
  const done = performance.now();
  say(
    `first page: clients ${(listed - listing).toFixed(1)} ms, events ${(done - listed).toFixed(1)} ms`,
  );
  say(`${(statSync(path).size / 1_048_576).toFixed(0)} MiB on the medium`);
} finally {
  await store.close();
  rmSync(folder, { recursive: true });
}
