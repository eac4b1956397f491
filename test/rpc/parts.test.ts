import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AssociationGroups } from "../../src/rpc/association-groups.ts";
import { countFault } from "../../src/rpc/counters.ts";
import { DEFAULT_RPC_LIMITS } from "../../src/rpc/limits.ts";
import { negotiateFragmentMax } from "../../src/rpc/negotiation.ts";
import { OctetBudget, OWN_OCTETS } from "../../src/rpc/octet-budget.ts";
import { OctetQueue } from "../../src/rpc/octet-queue.ts";
import { InterfaceRegistry } from "../../src/rpc/registry.ts";
import { uuidFrom } from "../../src/rpc/uuid.ts";
import { echoInterface } from "./echo-interface.ts";

describe("association groups", () => {
  test("a group lives as long as one of its members", () => {
    const groups = new AssociationGroups(41);
    const id = groups.create();
    expect(id).toBe(42);
    expect(groups.join(id)).toBe(true);
    groups.leave(id);
    expect(groups.join(id)).toBe(true);
    groups.leave(id);
    groups.leave(id);
    expect(groups.join(id)).toBe(false);
    expect(groups.size).toBe(0);
    groups.leave(id);
    expect(groups.size).toBe(0);
  });

  test("ids are never 0 and never those of a living group, even after 2^32", () => {
    const groups = new AssociationGroups(0xfffffffe);
    expect([groups.create(), groups.create(), groups.create()]).toEqual([0xffffffff, 1, 2]);
    const around = new AssociationGroups(0xfffffffe);
    const first = around.create();
    for (const id of [1, 2, 3]) expect(around.create()).toBe(id);
    expect(around.join(first)).toBe(true);
  });
});

describe("the octet budget", () => {
  test("gives what is there and takes it back", () => {
    const budget = new OctetBudget(1000);
    expect(budget.take(1000, 0)).toBe(true);
    expect(budget.take(1, 1000)).toBe(false);
    expect(budget.used).toBe(1000);
    budget.giveBack(400);
    expect(budget.take(400, 600)).toBe(true);
    expect(budget.take(1, 1000)).toBe(false);
  });

  test("has a little for everybody, however much the others took", () => {
    const budget = new OctetBudget(1000);
    expect(budget.take(1000, 0)).toBe(true);
    expect(budget.take(128, 0)).toBe(true);
    expect(budget.take(OWN_OCTETS - 128, 128)).toBe(true);
    expect(budget.take(1, OWN_OCTETS)).toBe(false);
    budget.giveBack(OWN_OCTETS);
    expect(budget.used).toBe(1000);
  });
});

describe("fragment sizes (MS-RPCE 3.3.3.5.4)", () => {
  const cases: readonly (readonly [transmit: number, receive: number, expected: number])[] = [
    [5840, 5840, 5840],
    [0xffff, 0xffff, 5840],
    [0, 0xffff, 2048],
    [0xffff, 0, 2048],
    [0, 0, 2048],
    [3199, 0, 2048],
    [3199, 0xffff, 3192],
    [0xffff, 3199, 3192],
    [2049, 2055, 2048],
    [4280, 4280, 4280],
  ];
  for (const [transmit, receive, expected] of cases) {
    test(`${transmit} and ${receive} make ${expected}`, () => {
      expect(negotiateFragmentMax(transmit, receive)).toBe(expected);
    });
  }
});

describe("the registry", () => {
  const echo = { ...echoInterface(), versionMajor: 2, versionMinor: 3 };
  const registry = new InterfaceRegistry([echo, { ...echo, versionMajor: 3 }]);
  const find = (versionMajor: number, versionMinor: number) =>
    registry.find({ uuid: uuidFrom(echo.uuid), versionMajor, versionMinor })?.versionMajor;

  test("the same major version, and a minor version no higher than ours", () => {
    expect(find(2, 0)).toBe(2);
    expect(find(2, 3)).toBe(2);
    expect(find(2, 4)).toBeUndefined();
    expect(find(1, 0)).toBeUndefined();
    expect(find(3, 3)).toBe(3);
  });

  test("the same interface twice is a mistake of ours", () => {
    expect(() => new InterfaceRegistry([echo, echo])).toThrow("registered twice");
  });
});

test("the octet queue is a queue, whatever is put in and taken out", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ put: fc.uint8Array({ maxLength: 300 }) }),
      fc.record({ take: fc.nat({ max: 300 }) }),
    ),
  );
  fc.assert(
    fc.property(steps, (list) => {
      const queue = new OctetQueue(8);
      let model: number[] = [];
      for (const step of list) {
        if ("put" in step) {
          const start = queue.reserve(step.put.length);
          queue.bytes.set(step.put, start);
          model.push(...step.put);
        } else {
          const count = Math.min(step.take, queue.length);
          queue.consume(count);
          model = model.slice(count);
        }
        expect(queue.length).toBe(model.length);
        expect(Array.from(queue.toBytes())).toEqual(model);
      }
    }),
  );
});

test("an empty octet queue gives back what a burst needed", () => {
  const queue = new OctetQueue(8);
  queue.reserve(10_000);
  expect(queue.bytes.length).toBeGreaterThanOrEqual(10_000);
  queue.clear();
  expect(queue.bytes).toHaveLength(8);
});

test("fault statuses are told apart up to a limit, and all counted", () => {
  const faults = new Map<number, number>();
  for (let status = 1; status <= 100; status += 1) countFault(faults, status);
  countFault(faults, 1);
  expect(faults.get(1)).toBe(2);
  expect(faults.size).toBe(65);
  expect(faults.get(0)).toBe(36);
});

test("default limits: the times of the checklist", () => {
  expect(DEFAULT_RPC_LIMITS.bindMilliseconds).toBeLessThanOrEqual(10_000);
  expect(DEFAULT_RPC_LIMITS.pduMilliseconds).toBeLessThanOrEqual(10_000);
  expect(DEFAULT_RPC_LIMITS.idleMilliseconds).toBeGreaterThanOrEqual(30_000);
});
