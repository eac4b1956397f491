/**
 * Kills the executable as soon as it acknowledged dynamic updates, again and again, and looks
 * whether one of them is lost (DNS-7, STORE-1).
 *
 *   bun scripts/update-kill-rounds.ts [ROUNDS]
 *
 * Exits with 1 at the first fault, and leaves the folder.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runUpdateKillRounds } from "../test/support/update-kill-rounds.ts";

const DEFAULT_ROUNDS = 50;
const PROGRESS_EVERY = 10;

const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS);
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  process.stderr.write("usage: bun scripts/update-kill-rounds.ts [ROUNDS]\n");
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), "muster-update-kill-"));
try {
  const figures = await runUpdateKillRounds({
    directory,
    rounds,
    onRound: (round) => {
      if (round % PROGRESS_EVERY === 0) process.stdout.write(`round ${round}\n`);
    },
  });
  const sorted = figures.restartMs.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lines = [
    `rounds                  ${rounds}`,
    `acknowledged            ${figures.acknowledged}, none lost`,
    `unanswered at a kill    ${figures.unanswered}, of which stored ${figures.unansweredStored}`,
    `ready after a kill      median ${median.toFixed(0)} ms, slowest ${sorted.at(-1)?.toFixed(0)} ms`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  rmSync(directory, { recursive: true });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\nkept: ${directory}\n`);
  process.exit(1);
}
