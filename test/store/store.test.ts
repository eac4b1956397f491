import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { ZERO_GUID } from "../../src/activation/catalogue.ts";
import { EVENT_CODE } from "../../src/activation/events.ts";
import { openStore, type Store, type StoredGroup } from "../../src/store/store.ts";
import { CLIENT_PRODUCT, cmid, NOW, requestOf } from "../activation/support.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { commit, effectOf, failureOf, groupOf, Ledger } from "./support.ts";

const folder = scratchDirectory("store");
let files = 0;
const open: Store[] = [];

function freshPath(): string {
  files += 1;
  return join(folder, `${files}.db`);
}

async function opened(path = freshPath()): Promise<Store> {
  const store = await openStore({ path });
  open.push(store);
  return store;
}

afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

describe("STORE-1: what is kept survives", () => {
  test("count, figures, events and inventory are there after a restart (COUNT-12)", async () => {
    const path = freshPath();
    const first = await opened(path);
    const before = await Ledger.of(first);
    expect(await before.askMachines(0, 1, 2, 1)).toEqual([1, 2, 3, 3]);
    await first.close();

    const second = await opened(path);
    const after = await Ledger.of(second);
    expect(after.state.figures).toMatchObject({ total: 4, failed: 0, initialGrace: 4 });
    expect(await after.askMachines(3)).toEqual([4]);
    expect((await second.events()).items.map((event) => event.id)).toEqual([5, 4, 3, 2, 1]);
    expect(await second.totals()).toEqual({ clients: 4, events: 5 });
    expect(await second.figures()).toMatchObject({ total: 5, initialGrace: 5 });
  });

  test("a folder that is not there is made", async () => {
    const store = await opened(join(folder, "not", "yet", "there.db"));
    expect(store.health()).toEqual({ state: "ok" });
  });

  test("event ids are never given twice, even where retention took the newest", async () => {
    const path = freshPath();
    const first = await opened(path);
    await commit(first, groupOf([effectOf(0), effectOf(1)]));
    await first.close();
    const direct = new Database(path);
    direct.run("DELETE FROM event");
    direct.close();
    const second = await opened(path);
    expect(await commit(second, groupOf([effectOf(2)]))).toMatchObject({ firstEventId: 3 });
  });
});

describe("STORE-2: a group is one commit", () => {
  test("ids follow one another, and listeners hear of it once it is stored", async () => {
    const store = await opened();
    const heard: StoredGroup[] = [];
    const end = store.onStored((stored) => heard.push(stored));
    const general = { code: EVENT_CODE.countReset, time: NOW, hresult: 0, detail: "{}" };
    await commit(store, { ...groupOf([effectOf(0), effectOf(1)]), general: [general] });
    end();
    await commit(store, groupOf([effectOf(2)]));
    expect(heard.map((stored) => stored.firstEventId)).toEqual([1]);
    const { items } = await store.events();
    expect(items.map((event) => [event.id, event.code])).toEqual([
      [4, 12290],
      [3, 13000],
      [2, 12290],
      [1, 12290],
    ]);
  });

  test("commits asked for at once are stored in their order", async () => {
    const store = await opened();
    const receipts = await Promise.all(
      [0, 1, 2, 3].map((index) => commit(store, groupOf([effectOf(index)]))),
    );
    expect(receipts.map((receipt) => receipt.firstEventId)).toEqual([1, 2, 3, 4]);
  });

  test("a group larger than the cache leaves the same state as the rules have", async () => {
    const path = freshPath();
    const first = await opened(path);
    const ledger = await Ledger.of(first);
    const machines = Array.from({ length: 130 }, (_, index) => index % 90);
    await ledger.askMachines(...machines);
    await ledger.askMachines(...machines.toReversed());
    const [application] = [...ledger.state.applications];
    const saved = await first.loadState();
    expect(saved.applications[0]?.records).toEqual([...(application?.cache.records() ?? [])]);
  });
});

