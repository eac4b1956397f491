/** A name server that takes updates, with a store that a test can look into and break. */

import { DEFAULT_DNS_LIMITS } from "../../src/dns/limits.ts";
import { literalName, type Name } from "../../src/dns/name.ts";
import { type DnsServer, listenDns } from "../../src/dns/server.ts";
import {
  signMessage,
  TSIG_ALGORITHMS,
  type TsigAlgorithm,
  type TsigKey,
  TsigKeys,
} from "../../src/dns/tsig/tsig.ts";
import { DynamicRecords, keyedSet } from "../../src/dns/update/dynamic-records.ts";
import { type UpdateEvent, UpdateHandler } from "../../src/dns/update/handler.ts";
import type { Requester } from "../../src/dns/update/policy.ts";
import { parseGrant } from "../../src/dns/update/policy.ts";
import {
  type DynamicStorage,
  type SavedDynamic,
  ZoneKeeper,
} from "../../src/dns/update/zone-keeper.ts";
import type { Zone, ZoneRecord } from "../../src/dns/zone.ts";
import { systemHmac } from "../../src/platform/hmac.ts";
import { fail, ok } from "../../src/platform/result.ts";
import { LOOPBACK, NOW, octets, records, testZones, u16 } from "./support.ts";

export const APEX = literalName("kms.test");
export const HOST = literalName("kms.kms.test");
export const NOW_SECONDS = NOW / 1000;

export function keyOf(name: string, algorithm: TsigAlgorithm = "hmac-sha256"): TsigKey {
  const secret = new Uint8Array(32).map((_, index) => (index * 7 + name.length) & 0xff);
  return { name: literalName(name), algorithm, secret };
}

/** May write everything. */
export const MASTER = keyOf("master.key");
/** May write the addresses of its own name alone. */
export const SELF = keyOf("w1.kms.test");
/** One for each algorithm, which may write as {@link MASTER}. */
export const KEYS: readonly TsigKey[] = TSIG_ALGORITHMS.map((algorithm) =>
  keyOf(`${algorithm}.key`, algorithm),
);
/** Knows no grant. */
export const BARE = keyOf("bare.key");

const GRANTS = new Map<TsigKey, readonly string[]>([
  [MASTER, ["* ANY"]],
  [SELF, ["self A AAAA"]],
  ...KEYS.map((key) => [key, ["* ANY"]] as const),
]);

export function grants(...texts: readonly string[]): Requester["grants"] {
  return texts.map((text) => {
    const grant = parseGrant(text);
    if (!grant.ok) throw new Error(`${text}: ${grant.error.code}`);
    return grant.value;
  });
}

/** Keeps what was committed; `state` can be set to refuse commits. */
export class MemoryStorage implements DynamicStorage {
  records = new DynamicRecords();
  serials = new Map<string, SavedDynamic["serials"][number]>();
  isDown = false;
  commits = 0;

  readonly load = async (): Promise<SavedDynamic> => {
    if (this.isDown) throw new Error("down");
    const sets = [...this.records.names()].flatMap((name) =>
      [...this.records.sets(name).values()].map(({ type, ttl, rdata }) => ({
        name,
        type,
        ttl,
        rdata: [...rdata.values()],
      })),
    );
    return { sets, serials: [...this.serials.values()] };
  };

  readonly commit = async ({ sets, serials }: SavedDynamic) => {
    // Not before others had their turn, as with a thread.
    await Promise.resolve();
    if (this.isDown) return fail("down");
    this.commits += 1;
    for (const set of sets) this.records.put(set.name, keyedSet(set));
    for (const one of serials) this.serials.set(one.apex.join(), one);
    return ok(undefined);
  };
}

export type Updatable = {
  readonly server: DnsServer;
  readonly keeper: ZoneKeeper;
  readonly storage: MemoryStorage;
  readonly events: UpdateEvent[];
  readonly zone: () => Zone;
  readonly serial: () => number;
};

export type UpdatableOptions = {
  readonly storage?: MemoryStorage;
  readonly zones?: readonly Zone[];
  /** Grants without a key, for every address. */
  readonly open?: readonly string[];
  readonly clock?: () => number;
};

