/** Dynamic updates on the compiled executable; scripts/update-kill-rounds.ts is the long form. */
import { beforeAll, expect, test } from "bun:test";
import { executable } from "../support/executable.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { runUpdateKillRounds } from "../support/update-kill-rounds.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
const ROUNDS_MILLISECONDS_MAXIMUM = 60_000;
beforeAll(() => void executable(), BUILD_MILLISECONDS_MAXIMUM);

test(
  "65 an update is there after kill -9, if it was acknowledged (DNS-7)",
  async () => {
    const directory = scratchDirectory("update-kill");
    const figures = await runUpdateKillRounds({ directory, rounds: 2 });
    expect(figures.acknowledged).toBeGreaterThanOrEqual(2);
  },
  ROUNDS_MILLISECONDS_MAXIMUM,
);
