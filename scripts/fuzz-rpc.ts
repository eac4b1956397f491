/**
 * The long form of test/rpc/fuzz.test.ts: mutated streams of PDUs, each whole and in pieces.
 *
 *   bun scripts/fuzz-rpc.ts [COUNT] [FIRST_SEED]
 *
 * Prints every seed that fails and exits with 1; the same seed is the same stream on every machine.
 */
import { fuzzRound } from "../test/rpc/fuzz.ts";

const DEFAULT_COUNT = 1_000_000;
const PROGRESS_EVERY = 100_000;
const FAILURES_MAX = 20;

const count = Number(process.argv[2] ?? DEFAULT_COUNT);
const first = Number(process.argv[3] ?? 1);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(first)) {
  process.stderr.write("usage: bun scripts/fuzz-rpc.ts [COUNT] [FIRST_SEED]\n");
  process.exit(2);
}

let failures = 0;
for (let seed = first; seed < first + count && failures < FAILURES_MAX; seed += 1) {
  const failure = fuzzRound(seed);
  if (failure !== undefined) {
    failures += 1;
    process.stdout.write(`seed ${failure.seed}: ${failure.reason}\n`);
  }
  const done = seed - first + 1;
  if (done % PROGRESS_EVERY === 0) process.stdout.write(`${done} streams\n`);
}
process.stdout.write(`${failures === 0 ? "no" : failures} failures\n`);
process.exit(failures === 0 ? 0 : 1);