test("EVENT-1: an entry keeps every field", async () => {
  const store = await opened();
  const effect = effectOf(
    5,
    {
      hresult: 0xc004f042,
      machineName: "Пример\u0000\u001b[31m🙂",
      clientTime: Date.UTC(1601, 0, 1),
      virtual: true,
      licenceState: 5,
      minutesToExpiration: 0xffffffff,
      requiredCount: 0xffffffff,
      count: 0,
      peerAddress: "2001:db8::1",
      detail: "why",
    },
    { source: "observed" },
  );
  await commit(store, groupOf([effect]));
  const { peerAddress, ...fields } = effect.event;
  const [event] = (await store.events()).items;
  expect(event).toEqual({
    ...fields,
    id: 1,
    code: 12290,
    address: peerAddress,
    source: "observed",
  });
});

test("texts of any length are cut, not refused, and stay well-formed", async () => {
  const store = await opened();
  await commit(store, groupOf([effectOf(0, { detail: "é".repeat(5000) })]));
  const [event] = (await store.events()).items;
  expect(event?.detail).toBe("é".repeat(512));
});

test("settings are kept by name", async () => {
  const path = freshPath();
  const first = await opened(path);
  expect(await first.setting("installation-id")).toBeUndefined();
  await first.putSetting("installation-id", "one");
  await first.putSetting("installation-id", "two");
  await first.close();
  expect(await (await opened(path)).setting("installation-id")).toBe("two");
});

test("COUNT-12: a reset is stored with its event", async () => {
  const path = freshPath();
  const first = await opened(path);
  const ledger = await Ledger.of(first);
  await ledger.askMachines(0, 1, 2);
  const resets = ledger.state.reset(undefined);
  const general = [{ code: EVENT_CODE.countReset, time: NOW, hresult: 0, detail: "" }];
  await commit(first, { requests: [], effect: ledger.state.groupEffect(), resets, general });
  await first.close();
  const second = await opened(path);
  expect(await (await Ledger.of(second)).askMachines(3)).toEqual([1]);
  expect((await second.totals()).clients).toBe(4);
});

describe("STORE-4: a backup while serving", () => {
  test("opens as a store of its own, with everything committed before", async () => {
    const store = await opened();
    const ledger = await Ledger.of(store);
    await ledger.askMachines(0, 1, 2);
    const copyPath = freshPath();
    const backup = store.backup(copyPath);
    await Promise.all([backup, ledger.askMachines(3)]);
    const copy = await Ledger.of(await opened(copyPath));
    expect(copy.state.figures.total).toBeGreaterThanOrEqual(3);
    expect((await copy.askMachines(0))[0]).toBeGreaterThanOrEqual(3);
  });

  test("replaces an older one, and says where it cannot be written", async () => {
    const store = await opened();
    const copyPath = freshPath();
    await store.backup(copyPath);
    expect(statSync(copyPath).mode & 0o777).toBe(0o600);
    await commit(store, groupOf([effectOf(0)]));
    await store.backup(copyPath);
    expect((await (await opened(copyPath)).totals()).events).toBe(1);
    const nowhere = join(folder, "missing", "copy.db");
    expect(await failureOf(store.backup(nowhere))).toMatchObject({ code: "backup" });
    expect(store.health()).toEqual({ state: "ok" });
  });
});

