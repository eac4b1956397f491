import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { EVENT_CODE } from "../../src/activation/events.ts";
import type {
  ClientItem,
  ClientQuery,
  EventItem,
  EventQuery,
  Page,
} from "../../src/store/listing.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { CLIENT_PRODUCT, cmid, NOW, OFFICE_PRODUCT } from "../activation/support.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { commit, effectOf, failureOf, groupOf } from "./support.ts";

const folder = scratchDirectory("store-listing");
const MACHINES = 23;
let store: Store;
let allClients: readonly ClientItem[];
let allEvents: readonly EventItem[];

/** A log of 200 entries by 23 machines, with ties in time, failures and a clock set back. */
beforeAll(async () => {
  store = await openStore({ path: join(folder, "listing.db") });
  const effects = Array.from({ length: 200 }, (_, index) =>
    effectOf(
      (index * 7) % MACHINES,
      {
        time: NOW + Math.floor(index / 3) * 1000 - (index > 120 ? 50_000 : 0),
        hresult: index % 11 === 0 ? 0xc004f042 : 0,
        machineName: `${index % 2 === 0 ? "Lab" : "LAB"}-${(index * 7) % MACHINES}`,
        licenceState: index % 6,
        virtual: index % 5 === 0,
        applicationId: (index % 4 === 0 ? OFFICE_PRODUCT : CLIENT_PRODUCT).applicationId,
        peerAddress: `192.0.2.${index % 9}`,
      },
      { source: index % 13 === 0 ? "observed" : "own" },
    ),
  );
  const general = { code: EVENT_CODE.publicationFailed, time: NOW + 5, hresult: 5, detail: "zone" };
  await commit(store, groupOf(effects.slice(0, 100)));
  await commit(store, { ...groupOf(effects.slice(100)), general: [general] });
  allClients = (await store.clients({ limit: 1000 })).items;
  allEvents = (await store.events({ limit: 1000 })).items;
});

afterAll(() => store.close());

async function everyPage<Item, Query extends { cursor?: string }>(
  list: (query: Query) => Promise<Page<Item>>,
  query: Query,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let page = await list(query); ; page = await list({ ...query, cursor: page.next })) {
    items.push(...page.items);
    if (page.next === undefined) return items;
  }
}

const optional = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.option(arbitrary, { nil: undefined });
const times = fc.integer({ min: NOW - 60_000, max: NOW + 70_000 });

/** Drops what is undefined: the queries know no such value. */
function given<Query extends object>(
  query: Query,
): { [Key in keyof Query]: NonNullable<Query[Key]> } {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Query]: NonNullable<Query[Key]> };
}

describe("clients by key", () => {
  const queries = fc
    .record({
      limit: fc.integer({ min: 1, max: 50 }),
      order: optional(fc.constantFrom("lastSeen" as const, "machineName" as const)),
      source: optional(fc.constantFrom("own" as const, "observed" as const)),
      licenceState: optional(fc.nat(5)),
      virtual: optional(fc.boolean()),
      namePrefix: optional(fc.constantFrom("lab", "LAB-1", "x")),
      seenFrom: optional(times),
      seenBefore: optional(times),
      failed: optional(fc.boolean()),
      severalNames: optional(fc.constant(true)),
      applicationId: optional(fc.constant(OFFICE_PRODUCT.applicationId)),
      cmid: optional(fc.nat(MACHINES).map(cmid)),
    })
    .map((query): ClientQuery => given(query));

  function matches(client: ClientItem, query: ClientQuery): boolean {
    const prefix = query.namePrefix?.toLowerCase() ?? "";
    return (
      client.source === (query.source ?? client.source) &&
      client.licenceState === (query.licenceState ?? client.licenceState) &&
      client.virtual === (query.virtual ?? client.virtual) &&
      client.machineName.toLowerCase().startsWith(prefix) &&
      client.lastSeen >= (query.seenFrom ?? 0) &&
      client.lastSeen < (query.seenBefore ?? Number.POSITIVE_INFINITY) &&
      (query.failed ?? client.lastResult !== 0) === (client.lastResult !== 0) &&
      (query.severalNames !== true || client.namesSeen > 1) &&
      client.applicationId === (query.applicationId ?? client.applicationId) &&
      client.cmid === (query.cmid ?? client.cmid)
    );
  }

  test("pages put together are the filtered whole, in order, nothing twice", async () => {
    const property = fc.asyncProperty(queries, async (query) => {
      const expected = allClients.filter((client) => matches(client, query));
      if (query.order === "machineName") {
        const name = ({ machineName }: ClientItem) => machineName.toLowerCase();
        expected.sort((a, b) => (name(a) === name(b) ? a.id - b.id : name(a) < name(b) ? -1 : 1));
      }
      const { limit = 1 } = query;
      const got = await everyPage(store.clients, query);
      expect(got).toEqual(expected);
      expect((await store.clients(query)).items.length).toBeLessThanOrEqual(limit);
    });
    await fc.assert(property, { numRuns: 150 });
  });

  test("are newest first where nothing is asked for", () => {
    const seen = allClients.map((client) => client.lastSeen);
    expect(seen).toEqual(seen.toSorted((one, other) => other - one));
    expect(allClients.length).toBeGreaterThan(MACHINES);
  });
});

