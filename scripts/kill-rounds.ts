/**
 * Kills the executable under load, again and again, and looks whether anything acknowledged is
 * lost, or kept twice (STORE-1).
 *
 *   bun scripts/kill-rounds.ts [ROUNDS] [SEED]
 *
 * The seed draws the moments of the kills. Exits with 1 at the first fault, and leaves the folder.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runKillRounds } from "../test/support/kill-rounds.ts";

const DEFAULT_ROUNDS = 50;
const PROGRESS_EVERY = 10;

const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS);
const seed = Number(process.argv[3] ?? 1);
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  process.stderr.write("usage: bun scripts/kill-rounds.ts [ROUNDS] [SEED]\n");
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), "muster-kill-"));
try {
  const figures = await runKillRounds({
    directory,
    rounds,
    seed,
    onRound: (round, { acknowledged }) => {
      if (round % PROGRESS_EVERY !== 0) return;
      process.stdout.write(`round ${round}: ${acknowledged} acknowledged so far\n`);
    },
  });
  const sorted = figures.restartMs.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lines = [
    `rounds                  ${figures.rounds}`,
    `acknowledged            ${figures.acknowledged}, none lost, none twice`,
    `unanswered at a kill    ${figures.unanswered}, of which stored ${figures.unansweredStored}`,
    `clients and events      ${figures.events}`,
    `ready after a kill      median ${median.toFixed(0)} ms, slowest ${sorted.at(-1)?.toFixed(0)} ms`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  rmSync(directory, { recursive: true });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\nkept: ${directory}\n`);
  process.exit(1);
}
