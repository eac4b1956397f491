/** What holds for every update, whatever it asks for. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Transport } from "../../src/dns/codes.ts";
import { literalName, lowerName } from "../../src/dns/name.ts";
import { rdataFromText, tokensFromText } from "../../src/dns/record-text.ts";
import { TsigKeys } from "../../src/dns/tsig/tsig.ts";
import { Draft, DynamicRecords, keyedSet } from "../../src/dns/update/dynamic-records.ts";
import { evaluateUpdate } from "../../src/dns/update/evaluate.ts";
import { UpdateHandler } from "../../src/dns/update/handler.ts";
import { rdataKey } from "../../src/dns/update/record-keys.ts";
import type { Operation, Prerequisite } from "../../src/dns/update/request.ts";
import { zoneContent } from "../../src/dns/update/zone-content.ts";
import { ZoneKeeper } from "../../src/dns/update/zone-keeper.ts";
import type { Zone } from "../../src/dns/zone.ts";
import { systemHmac } from "../../src/platform/hmac.ts";
import { headerOf, NOW, octets, testZones, u16, zoneText } from "./support.ts";
import { APEX, grants, HOST, MemoryStorage } from "./update-support.ts";

const NAMES = ["@", "kms", "w1", "W1", "w2", "_vlmcs._tcp", "_tcp", "c", "a.w1", "*.w2", "alias"];
const names = fc.constantFrom(...NAMES).map((text) => literalName(text, APEX));

/** Few values, so that operations meet. */
const DATA: readonly (readonly [type: number, texts: readonly string[]])[] = [
  [1, ["192.0.2.1", "192.0.2.9"]],
  [28, ["2001:db8::1", "::9"]],
  [33, ["0 0 1688 kms", "0 0 1688 w1", "0 0 1688 W1"]],
  [16, ["a", "b"]],
  [5, ["w1", "w2"]],
  [2, ["kms", "w1"]],
  [6, ["w1 h 1 1 1 1 1", "w1 h 4000000000 1 1 1 1"]],
  [12, ["w1", "w2"]],
  [731, ["\\# 1 ab", "\\# 0"]],
];

function wire(type: number, text: string): Uint8Array {
  const tokens = tokensFromText(text);
  const rdata = tokens.ok ? rdataFromText(type, tokens.value, APEX, 0) : tokens;
  if (!rdata.ok) throw new Error(`${type} ${text}`);
  return rdata.value;
}

const data = fc.oneof(
  ...DATA.map(([type, texts]) =>
    fc.constantFrom(...texts).map((text) => ({ type, rdata: wire(type, text) })),
  ),
);
const types = fc.constantFrom(...DATA.map(([type]) => type));
const ttls = fc.constantFrom(0, 60, 3600, 0xffff_ffff);

const operations: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record({ kind: fc.constant("add" as const), name: names, ttl: ttls, value: data })
      .map(({ value, ...rest }) => ({ ...rest, ...value })),
  },
  fc.record({ kind: fc.constant("delete-set" as const), name: names, type: types }),
  fc.record({ kind: fc.constant("delete-name" as const), name: names }),
  fc
    .record({ kind: fc.constant("delete-record" as const), name: names, value: data })
    .map(({ value, ...rest }) => ({ ...rest, ...value })),
);
const prerequisites: fc.Arbitrary<Prerequisite> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("name-in-use" as const, "name-not-in-use" as const),
    name: names,
  }),
  fc.record({
    kind: fc.constantFrom("set-exists" as const, "set-absent" as const),
    name: names,
    type: types,
  }),
  fc
    .record({ kind: fc.constant("set-holds" as const), name: names, value: data })
    .map(({ value, ...rest }) => ({ ...rest, ...value })),
);
const updates = fc.record({
  operations: fc.array(operations, { maxLength: 6 }),
  prerequisites: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.array(prerequisites, { minLength: 1, maxLength: 2 }),
  ),
});

