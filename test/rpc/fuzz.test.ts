import { expect, test } from "bun:test";
import { fuzzRound, seededNumbers } from "./fuzz.ts";

/** The short form; `scripts/fuzz-rpc.ts COUNT` is the long one. */
test("2,000 mutated streams, whole and in pieces", () => {
  for (let seed = 1; seed <= 2000; seed += 1) expect(fuzzRound(seed)).toBeUndefined();
});

test("a seed repeats its stream", () => {
  const [first, second] = [seededNumbers(7), seededNumbers(7)];
  const draws = Array.from({ length: 50 }, () => first(1000));
  expect(Array.from({ length: 50 }, () => second(1000))).toEqual(draws);
  expect(new Set(draws).size).toBeGreaterThan(40);
});
