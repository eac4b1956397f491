/** DNS records that came by update, in the store (DNS-7, STORE-1). */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import type { StoredRecordSet } from "../../src/store/dns-records.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { healthBecomes, QUICK_PROBES } from "./support.ts";

const folder = scratchDirectory("store-dns");
const open: Store[] = [];
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

async function opened(name: string, maximumPages?: number): Promise<Store> {
  const options = maximumPages === undefined ? {} : { maximumPages };
  const store = await openStore({
    path: join(folder, `${name}.db`),
    probeDelays: QUICK_PROBES,
    ...options,
  });
  open.push(store);
  return store;
}

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const set = (name: number, type: number, ttl: number, ...rdata: number[]): StoredRecordSet => ({
  name: octets(1, name, 0),
  type,
  ttl,
  rdata: rdata.map((value) => octets(value)),
});

test("sets and serials are there after a restart", async () => {
  const store = await opened("restart");
  expect(await store.dnsRecords()).toEqual({ sets: [], serials: [] });
  const sets = [set(1, 1, 60, 1, 2), set(1, 16, 3600, 3), set(2, 1, 0, 1)];
  const serials = [{ apex: octets(0), serial: 4_294_967_295 }];
  expect((await store.commitDns({ sets, serials })).ok).toBe(true);
  await store.close();
  const again = await opened("restart");
  expect(await again.dnsRecords()).toEqual({ sets, serials });
});

test("a set takes the place of the one before; an empty one removes it", async () => {
  const store = await opened("replace");
  await store.commitDns({ sets: [set(1, 1, 60, 1, 2), set(2, 1, 60, 1)], serials: [] });
  await store.commitDns({ sets: [set(1, 1, 30, 2, 3), set(2, 1, 0), set(3, 1, 0)], serials: [] });
  await store.commitDns({ sets: [], serials: [{ apex: octets(0), serial: 1 }] });
  await store.commitDns({ sets: [], serials: [{ apex: octets(0), serial: 2 }] });
  expect(await store.dnsRecords()).toEqual({
    sets: [set(1, 1, 30, 2, 3)],
    serials: [{ apex: octets(0), serial: 2 }],
  });
});

test("a change is stored as a whole or not at all", async () => {
  const store = await opened("atomic");
  await store.commitDns({ sets: [set(1, 1, 60, 1)], serials: [] });
  // The same record twice breaks the key, behind a set that is sound.
  const sets = [set(1, 1, 60, 9), set(2, 1, 60, 5, 5)];
  const outcome = await store.commitDns({ sets, serials: [{ apex: octets(0), serial: 1 }] });
  expect(outcome.ok).toBe(false);
  await healthBecomes(store, "ok");
  expect(await store.dnsRecords()).toEqual({ sets: [set(1, 1, 60, 1)], serials: [] });
});

test("STORE-6: a full store refuses, and keeps what it has", async () => {
  const store = await opened("full", 60);
  await store.commitDns({ sets: [set(1, 1, 60, 1)], serials: [] });
  const big = { ...set(2, 16, 60), rdata: [new Uint8Array(400_000)] };
  const outcome = await store.commitDns({ sets: [big], serials: [] });
  expect(outcome).toMatchObject({ ok: false, error: { reason: "full" } });
  await healthBecomes(store, "ok");
  expect((await store.dnsRecords()).sets).toEqual([set(1, 1, 60, 1)]);
});
