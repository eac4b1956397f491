import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { EVENT_CODE } from "../../src/activation/events.ts";
import type { ChainReport } from "../../src/analysis/event-chain.ts";
import type { EventFilter } from "../../src/store/event-export.ts";
import type { RetentionLimits } from "../../src/store/event-retention.ts";
import { EVENT_COLUMNS } from "../../src/store/event-writer.ts";
import { openRecordReader } from "../../src/store/record-reader.ts";
import { openStore, type Store, type StoreOptions } from "../../src/store/store.ts";
import { cmid, DAY, NOW } from "../activation/support.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { commit, effectOf, groupOf, Ledger } from "./support.ts";

const folder = scratchDirectory("event-log");
let files = 0;
const open: Store[] = [];

function freshPath(): string {
  files += 1;
  return join(folder, `${files}.db`);
}

async function opened(path: string, options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ path, ...options });
  open.push(store);
  return store;
}

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

/** Commits so many events, a day apart from {@link NOW} on, unless told. */
async function fill(store: Store, count: number, apart = DAY): Promise<void> {
  const effects = Array.from({ length: count }, (_, index) =>
    effectOf(index, { time: NOW + index * apart }),
  );
  await commit(store, groupOf(effects));
}

function verify(path: string): ChainReport {
  const reader = openRecordReader(path);
  try {
    return reader.verifyEvents();
  } finally {
    reader.close();
  }
}

function tamper(path: string, ...statements: readonly string[]): void {
  const database = new Database(path);
  for (const sql of statements) database.run(sql);
  database.close();
}

async function filledPath(count: number): Promise<string> {
  const path = freshPath();
  const store = await opened(path);
  await fill(store, count);
  const general = { code: EVENT_CODE.countReset, time: NOW, hresult: 0, detail: "half \ud800" };
  await store.logEvent(general);
  await store.close();
  return path;
}