describe("events by key (EVENT-5)", () => {
  const queries = fc
    .record({
      limit: fc.integer({ min: 1, max: 50 }),
      from: optional(times),
      before: optional(times),
      cmid: optional(fc.nat(MACHINES).map(cmid)),
      nameContains: optional(fc.constantFrom("lab-1", "LAB-2", "nobody")),
      code: optional(fc.constantFrom(12290, 12293)),
      source: optional(fc.constantFrom("own" as const, "observed" as const)),
      hresult: optional(fc.constantFrom(0, 0xc004f042)),
      failed: optional(fc.boolean()),
    })
    .map((query): EventQuery => given(query));

  function matches(event: EventItem, query: EventQuery): boolean {
    const part = query.nameContains?.toLowerCase();
    return (
      event.time >= (query.from ?? 0) &&
      event.time < (query.before ?? Number.POSITIVE_INFINITY) &&
      (query.cmid === undefined || event.cmid === query.cmid) &&
      (part === undefined || event.machineName?.toLowerCase().includes(part) === true) &&
      event.code === (query.code ?? event.code) &&
      event.source === (query.source ?? event.source) &&
      event.hresult === (query.hresult ?? event.hresult) &&
      (query.failed ?? event.hresult !== 0) === (event.hresult !== 0)
    );
  }

  test("pages put together are the filtered whole, in order, nothing twice", async () => {
    const property = fc.asyncProperty(queries, async (query) => {
      const expected = allEvents.filter((event) => matches(event, query));
      const byTime = query.from !== undefined || query.before !== undefined;
      if (byTime && query.cmid === undefined) {
        expected.sort((one, other) => other.time - one.time || other.id - one.id);
      }
      expect(await everyPage(store.events, query)).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 150 });
  });

  test("after an id: oldest first, and the cursor waits for what comes", async () => {
    const first = await store.events({ after: 195, limit: 4 });
    expect(first.items.map((event) => event.id)).toEqual([196, 197, 198, 199]);
    const cursor = first.next ?? "";
    const second = await store.events({ after: 195, cursor });
    expect(second.items.map((event) => event.id)).toEqual([200, 201]);
    const third = await store.events({ after: 195, cursor: second.next ?? "" });
    expect(third.items).toEqual([]);
    expect(third.next).toBe(second.next);
  });
});

test("limits are kept within their bounds", async () => {
  expect((await store.events({ limit: 0 })).items).toHaveLength(1);
  expect((await store.events({ limit: Number.NaN })).items).toHaveLength(100);
  expect((await store.events({ limit: 1e9 })).items).toHaveLength(201);
});

describe("a cursor from outside that no listing gave out is refused", () => {
  const cursors = ["", "!", "W10", "bnVsbA", Buffer.from('["x",{}]').toString("base64url"), "WzFd"];
  test.each(cursors)("%p", async (cursor) => {
    const refusals = await Promise.all([
      failureOf(store.clients({ cursor })),
      failureOf(store.clients({ cursor, order: "machineName" })),
      failureOf(store.events({ cursor, before: NOW })),
    ]);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: "cursor" });
    expect(store.health()).toEqual({ state: "ok" });
  });
});
