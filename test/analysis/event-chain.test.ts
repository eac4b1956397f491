import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  CHAIN_START,
  type ChainedEntry,
  type ChainReport,
  type ChainSegment,
  type ChainValue,
  ChainVerifier,
  EntryHasher,
} from "../../src/analysis/event-chain.ts";
import { sha256 } from "../../src/platform/hash.ts";

type Log = {
  readonly entries: readonly ChainedEntry[];
  readonly segments: readonly ChainSegment[];
  readonly head: { readonly lastId: number; readonly hash: Uint8Array };
};

/** A log of these rows, ids from `firstId` on, in one open segment. */
function chain(rows: readonly (readonly ChainValue[])[], firstId = 1): Log {
  const hasher = new EntryHasher(sha256);
  let hash = CHAIN_START;
  const entries = rows.map((row, index) => {
    const id = firstId + index;
    const columns = [id, ...row];
    hash = hasher.link(hash, columns);
    return { id, columns, hash };
  });
  const lastId = firstId + rows.length - 1;
  return {
    entries,
    segments: [{ firstId, lastId: undefined, anchor: CHAIN_START }],
    head: { lastId, hash },
  };
}

function verify({ entries, segments, head }: Log): ChainReport {
  const verifier = new ChainVerifier(sha256, segments, head);
  for (const entry of entries) if (!verifier.take(entry)) break;
  return verifier.finish();
}

const value: fc.Arbitrary<ChainValue> = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.string({ unit: "grapheme" }),
  fc.uint8Array({ maxLength: 20 }),
);
const row = fc.array(value, { minLength: 3, maxLength: 6 });
const log = fc.array(row, { minLength: 1, maxLength: 12 }).map((rows) => chain(rows, 7));

/** A log and the index of one of its entries. */
const logAndIndex = log.chain((one) =>
  fc.record({ log: fc.constant(one), index: fc.nat(one.entries.length - 1) }),
);

function replaceAt<Value>(
  list: readonly Value[],
  index: number,
  by: (value: Value) => Value,
): readonly Value[] {
  return list.map((one, at) => (at === index ? by(one) : one));
}

function sameValue(one: ChainValue | undefined, other: ChainValue | undefined): boolean {
  return Bun.deepEquals(one, other, true) || (one === 0 && other === 0);
}

function isSame(one: readonly ChainValue[], other: readonly ChainValue[]): boolean {
  return one.length === other.length && one.every((cell, at) => sameValue(cell, other[at]));
}

describe("EVENT-6: a log that nobody touched", () => {
  test("holds, whatever is in it", () => {
    fc.assert(
      fc.property(log, (one) => {
        const last = one.entries.at(-1);
        expect(verify(one)).toMatchObject({
          firstBreak: undefined,
          intact: one.entries.length,
          unchained: 0,
          newest: { lastId: last?.id, hash: last?.hash },
        });
      }),
    );
  });

  test("holds from its new anchor on after retention took the oldest", () => {
    fc.assert(
      fc.property(logAndIndex, ({ log: one, index }) => {
        const removed = one.entries[index] as ChainedEntry & { readonly hash: Uint8Array };
        const kept = {
          ...one,
          entries: one.entries.slice(index + 1),
          segments: [{ firstId: removed.id + 1, lastId: undefined, anchor: removed.hash }],
        };
        expect(verify(kept).firstBreak).toBeUndefined();
      }),
    );
  });

  test("an empty one holds", () => {
    expect(verify(chain([]))).toMatchObject({ firstBreak: undefined, intact: 0 });
  });
});

