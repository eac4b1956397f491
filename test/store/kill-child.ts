/** Run and killed by kill.test.ts: `bun kill-child.ts DATABASE`. Prints each id it may rely on. */
import { writeSync } from "node:fs";
import { openStore } from "../../src/store/store.ts";
import { Ledger } from "./support.ts";

const GROUP = 8;
const ledger = await Ledger.of(await openStore({ path: process.argv[2] ?? "" }));
for (let first = 0; ; first += GROUP) {
  await ledger.askMachines(...Array.from({ length: GROUP }, (_, index) => first + index));
  writeSync(1, `${first + GROUP}\n`);
}