describe("EVENT-6: the chain in the database", () => {
  test("holds over groups, general entries, odd texts and restarts", async () => {
    const path = freshPath();
    const first = await opened(path);
    await commit(first, groupOf([effectOf(0, { machineName: "\u0000Ж🙂", detail: "why" })]));
    await first.logEvent({ code: EVENT_CODE.countReset, time: NOW, hresult: 0, detail: "\udfff" });
    await first.close();
    const second = await opened(path);
    await fill(second, 5);
    expect(verify(path)).toMatchObject({ firstBreak: undefined, intact: 7, unchained: 0 });
  });

  test("a group that was taken back leaves no trace", async () => {
    const path = freshPath();
    const store = await opened(path, { maximumPages: 60 });
    await fill(store, 3);
    const many = Array.from({ length: 5000 }, (_, index) => effectOf(index));
    expect((await store.commit(groupOf(many))).ok).toBe(false);
    await store.close();
    const again = await opened(path);
    await fill(again, 2);
    expect(verify(path)).toMatchObject({ firstBreak: undefined, intact: 5 });
  });

  const edits: readonly (readonly [string, string, { id: number; kind: string }])[] = [
    [
      "an edited name",
      "UPDATE event SET machine_name = 'X' WHERE id = 3",
      { id: 3, kind: "altered" },
    ],
    ["an edited time", "UPDATE event SET time = time + 1 WHERE id = 1", { id: 1, kind: "altered" }],
    ["an entry taken out", "DELETE FROM event WHERE id = 4", { id: 4, kind: "missing" }],
    ["the newest taken out", "DELETE FROM event WHERE id = 7", { id: 7, kind: "missing" }],
    ["the oldest taken out", "DELETE FROM event WHERE id = 1", { id: 1, kind: "missing" }],
    ["a hash wiped", "UPDATE event SET hash = NULL WHERE id = 5", { id: 5, kind: "altered" }],
    ["a hash that is none", "UPDATE event SET hash = 'x' WHERE id = 5", { id: 5, kind: "altered" }],
    [
      "an entry slipped in",
      "INSERT INTO event (id, time, code, hresult) VALUES (0, 1, 1, 0)",
      { id: 0, kind: "none" },
    ],
  ];
  for (const [name, sql, { id, kind }] of edits) {
    test(`${name} is ${kind === "none" ? "counted as unchained" : "named"}`, async () => {
      const path = await filledPath(6);
      tamper(path, sql);
      const report = verify(path);
      if (kind === "none") expect(report).toMatchObject({ firstBreak: undefined, unchained: 1 });
      else expect(report.firstBreak as object).toEqual({ id, kind });
    });
  }

  test("two entries that changed places: the first of them", async () => {
    const path = await filledPath(6);
    const ids = ["UPDATE event SET id = -1 WHERE id = 2", "UPDATE event SET id = 2 WHERE id = 5"];
    tamper(path, ...ids, "UPDATE event SET id = 5 WHERE id = -1");
    expect(verify(path).firstBreak).toEqual({ id: 2, kind: "altered" });
  });

  test("any single edit of any column is found and named", async () => {
    const path = await filledPath(8);
    const columns = EVENT_COLUMNS.filter((column) => column !== "id");
    const edit = fc.record({
      id: fc.integer({ min: 1, max: 9 }),
      column: fc.constantFrom(...columns),
      value: fc.oneof(
        fc.constant(null),
        fc.integer(),
        fc.string(),
        fc.uint8Array({ maxLength: 9 }),
      ),
    });
    const database = new Database(path);
    fc.assert(
      fc.property(edit, ({ id, column, value }) => {
        database.run("BEGIN");
        try {
          const read = database.query(`SELECT ${column} FROM event WHERE id = ?`);
          const before = read.values(id)[0]?.[0];
          const required = ["time", "code", "hresult"].includes(column);
          fc.pre(!(required && value === null));
          database.run(`UPDATE event SET ${column} = ? WHERE id = ?`, [value, id]);
          fc.pre(!Bun.deepEquals(read.values(id)[0]?.[0], before, true));
          database.run("COMMIT");
          expect(verify(path).firstBreak).toEqual({ id, kind: "altered" });
          database.run(`UPDATE event SET ${column} = ? WHERE id = ?`, [before as never, id]);
        } finally {
          if (database.inTransaction) database.run("ROLLBACK");
        }
      }),
      { numRuns: 60 },
    );
    database.close();
    expect(verify(path).firstBreak).toBeUndefined();
  });

  test("switched off and on again: what lies between is counted, and the chain goes on", async () => {
    const path = freshPath();
    for (const chainEvents of [true, false, false, true]) {
      const store = await opened(path, { chainEvents });
      await fill(store, 2);
      await store.close();
    }
    expect(verify(path)).toMatchObject({ firstBreak: undefined, intact: 4, unchained: 4 });
    tamper(path, "DELETE FROM event WHERE id = 2");
    expect(verify(path).firstBreak).toEqual({ id: 2, kind: "missing" });
  });

  test("never on: nothing is chained, and nothing is broken", async () => {
    const path = freshPath();
    await fill(await opened(path, { chainEvents: false }), 3);
    expect(verify(path)).toMatchObject({ firstBreak: undefined, intact: 0, unchained: 3 });
  });
});

const LIMITS: RetentionLimits = {
  deadline: Number.MIN_SAFE_INTEGER,
  now: Number.MAX_SAFE_INTEGER,
  maximumOctets: Number.MAX_SAFE_INTEGER,
};

/** Steps of retention until nothing is left to do; how many entries went. */
async function retain(store: Store, limits: Partial<RetentionLimits>): Promise<number> {
  let removed = 0;
  for (let step = 0; step < 10_000; step += 1) {
    const outcome = await store.retainEvents({ ...LIMITS, ...limits });
    if (!outcome.ok) throw new Error(outcome.error.message);
    removed += outcome.value.removed;
    if (outcome.value.isDone) return removed;
  }
  throw new Error("retention has no end");
}