export async function startUpdatable(options: UpdatableOptions = {}): Promise<Updatable> {
  const { storage = new MemoryStorage(), zones = testZones(), open = [] } = options;
  const clock = options.clock ?? (() => NOW);
  const events: UpdateEvent[] = [];
  const keeper = new ZoneKeeper({
    storage,
    host: HOST,
    clock,
    setZones: (served) => server.setZones(served),
  });
  const handler = new UpdateHandler({
    keeper,
    keys: new TsigKeys([MASTER, SELF, BARE, ...KEYS]),
    grantsOf: (key) => grants(...(GRANTS.get(key) ?? [])),
    grantsWithoutKey: () => grants(...open),
    hmac: systemHmac,
    clock,
    udpPayloadOctets: DEFAULT_DNS_LIMITS.udpPayloadOctets,
    log: (event) => events.push(event),
  });
  const server = await listenDns({
    listen: [LOOPBACK],
    limits: DEFAULT_DNS_LIMITS,
    clock,
    randomBytes: (length) => new Uint8Array(length).fill(7),
    cookies: false,
    handleUpdate: handler.handleUpdate,
    handleSigned: handler.handleSigned,
  });
  if (!storage.isDown) await keeper.load();
  keeper.setFixed(zones);
  const zone = (): Zone => {
    const [first] = keeper.zones;
    if (first === undefined) throw new Error("no zone");
    return first;
  };
  return { server, keeper, storage, events, zone, serial: () => zone().soa.serial };
}

export const ANY = 255;
export const NONE = 254;
export const IN = 1;

export type RecordParts = {
  readonly name: string | Name;
  readonly type: number;
  readonly class: number;
  readonly ttl?: number;
  readonly rdata?: Uint8Array;
};

export function wireRecord(parts: RecordParts): Uint8Array {
  const { name, type, ttl = 0, rdata = new Uint8Array(0) } = parts;
  const wire = typeof name === "string" ? literalName(name, APEX) : name;
  const time = octets(u16(ttl >>> 16), u16(ttl & 0xffff));
  return octets(wire, u16(type), u16(parts.class), time, u16(rdata.length), rdata);
}

function parsed(line: string): ZoneRecord {
  const [record] = records(line, APEX);
  if (record === undefined) throw new Error(line);
  return record;
}

/** `w1 A 192.0.2.9`, to be added or to be what a set holds. */
export function add(line: string): Uint8Array {
  const { name, type, ttl, rdata } = parsed(line);
  return wireRecord({ name, type, ttl, rdata, class: IN });
}

export function holds(line: string): Uint8Array {
  const { name, type, rdata } = parsed(line);
  return wireRecord({ name, type, rdata, class: IN });
}

export function deleteRecord(line: string): Uint8Array {
  const { name, type, rdata } = parsed(line);
  return wireRecord({ name, type, rdata, class: NONE });
}

export const deleteSet = (name: string, type: number) => wireRecord({ name, type, class: ANY });
export const deleteName = (name: string) => wireRecord({ name, type: ANY, class: ANY });
/** Prerequisites look as deletes do (RFC 2136 §2.4, §2.5). */
export const setExists = (name: string, type: number) => deleteSet(name, type);
export const nameInUse = (name: string) => deleteName(name);
export const setAbsent = (name: string, type: number) => wireRecord({ name, type, class: NONE });
export const nameFree = (name: string) => wireRecord({ name, type: ANY, class: NONE });

export type UpdateParts = {
  readonly id?: number;
  readonly zone?: string;
  readonly zoneType?: number;
  readonly zoneClass?: number;
  readonly zoneCount?: number;
  readonly prerequisites?: readonly Uint8Array[];
  readonly updates?: readonly Uint8Array[];
  readonly additional?: readonly Uint8Array[];
};

export function update(parts: UpdateParts): Uint8Array {
  const { id = 0x4321, zone = "kms.test", zoneType = 6, zoneClass = 1, zoneCount = 1 } = parts;
  const { prerequisites = [], updates = [], additional = [] } = parts;
  const zoneRecord = octets(literalName(zone), u16(zoneType), u16(zoneClass));
  const counts = [zoneCount, prerequisites.length, updates.length, additional.length];
  const zones = Array.from({ length: zoneCount }, () => zoneRecord);
  return octets(
    u16(id),
    u16(0x2800),
    ...counts.map(u16),
    ...zones,
    ...prerequisites,
    ...updates,
    ...additional,
  );
}

export function signed(message: Uint8Array, key: TsigKey = MASTER, nowSeconds = NOW_SECONDS) {
  return signMessage(message, { key, hmac: systemHmac, nowSeconds });
}
