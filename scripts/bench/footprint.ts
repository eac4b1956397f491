/**
 * Start to ready, resident memory idle and after 90,000 distinct clients, size of the executable:
 * `bun scripts/bench/footprint.ts`. Needs cc (for the load) and the compiled executable.
 */
import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import { EXECUTABLE, median, portOf, residentMebibytes, startAppliance } from "./processes.ts";

const STARTS = 5;
const CLIENTS = 90_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const first: number[] = [];
const again: number[] = [];
for (let round = 0; round < STARTS; round++) {
  const fresh = await startAppliance();
  first.push(fresh.readyMs);
  await fresh.stop();
  const restarted = await startAppliance({ directory: fresh.directory });
  again.push(restarted.readyMs);
  await restarted.stop();
}
say(`start to ready, new data folder: ${median(first).toFixed(0)} ms (median of ${STARTS})`);
say(`start to ready, again: ${median(again).toFixed(0)} ms`);

const appliance = await startAppliance();
say(`resident, idle: ${residentMebibytes(appliance.pid).toFixed(0)} MiB`);
const binary = join(mkdtempSync(join(tmpdir(), "muster-load-")), "load");
Bun.spawnSync(["cc", "-O2", "-o", binary, join(import.meta.dir, "load.c")]);
const product = DEFAULT_CATALOGUE.find((entry) => entry.kind === "client");
if (product === undefined) throw new Error("the default catalogue has no client product");
const load = Bun.spawnSync(
  [binary, "cold", "127.0.0.1", `${portOf(appliance.rpc)}`, "64", `${CLIENTS}`, "7"].concat(
    product.applicationId,
    product.activationId,
  ),
);
say(load.stdout.toString().trim());
say(`resident, after ${CLIENTS} clients: ${residentMebibytes(appliance.pid).toFixed(0)} MiB`);
const restart = appliance.directory;
await appliance.stop();
const loaded = await startAppliance({ directory: restart });
say(`start to ready with ${CLIENTS} clients in the store: ${loaded.readyMs.toFixed(0)} ms`);
await loaded.stop();
say(`executable: ${(statSync(EXECUTABLE).size / 1e6).toFixed(1)} MB`);
