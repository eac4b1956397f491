import { describe, expect, test } from "bun:test";
import {
  Bench,
  CLIENT_PRODUCT,
  cmid,
  DAY,
  OFFICE_PRODUCT,
  productNamed,
  requestOf,
  SERVER_PRODUCT,
} from "./support.ts";

const HOUR = DAY / 24;

describe("COUNT-1: every valid request is answered with the number of distinct clients", () => {
  test("three machines count 1, 2, 3, and the first one again counts 3", () => {
    const bench = new Bench();
    expect([0, 1, 2, 0].map((index) => bench.count(requestOf(index)))).toEqual([1, 2, 3, 3]);
  });

  test("the same id from other names and addresses counts once (COUNT-10)", () => {
    const bench = new Bench();
    bench.ask(requestOf(0));
    expect(bench.count(requestOf(0, CLIENT_PRODUCT, { machineName: "CLONE" }))).toBe(1);
  });
});

test("COUNT-2: a count under the client's threshold is answered all the same", () => {
  const { hresult, count } = new Bench().ask(requestOf(0));
  expect({ hresult, count }).toEqual({ hresult: 0, count: 1 });
});

describe("COUNT-3: policy `physical`", () => {
  test("the worked example of the planning guide: 1, 2, 2, 3", () => {
    const bench = new Bench({ counting: "physical" });
    const vistaPhysical = requestOf(0);
    const otherVistaPhysical = requestOf(1);
    const vistaVirtual = requestOf(2, CLIENT_PRODUCT, { virtual: true });
    const serverPhysical = requestOf(3, SERVER_PRODUCT);
    const requests = [vistaPhysical, otherVistaPhysical, vistaVirtual, serverPhysical];
    expect(requests.map((request) => bench.count(request))).toEqual([1, 2, 2, 3]);
  });

  test("a virtual machine gets a count that activates it once the threshold is met", () => {
    const bench = new Bench({ counting: "physical" });
    for (let index = 0; index < 25; index += 1) bench.ask(requestOf(index));
    expect(bench.count(requestOf(99, CLIENT_PRODUCT, { virtual: true }))).toBe(25);
  });

  test("the first client of all being virtual is answered 0", () => {
    const bench = new Bench({ counting: "physical" });
    const { hresult, count } = bench.ask(requestOf(0, CLIENT_PRODUCT, { virtual: true }));
    expect({ hresult, count }).toEqual({ hresult: 0, count: 0 });
  });

  test("a machine that became virtual counts no more", () => {
    const bench = new Bench({ counting: "physical" });
    bench.ask(requestOf(0));
    const { count, effect } = bench.ask(requestOf(0, CLIENT_PRODUCT, { virtual: true }));
    expect(count).toBe(0);
    expect(effect.replacedSequence).toBe(1);
    expect(effect.recordSequence).toBeUndefined();
  });

  test("a virtual client system sizes the cache as any other does (COUNT-7)", () => {
    const bench = new Bench({ counting: "physical" });
    bench.ask(requestOf(0, CLIENT_PRODUCT, { virtual: true }));
    for (let index = 1; index <= 12; index += 1) bench.ask(requestOf(index, SERVER_PRODUCT));
    expect(bench.count(requestOf(13, SERVER_PRODUCT))).toBe(13);
  });
});

test("COUNT-4: policy `all` counts physical and virtual machines", () => {
  const bench = new Bench();
  const flags = [false, false, true, false];
  const counts = flags.map((virtual, index) =>
    bench.count(requestOf(index, CLIENT_PRODUCT, { virtual })),
  );
  expect(counts).toEqual([1, 2, 3, 4]);
});

test("COUNT-5: products of one application add up; another application has its own count", () => {
  const bench = new Bench();
  expect(bench.count(requestOf(0))).toBe(1);
  expect(bench.count(requestOf(1, SERVER_PRODUCT))).toBe(2);
  expect(bench.count(requestOf(0, OFFICE_PRODUCT))).toBe(1);
  expect(bench.count(requestOf(2, productNamed("Lab Server Datacenter")))).toBe(3);
});

describe("COUNT-6: a record lives 30 days", () => {
  test("it counts until the last millisecond of them and not after", () => {
    const bench = new Bench();
    bench.ask(requestOf(0));
    bench.now += 30 * DAY - 1;
    expect(bench.count(requestOf(1))).toBe(2);
    bench.now += 1;
    expect(bench.count(requestOf(1))).toBe(1);
  });

  test("a renewal starts the 30 days again", () => {
    const bench = new Bench();
    bench.ask(requestOf(0));
    bench.now += 20 * DAY;
    bench.ask(requestOf(0));
    bench.now += 20 * DAY;
    expect(bench.count(requestOf(1))).toBe(2);
  });

  test("a renewal replaces the record: same client, new sequence", () => {
    const bench = new Bench();
    const first = bench.ask(requestOf(0)).effect;
    const second = bench.ask(requestOf(0)).effect;
    expect(second.replacedSequence).toBe(first.recordSequence);
    expect(second.recordSequence).toBeGreaterThan(first.recordSequence ?? 0);
    expect(bench.held()).toEqual([cmid(0)]);
  });

  test("each lapsed record lowers the count by one", () => {
    const bench = new Bench();
    for (let index = 0; index < 5; index += 1) {
      bench.ask(requestOf(index));
      bench.now += DAY;
    }
    bench.now += 25 * DAY;
    // Made on days 0 to 4, seen from day 30: the first is gone.
    expect(bench.count(requestOf(4))).toBe(4);
    bench.now += DAY;
    expect(bench.count(requestOf(4))).toBe(3);
  });

  test("other record_days are the operator's choice", () => {
    const bench = new Bench({ recordDays: 1 });
    bench.ask(requestOf(0));
    bench.now += DAY;
    expect(bench.count(requestOf(1))).toBe(1);
  });

  test("a host's clock that was a year ahead keeps no record longer than its 30 days", () => {
    const bench = new Bench();
    bench.now += 365 * DAY;
    bench.ask(requestOf(0));
    bench.now -= 365 * DAY;
    expect(bench.count(requestOf(1))).toBe(2);
    bench.now += 30 * DAY;
    expect(bench.count(requestOf(2))).toBe(1);
  });
});