describe("COUNT-9: the inventory", () => {
  test("keeps every client, whatever the cache dropped", async () => {
    const store = await opened();
    const ledger = await Ledger.of(store);
    await ledger.askMachines(...Array.from({ length: 200 }, (_, index) => index));
    expect((await store.totals()).clients).toBe(200);
    expect((await store.loadState()).applications[0]?.records).toHaveLength(50);
  });

  test("knows how many there are without counting: at the start and with each commit", async () => {
    const path = freshPath();
    const first = await opened(path);
    expect(first.clientsKnown()).toBe(0);
    const nobody = effectOf(9, { cmid: ZERO_GUID });
    const receipt = await commit(first, groupOf([effectOf(0), effectOf(1), effectOf(0), nobody]));
    expect([receipt.clients, first.clientsKnown()]).toEqual([2, 2]);
    await commit(first, groupOf([effectOf(1), effectOf(2)]));
    await first.close();
    const second = await opened(path);
    expect(second.clientsKnown()).toBe(3);
    expect((await commit(second, groupOf([effectOf(0)]))).clients).toBe(3);
  });

  test("says first and last seen, last state, address, name, product and totals", async () => {
    const store = await opened();
    const ledger = await Ledger.of(store);
    await ledger.askMachines(7);
    const changes = { licenceState: 1, minutesToExpiration: 259_200, virtual: true } as const;
    await ledger.ask([requestOf(7, CLIENT_PRODUCT, changes)], NOW + 5000);
    const unknown = { activationId: cmid(999) };
    await ledger.ask([requestOf(7, CLIENT_PRODUCT, unknown)], NOW + 9000);
    expect((await store.clients()).items).toEqual([
      {
        id: 1,
        cmid: cmid(7),
        applicationId: CLIENT_PRODUCT.applicationId,
        activationId: cmid(999),
        source: "own",
        firstSeen: NOW,
        lastSeen: NOW + 9000,
        machineName: "MACHINE-7",
        address: "192.0.2.1",
        previousAddress: null,
        namesSeen: 1,
        addressChanges: 0,
        addressReturns: 0,
        virtual: false,
        licenceState: 2,
        minutesToExpiration: 43_200,
        requiredCount: 25,
        clientTime: NOW,
        requests: 3,
        failed: 1,
        lastResult: 0xc004f042,
        lastCount: 0,
        lastEvent: 3,
      },
    ]);
  });

  test("a client of two applications is two entries", async () => {
    const store = await opened();
    await commit(store, groupOf([effectOf(0), effectOf(0, { applicationId: cmid(50) })]));
    expect((await store.totals()).clients).toBe(2);
  });
});

describe("COUNT-10: what tells a clone from a machine that moved", () => {
  const SECOND = { peerAddress: "192.0.2.2" };

  test("another address once is a change, back to the first one is a return", async () => {
    const store = await opened();
    await commit(store, groupOf([effectOf(0), effectOf(0, SECOND), effectOf(0, SECOND)]));
    const moved = (await store.clients()).items[0];
    expect(moved).toMatchObject({
      address: "192.0.2.2",
      previousAddress: "192.0.2.1",
      addressChanges: 1,
      addressReturns: 0,
    });
    await commit(store, groupOf([effectOf(0), effectOf(0, SECOND)]));
    const flapping = (await store.clients()).items[0];
    expect(flapping).toMatchObject({ addressChanges: 3, addressReturns: 2, namesSeen: 1 });
  });

  test("several names are kept with where and when each was last used", async () => {
    const store = await opened();
    const clone = { machineName: "CLONE", peerAddress: "192.0.2.9" };
    await commit(store, groupOf([effectOf(0)]));
    await commit(store, groupOf([effectOf(0, { ...clone, time: NOW + 100 })]));
    await commit(store, groupOf([effectOf(0, { time: NOW + 200 })]));
    await commit(store, groupOf([effectOf(0, { time: NOW + 300 })]));
    expect((await store.clients({ severalNames: true })).items[0]).toMatchObject({
      machineName: "MACHINE-0",
      namesSeen: 2,
      requests: 4,
    });
    const names = await store.clientNames(cmid(0));
    expect(
      names.map((one) => [one.machineName, one.firstSeen, one.lastSeen, one.requests]),
    ).toEqual([
      ["MACHINE-0", NOW, NOW + 300, 3],
      ["CLONE", NOW + 100, NOW + 100, 1],
    ]);
    expect(names.map((one) => one.address)).toEqual(["192.0.2.1", "192.0.2.9"]);
  });

  test("one name has no row, and a thousand forged ones have sixteen", async () => {
    const store = await opened();
    await commit(store, groupOf([effectOf(1)]));
    expect(await store.clientNames(cmid(1))).toEqual([]);
    const forged = Array.from({ length: 1000 }, (_, index) =>
      effectOf(0, { machineName: `FORGED-${index}` }),
    );
    await commit(store, groupOf(forged));
    expect(await store.clientNames(cmid(0))).toHaveLength(16);
    expect((await store.clients({ cmid: cmid(0) })).items[0]).toMatchObject({
      machineName: "FORGED-999",
      namesSeen: 16,
      requests: 1000,
    });
  });
});
