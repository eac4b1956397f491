import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { executable } from "../support/executable.ts";
import { runKillRounds } from "../support/kill-rounds.ts";
import { scratchDirectory } from "../support/scratch.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

/** scripts/kill-rounds.ts is the long form. */
test("kill -9 under load loses nothing acknowledged and keeps nothing twice (STORE-1)", async () => {
  const directory = scratchDirectory("kill");
  const figures = await runKillRounds({ directory, rounds: 3, seed: 20_080_201 });
  expect(figures.rounds).toBe(3);
  // A load that never got through would prove nothing.
  expect(figures.acknowledged).toBeGreaterThan(100);
}, 60_000);