async function idsOf(store: Store): Promise<readonly number[]> {
  return (await store.events({ limit: 1000 })).items.map(({ id }) => id).reverse();
}

describe("EVENT-4: retention", () => {
  test("takes what is older than it may be, and leaves a chain that holds", async () => {
    const path = freshPath();
    const store = await opened(path);
    await fill(store, 300);
    expect(await retain(store, { deadline: NOW + 290 * DAY })).toBe(290);
    expect(await idsOf(store)).toEqual([291, 292, 293, 294, 295, 296, 297, 298, 299, 300]);
    expect(verify(path)).toMatchObject({ firstBreak: undefined, intact: 10 });
    await fill(store, 1);
    expect(verify(path)).toMatchObject({ firstBreak: undefined, intact: 11 });
  });

  test("what is then taken out of the middle is still missed", async () => {
    const path = freshPath();
    const store = await opened(path);
    await fill(store, 10);
    await retain(store, { deadline: NOW + 4 * DAY });
    await store.close();
    tamper(path, "DELETE FROM event WHERE id = 5");
    expect(verify(path).firstBreak).toEqual({ id: 5, kind: "missing" });
  });

  test("can take everything; ids and chain go on", async () => {
    const path = freshPath();
    const store = await opened(path);
    await fill(store, 5);
    expect(await retain(store, { deadline: NOW + 100 * DAY })).toBe(5);
    await fill(store, 1);
    expect(await idsOf(store)).toEqual([6]);
    expect(verify(path)).toMatchObject({ firstBreak: undefined, intact: 1 });
  });

  test("keeps the log in its size, about, and takes the oldest for it", async () => {
    const path = freshPath();
    const store = await opened(path);
    for (let round = 0; round < 10; round += 1) await fill(store, 1000);
    const sizeOf = (): number => {
      const database = new Database(path, { readonly: true });
      const sql = "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'event%'";
      const size = database.query(sql).values()[0]?.[0] as number;
      database.close();
      return size;
    };
    const whole = sizeOf();
    await retain(store, { maximumOctets: 800_000 });
    const ids = await idsOf(store);
    expect(ids.at(-1)).toBe(10_000);
    expect(whole).toBeGreaterThan(1_500_000);
    expect(sizeOf()).toBeGreaterThan(640_000);
    expect(sizeOf()).toBeLessThan(960_000);
  });

  test("does not touch the figures of HOST-8, nor the inventory", async () => {
    const store = await opened(freshPath());
    const ledger = await Ledger.of(store);
    await ledger.askMachines(0, 1, 2);
    const before = await store.figures();
    await retain(store, { deadline: NOW + 1 });
    expect(await store.figures()).toEqual(before);
    expect(await store.totals()).toEqual({ clients: 3, events: 0 });
    expect((await store.events({ cmid: cmid(1) })).items).toEqual([]);
    expect(await ledger.askMachines(3)).toEqual([4]);
  });

  test("an entry from a clock that was years ahead does not keep what lies behind it", async () => {
    const store = await opened(freshPath());
    await commit(store, groupOf([effectOf(0, { time: NOW + 9000 * DAY })]));
    await fill(store, 10);
    await retain(store, { deadline: NOW + 5 * DAY, now: NOW + 20 * DAY });
    expect(await idsOf(store)).toEqual([7, 8, 9, 10, 11]);
  });

  test("an entry from a clock that was years behind does not take what lies before it", async () => {
    const store = await opened(freshPath());
    await fill(store, 3);
    await commit(store, groupOf([effectOf(0, { time: NOW - 9000 * DAY })]));
    expect(await retain(store, { deadline: NOW - DAY })).toBe(0);
  });

  test("goes in small steps, between which commits are stored", async () => {
    const store = await opened(freshPath());
    await fill(store, 1000);
    const order: string[] = [];
    const limits = { ...LIMITS, deadline: NOW + 1000 * DAY };
    const step = async (name: string) => {
      const outcome = await store.retainEvents(limits);
      order.push(outcome.ok ? `${name} took ${outcome.value.removed}` : "failed");
    };
    const stored = async () => {
      await commit(store, groupOf([effectOf(1, { time: NOW + 5000 * DAY })]));
      order.push("stored");
    };
    await Promise.all([step("first"), stored(), step("second")]);
    expect(order).toEqual(["first took 128", "stored", "second took 128"]);
  });

  test("gives the room back to the file system, but for a little", async () => {
    const path = freshPath();
    const store = await opened(path);
    for (let round = 0; round < 20; round += 1) await fill(store, 1000);
    const pages = (pragma: string): number => {
      const database = new Database(path, { readonly: true });
      const row = database.query(`PRAGMA ${pragma}`).values()[0]?.[0] as number;
      database.close();
      return row;
    };
    const before = pages("page_count");
    await retain(store, { deadline: NOW + 5000 * DAY });
    expect(pages("freelist_count")).toBeLessThanOrEqual(512);
    expect(pages("page_count")).toBeLessThan(before);
  });
});