const requester = { keyName: undefined, grants: grants("* ANY") };

function content(zone: Zone): readonly string[] {
  return zoneText(zone)
    .filter((line) => !/ 6 /.test(line))
    .sort();
}

async function keeperOf(storage = new MemoryStorage()): Promise<ZoneKeeper> {
  const keeper = new ZoneKeeper({ storage, host: HOST, clock: () => NOW, setZones: () => {} });
  await keeper.load();
  keeper.setFixed(testZones());
  return keeper;
}

function first(zones: readonly Zone[]): Zone {
  const [zone] = zones;
  if (zone === undefined) throw new Error("no zone");
  return zone;
}

test("what is served after updates is what a restart would serve, fixed records included", async () => {
  const fixedLines = content(first(testZones()));
  await fc.assert(
    fc.asyncProperty(fc.array(updates, { maxLength: 12 }), async (requests) => {
      const storage = new MemoryStorage();
      const keeper = await keeperOf(storage);
      let serial = first(keeper.zones).soa.serial;
      for (const request of requests) {
        const before = content(first(keeper.zones));
        const outcome = await keeper.submit({ apex: APEX, request, requester });
        const after = content(first(keeper.zones));
        const now = first(keeper.zones).soa.serial;
        if (outcome.rcode !== 0 || !outcome.changed) expect(after).toEqual(before);
        expect(now).toBe(serial + (outcome.changed ? 1 : 0));
        serial = now;
      }
      const served = content(first(keeper.zones));
      // Served incrementally or built anew: the same.
      const again = await keeperOf(storage);
      expect(content(first(again.zones)).join("\n")).toBe(served.join("\n"));
      for (const line of fixedLines) expect(served).toContain(line);
      const own = [1, 28].map((type) => first(keeper.zones).get(HOST, type)?.rdata.length);
      expect(own).toEqual([1, 1]);
    }),
    { numRuns: 150 },
  );
});

test("updates that share a commit are the same as one after another", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(updates, { minLength: 2, maxLength: 10 }), async (requests) => {
      const [together, apart] = [await keeperOf(), await keeperOf()];
      const jobs = requests.map((request) => ({ apex: APEX, request, requester }));
      const shared = await Promise.all(jobs.map((job) => together.submit(job)));
      for (const [index, job] of jobs.entries()) {
        expect(await apart.submit(job)).toEqual(shared[index] ?? { rcode: 2, changed: false });
      }
      expect(content(first(together.zones))).toEqual(content(first(apart.zones)));
      expect(first(together.zones).soa.serial).toBe(first(apart.zones).soa.serial);
    }),
    { numRuns: 100 },
  );
});

test("adding what was not there, then deleting it, leaves what was", () => {
  const fixed = { zone: first(testZones()), host: HOST };
  fc.assert(
    fc.property(fc.array(operations, { maxLength: 8 }), operations, (before, operation) => {
      fc.pre(operation.kind === "add");
      const records = new DynamicRecords();
      const run = (wanted: readonly Operation[]) => {
        const state = { fixed, dynamic: records, serial: 1 };
        const draft = evaluateUpdate(state, { prerequisites: [], operations: wanted }, requester);
        if (!draft.ok) return false;
        for (const set of draft.value.changes()) records.put(set.name, keyedSet(set));
        return true;
      };
      run(before);
      const { name, type, rdata } = operation;
      const old = records.sets(name).get(type);
      // Already there, an alias that is replaced, another TTL: the inverse is more than a delete.
      fc.pre(old?.rdata.has(rdataKey(type, rdata)) !== true);
      fc.pre(type !== 5 && (old === undefined || old.ttl === operation.ttl));
      const contentNow = () => content(zoneContent(fixed, records.names(), records.sets));
      const start = contentNow();
      fc.pre(run([operation]));
      expect(run([{ kind: "delete-record", name, type, rdata }])).toBe(true);
      expect(contentNow()).toEqual(start);
    }),
    { numRuns: 500 },
  );
});

