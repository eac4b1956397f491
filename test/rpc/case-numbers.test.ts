/**
 * The conformance cases of an anonymous DCE/RPC server over TCP that come first, by number: 1 to
 * 30 for the listener, 61 to 66 for the relay. A test says in its title which case it is (`P0-17`);
 * this one says which case has none.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = [import.meta.dir, join(import.meta.dir, "..", "relay")];

const numbers = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Every file of tests, but for this one. */
function sources(): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".test.ts") && name !== "case-numbers.test.ts")
      .map((name) => readFileSync(join(folder, name), "utf8")),
  );
}

test("every case has a test that names it", () => {
  const titles = sources()
    .join("\n")
    .matchAll(/["`]P0-(\d+) /g);
  const named = new Set(Array.from(titles, ([, number]) => Number(number)));
  const wanted = [...numbers(1, 30), ...numbers(61, 66)];
  expect(wanted.filter((number) => !named.has(number))).toEqual([]);
});