describe("EVENT-5: export", () => {
  async function exported(filter: EventFilter): Promise<readonly number[]> {
    const path = freshPath();
    const store = await opened(path);
    await fill(store, 1500);
    await commit(store, groupOf([effectOf(3, { time: NOW + 2 * DAY, hresult: 0xc004f042 })]));
    await store.close();
    const reader = openRecordReader(path);
    const ids = [...reader.exportEvents(filter)].map(({ id }) => id);
    reader.close();
    return ids;
  }

  test("has every entry, oldest first", async () => {
    expect(await exported({})).toEqual(Array.from({ length: 1501 }, (_, index) => index + 1));
  });

  test("by time, whatever order the clock left it in", async () => {
    const filter = { from: NOW + 2 * DAY, before: NOW + 4 * DAY };
    expect(await exported(filter)).toEqual([3, 4, 1501]);
  });

  test("by client, by result, by name", async () => {
    expect(await exported({ cmid: cmid(3) })).toEqual([4, 1501]);
    expect(await exported({ failed: true })).toEqual([1501]);
    expect(await exported({ nameContains: "ne-149" })).toEqual([
      150, 1491, 1492, 1493, 1494, 1495, 1496, 1497, 1498, 1499, 1500,
    ]);
  });

  test("the newest so many, oldest of them first", async () => {
    const path = freshPath();
    const store = await opened(path);
    await fill(store, 1500);
    const reader = openRecordReader(path);
    const ids = reader.newestEvents({}, 1200).map(({ id }) => id);
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([1200, 301, 1500]);
    const range = { after: 1490, upTo: 1495 };
    expect([...reader.exportEvents({ cmid: cmid(1491) }, range)].map(({ id }) => id)).toEqual([
      1492,
    ]);
    reader.close();
  });
});

describe("the record read from its file", () => {
  test("beside the appliance that writes it, with what came meanwhile", async () => {
    const path = freshPath();
    const store = await opened(path);
    const reader = openRecordReader(path);
    const before = reader.version();
    expect(reader.newestEventId()).toBe(0);
    await fill(store, 2);
    expect(reader.version()).not.toBe(before);
    expect(reader.newestEventId()).toBe(2);
    expect(reader.oldestEvent()).toBe(NOW);
    reader.close();
  });

  test("that is another program's, or of a newer version, is refused", async () => {
    const path = await filledPath(1);
    tamper(path, "PRAGMA user_version = 9999");
    expect(() => openRecordReader(path)).toThrow(expect.objectContaining({ code: "newer" }));
    tamper(path, "PRAGMA user_version = 1");
    expect(() => openRecordReader(path)).toThrow("start the appliance of this version once");
    const other = freshPath();
    tamper(other, "CREATE TABLE theirs (one INTEGER)");
    expect(() => openRecordReader(other)).toThrow(expect.objectContaining({ code: "foreign" }));
  });
});