describe("COUNT-7: the cache holds twice the largest required count", () => {
  test.each([
    ["clients", CLIENT_PRODUCT, 50],
    ["servers", SERVER_PRODUCT, 10],
  ] as const)("only %s: never more", (_name, product, most) => {
    const bench = new Bench();
    const counts = Array.from({ length: 120 }, (_, index) =>
      bench.count(requestOf(index, product)),
    );
    expect(Math.max(...counts)).toBe(most);
    expect(counts.at(-1)).toBe(most);
  });

  test("it keeps the most recent records and drops the oldest", () => {
    const bench = new Bench();
    for (let index = 0; index < 10; index += 1) bench.ask(requestOf(index, SERVER_PRODUCT));
    bench.ask(requestOf(0, SERVER_PRODUCT));
    bench.ask(requestOf(10, SERVER_PRODUCT));
    expect(bench.held()).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 0, 10].map(cmid));
  });

  test("it grows as soon as a client system is seen, and does not shrink again", () => {
    const bench = new Bench();
    for (let index = 0; index < 20; index += 1) bench.ask(requestOf(index, SERVER_PRODUCT));
    expect(bench.count(requestOf(20))).toBe(11);
    for (let index = 21; index < 100; index += 1) bench.ask(requestOf(index, SERVER_PRODUCT));
    expect(bench.held()).toHaveLength(50);
  });

  test("what it dropped while it was small does not come back when it grows", () => {
    const bench = new Bench();
    for (let index = 0; index < 11; index += 1) bench.ask(requestOf(index, SERVER_PRODUCT));
    bench.ask(requestOf(11));
    expect(bench.held()).not.toContain(cmid(0));
  });

  test.each([26, 1000, 0xffffffff])("a forged required count of %d sizes nothing", (required) => {
    const bench = new Bench();
    for (let index = 0; index < 200; index += 1) {
      bench.ask(requestOf(index, CLIENT_PRODUCT, { requiredCount: required }));
    }
    expect(bench.held()).toHaveLength(50);
  });

  test("a required count of 0 is served as one of 1", () => {
    const bench = new Bench();
    const counts = [0, 1, 2].map((index) =>
      bench.count(requestOf(index, CLIENT_PRODUCT, { requiredCount: 0 })),
    );
    expect(counts).toEqual([1, 2, 2]);
  });
});

describe("COUNT-8: an unbounded cache", () => {
  test("keeps every client, while the reply stays capped", () => {
    const bench = new Bench({ capacity: "unbounded" });
    for (let index = 0; index < 200; index += 1) bench.ask(requestOf(index));
    expect(bench.held()).toHaveLength(200);
    expect(bench.count(requestOf(200))).toBe(50);
  });

  test("replies the true number where the operator says so", () => {
    const bench = new Bench({ capacity: "unbounded", replyCount: "true" });
    for (let index = 0; index < 200; index += 1) bench.ask(requestOf(index));
    expect(bench.count(requestOf(200))).toBe(201);
  });
});

describe("COUNT-12: resetting the count", () => {
  test("forgets clients and size, keeps the figures, and counts from 1 again", () => {
    const bench = new Bench();
    for (let index = 0; index < 30; index += 1) bench.ask(requestOf(index));
    expect(bench.state.reset(undefined)).toEqual([CLIENT_PRODUCT.applicationId]);
    bench.state.accept();
    expect(bench.count(requestOf(0, SERVER_PRODUCT))).toBe(1);
    for (let index = 0; index < 30; index += 1) bench.ask(requestOf(index, SERVER_PRODUCT));
    expect(bench.held()).toHaveLength(10);
    expect(bench.state.figures.total).toBe(61);
  });

  test("of one application leaves the others", () => {
    const bench = new Bench();
    bench.ask(requestOf(0));
    bench.ask(requestOf(0, OFFICE_PRODUCT));
    bench.state.reset(OFFICE_PRODUCT.applicationId);
    bench.state.accept();
    expect(bench.count(requestOf(1))).toBe(2);
    expect(bench.count(requestOf(1, OFFICE_PRODUCT))).toBe(1);
  });

  test("can be taken back", () => {
    const bench = new Bench();
    bench.ask(requestOf(0));
    bench.state.reset(undefined);
    bench.state.rollback();
    bench.now += HOUR;
    expect(bench.count(requestOf(1))).toBe(2);
  });
});