describe("EVENT-6: any single change is found and named", () => {
  test("an edited column: the entry itself", () => {
    const edit = fc.record({ at: fc.nat(), value });
    fc.assert(
      fc.property(logAndIndex, edit, ({ log: one, index }, { at, value: changed }) => {
        const entry = one.entries[index] as ChainedEntry;
        const column = at % entry.columns.length;
        fc.pre(!sameValue(entry.columns[column], changed));
        const columns = replaceAt(entry.columns, column, () => changed);
        const entries = replaceAt(one.entries, index, () => ({ ...entry, columns }));
        const { firstBreak, intact } = verify({ ...one, entries });
        expect(firstBreak).toEqual({ id: entry.id, kind: "altered" });
        expect(intact).toBe(index);
      }),
    );
  });

  test("a column more, less, or two run together: the entry itself", () => {
    fc.assert(
      fc.property(logAndIndex, row, ({ log: one, index }, other) => {
        const entry = one.entries[index] as ChainedEntry;
        fc.pre(!isSame(entry.columns, other));
        const entries = replaceAt(one.entries, index, () => ({ ...entry, columns: other }));
        expect(verify({ ...one, entries }).firstBreak).toEqual({ id: entry.id, kind: "altered" });
      }),
    );
    const texts = chain([["ab", "c", null]]);
    const moved = replaceAt(texts.entries, 0, (one) => ({ ...one, columns: [1, "a", "bc", null] }));
    expect(verify({ ...texts, entries: moved }).firstBreak?.id).toBe(1);
  });

  test("an edited or absent hash: the entry itself", () => {
    const hash = fc.option(fc.uint8Array({ minLength: 0, maxLength: 33 }));
    fc.assert(
      fc.property(logAndIndex, hash, ({ log: one, index }, changed) => {
        const entry = one.entries[index] as ChainedEntry;
        const entries = replaceAt(one.entries, index, () => ({ ...entry, hash: changed }));
        expect(verify({ ...one, entries }).firstBreak).toEqual({ id: entry.id, kind: "altered" });
      }),
    );
  });

  test("an entry edited with its hash made anew: the one behind it, or the log's end", () => {
    fc.assert(
      fc.property(logAndIndex, value, ({ log: one, index }, changed) => {
        const entry = one.entries[index] as ChainedEntry;
        fc.pre(!sameValue(entry.columns[1], changed));
        const columns = replaceAt(entry.columns, 1, () => changed);
        const before = one.entries[index - 1]?.hash ?? CHAIN_START;
        const hash = new EntryHasher(sha256).link(before, columns);
        const entries = replaceAt(one.entries, index, () => ({ ...entry, columns, hash }));
        const id = Math.min(entry.id + 1, one.head.lastId);
        expect(verify({ ...one, entries }).firstBreak).toEqual({ id, kind: "altered" });
      }),
    );
  });

  test("an entry taken out, wherever: the one that is missing", () => {
    fc.assert(
      fc.property(logAndIndex, ({ log: one, index }) => {
        const id = one.entries[index]?.id;
        const entries = one.entries.filter((_, at) => at !== index);
        expect(verify({ ...one, entries }).firstBreak).toEqual({ id, kind: "missing" } as never);
      }),
    );
  });

  test("two entries that changed places: the first of them", () => {
    fc.assert(
      fc.property(log, fc.nat(), fc.nat(), (one, first, second) => {
        const [low, high] = [first, second]
          .map((at) => at % one.entries.length)
          .sort((a, b) => a - b);
        const [lower, higher] = [one.entries[low as number], one.entries[high as number]];
        if (lower === undefined || higher === undefined) throw new Error("no entry");
        fc.pre(low !== high && !isSame(lower.columns.slice(1), higher.columns.slice(1)));
        const placed = (at: number): ChainedEntry => {
          const here = one.entries[at] as ChainedEntry;
          const from = at === low ? higher : at === high ? lower : here;
          // Their ids say where they lie: only the rest can have moved.
          return { ...from, id: here.id, columns: [here.id, ...from.columns.slice(1)] };
        };
        const entries = one.entries.map((_, at) => placed(at));
        expect(verify({ ...one, entries }).firstBreak).toEqual({ id: lower.id, kind: "altered" });
      }),
    );
  });

  test("an edited anchor: the first entry; an edited end: the last", () => {
    fc.assert(
      fc.property(log, fc.uint8Array({ minLength: 32, maxLength: 32, min: 1 }), (one, octets) => {
        const segments = replaceAt(one.segments, 0, (segment) => ({ ...segment, anchor: octets }));
        expect(verify({ ...one, segments }).firstBreak).toEqual({ id: 7, kind: "altered" });
        const { lastId } = one.head;
        const moved = { ...one, head: { lastId, hash: octets } };
        expect(verify(moved).firstBreak).toEqual({ id: lastId, kind: "altered" });
      }),
    );
  });
});

describe("EVENT-6: segments", () => {
  const hasher = new EntryHasher(sha256);
  const before = chain([["a"], ["b"], ["c"]]);
  const free = [4, 5].map((id) => ({ id, columns: [id, "free"], hash: null }));
  const linked = (id: number, previous: Uint8Array) => {
    const columns = [id, "later"];
    return { id, columns, hash: hasher.link(previous, columns) };
  };
  const later = linked(6, before.head.hash);
  const whole: Log = {
    entries: [...before.entries, ...free, later],
    segments: [
      { firstId: 1, lastId: 3, anchor: CHAIN_START },
      { firstId: 6, lastId: undefined, anchor: before.head.hash },
    ],
    head: { lastId: 6, hash: later.hash },
  };

  test("entries from while the chain was off are counted, and break nothing", () => {
    expect(verify(whole)).toMatchObject({ firstBreak: undefined, intact: 4, unchained: 2 });
  });

  test("the last entry of a segment that ended is missed", () => {
    const entries = whole.entries.filter(({ id }) => id !== 3);
    expect(verify({ ...whole, entries }).firstBreak).toEqual({ id: 3, kind: "missing" });
  });

  test("a segment that does not follow the one before", () => {
    const other = linked(6, CHAIN_START);
    const log: Log = {
      entries: [...before.entries, ...free, other],
      segments: replaceAt(whole.segments, 1, (one) => ({ ...one, anchor: CHAIN_START })),
      head: { lastId: 6, hash: other.hash },
    };
    expect(verify(log).firstBreak).toEqual({ id: 6, kind: "anchor" });
  });

  test("a segment's row taken out leaves hashes that nothing accounts for", () => {
    const log = { ...whole, segments: whole.segments.slice(1) };
    expect(verify(log).firstBreak).toEqual({ id: 1, kind: "altered" });
  });
});

test("the canonical form is what it is said to be", () => {
  let hashed = new Uint8Array();
  const hasher = new EntryHasher((octets) => {
    hashed = Uint8Array.from(octets);
    return octets;
  });
  hasher.link(new Uint8Array([9]), [null, -2, "é", new Uint8Array([7, 8]), 0.5]);
  expect(hashed.toHex()).toBe(
    [
      "09",
      "00",
      "01fffffffffffffffe",
      "0200000002c3a9",
      "03000000020708",
      "043fe0000000000000",
    ].join(""),
  );
});

test("an entry larger than anything before it is hashed whole", () => {
  const hasher = new EntryHasher(sha256);
  const large = hasher.link(CHAIN_START, [1, "x".repeat(100_000)]);
  expect(hasher.link(CHAIN_START, [1, "x".repeat(100_000)])).toEqual(large);
  expect(hasher.link(CHAIN_START, [1, `${"x".repeat(99_999)}y`])).not.toEqual(large);
});