test("a draft leaves its base alone and knows what it changes", () => {
  const set = fc.record({ name: names, type: types, ttl: ttls, count: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(set, { maxLength: 8 }), fc.array(set, { maxLength: 8 }), (old, fresh) => {
      const named = ({ name, type, ttl, count }: (typeof old)[number]) => ({
        name: lowerName(name),
        type,
        ttl,
        rdata: Array.from({ length: count }, (_, index) => octets(index)),
      });
      const base = new DynamicRecords(old.map(named));
      const list = () =>
        [...base.names()].flatMap((name) =>
          [...base.sets(name).values()].map((one) => [name, one]),
        );
      const before = JSON.stringify(list());
      const draft = new Draft(base);
      for (const one of fresh) draft.put(lowerName(one.name), keyedSet(named(one)));
      expect(JSON.stringify(list())).toBe(before);
      const { size } = draft;
      for (const change of draft.changes()) base.put(change.name, keyedSet(change));
      expect(base.size).toBe(size);
      for (const one of fresh) {
        expect([...base.sets(one.name).keys()].sort()).toEqual(
          [...draft.sets(one.name).keys()].sort(),
        );
      }
    }),
  );
});

test("whatever octets an UPDATE holds, it is answered, and only NOERROR changes anything", async () => {
  const storage = new MemoryStorage();
  const keeper = await keeperOf(storage);
  const handler = new UpdateHandler({
    keeper,
    keys: new TsigKeys([]),
    grantsOf: () => [],
    grantsWithoutKey: () => requester.grants,
    hmac: systemHmac,
    clock: () => NOW,
    udpPayloadOctets: 1232,
  });
  const record = fc.record({
    name: names,
    type: fc.oneof(types, fc.constantFrom(0, 41, 250, 252, 255), fc.nat(65_535)),
    class: fc.constantFrom(1, 254, 255, 3),
    ttl: fc.constantFrom(0, 0, 60, 0xffff_ffff),
    rdata: fc.oneof(
      data.map(({ rdata }) => rdata),
      fc.constant(octets()),
      fc.uint8Array({ maxLength: 20 }),
    ),
  });
  const message = fc
    .record({
      sections: fc.tuple(
        fc.array(record, { maxLength: 2 }),
        fc.array(record, { maxLength: 4 }),
        fc.array(record, { maxLength: 1 }),
      ),
      broken: fc.option(fc.record({ at: fc.nat(200), octet: fc.nat(255), cut: fc.nat(3) }), {
        freq: 2,
      }),
    })
    .map(({ sections, broken }) => {
      const whole = octets(
        "1234 2800 0001",
        ...sections.map(({ length }) => u16(length)),
        APEX,
        "0006 0001",
        ...sections.flat().map((one) => {
          const time = octets(u16(one.ttl >>> 16), u16(one.ttl & 0xffff));
          return octets(
            one.name,
            u16(one.type),
            u16(one.class),
            time,
            u16(one.rdata.length),
            one.rdata,
          );
        }),
      );
      if (broken === null) return whole;
      const at = 12 + (broken.at % (whole.length - 12));
      return whole.with(at, broken.octet).slice(0, whole.length - broken.cut);
    });
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(message, async (bytes) => {
      const before = content(first(keeper.zones));
      const peer = { address: "127.0.0.1", port: 1 };
      const reply = await handler.handleUpdate(bytes, peer, Transport.UDP);
      const { id, opcode, rcode, flags } = headerOf(reply);
      expect({ id, opcode, flags }).toEqual({ id: 0x1234, opcode: 5, flags: "qr" });
      if (rcode === 0) accepted += 1;
      else expect(content(first(keeper.zones))).toEqual(before);
      expect(rcode).not.toBe(2);
    }),
    { numRuns: 1500 },
  );
  expect(accepted).toBeGreaterThan(20);
});
