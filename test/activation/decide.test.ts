import { describe, expect, test } from "bun:test";
import { ZERO_GUID } from "../../src/activation/catalogue.ts";
import { decide, decideUnreadable, preview } from "../../src/activation/decide.ts";
import { groupServes } from "../../src/activation/groups.ts";
import { DEFAULT_POLICY } from "../../src/activation/policy.ts";
import { UNKNOWN_APPLICATIONS_MAXIMUM } from "../../src/activation/state.ts";
import { HRESULT } from "../../src/protocol/hresult.ts";
import { PRODUCT_KEY_GROUPS } from "../../src/protocol/types.ts";
import {
  Bench,
  CLIENT_PRODUCT,
  cmid,
  contextWith,
  freshState,
  NOW,
  OFFICE_PRODUCT,
  productNamed,
  requestOf,
} from "./support.ts";

const UNKNOWN_ID = "12345678-1234-4234-8234-123456789abc";

describe("HOST-6: the hierarchy of product key groups", () => {
  const table = [
    ["clientVolume", ["clientVolume"]],
    ["serverA", ["clientVolume", "serverA"]],
    ["serverB", ["clientVolume", "serverA", "serverB"]],
    ["serverC", ["clientVolume", "serverA", "serverB", "serverC"]],
  ] as const;
  test.each(table)("a key of %s", (hostGroup, serves) => {
    const served = PRODUCT_KEY_GROUPS.filter((group) => groupServes(hostGroup, group));
    expect(served).toEqual([...serves]);
  });

  test("a product above the key's group fails, is logged, counted as failed and not cached", () => {
    const bench = new Bench(
      {},
      { standing: { kind: "licensed", group: "serverA", selfIssued: false } },
    );
    const { hresult, count, effect } = bench.ask(requestOf(0, productNamed("Lab Server Standard")));
    expect({ hresult, count }).toEqual({ hresult: HRESULT.productNotServed, count: 0 });
    expect(effect.event.hresult).toBe(HRESULT.productNotServed);
    expect(effect.recordSequence).toBeUndefined();
    expect(bench.held()).toEqual([]);
    expect(bench.state.figures).toMatchObject({ total: 1, failed: 1, initialGrace: 0 });
    expect(bench.count(requestOf(1, productNamed("Lab Server Web")))).toBe(1);
  });
});

describe("requests that are refused", () => {
  const table = [
    ["HOST-7: an unlicensed host", {}, { standing: { kind: "unlicensed" } }, "hostNotActivated"],
    ["HOST-5: a host without a key", {}, { standing: { kind: "disabled" } }, "serviceNotEnabled"],
    ["HOST-12: a draining host", {}, { draining: true }, "busy"],
    ["a client id of zeros", { cmid: ZERO_GUID }, {}, "malformedRequest"],
    ["an application id of zeros", { applicationId: ZERO_GUID }, {}, "malformedRequest"],
    ["an activation id of zeros", { activationId: ZERO_GUID }, {}, "malformedRequest"],
    ["an unknown product", { activationId: UNKNOWN_ID }, {}, "productNotServed"],
    [
      "a known product under another application",
      { applicationId: OFFICE_PRODUCT.applicationId },
      {},
      "productNotServed",
    ],
  ] as const;
  test.each(table)("%s", (_name, changes, context, expected) => {
    const state = freshState();
    const decision = decide(requestOf(0, CLIENT_PRODUCT, changes), state, contextWith(context));
    expect(decision.hresult).toBe(HRESULT[expected]);
    expect(decision.count).toBe(0);
    expect(decision.effect.event).toMatchObject({ hresult: HRESULT[expected], count: 0 });
    expect(state.figures).toMatchObject({ total: 1, failed: 1 });
    expect(state.groupEffect().applications).toEqual([]);
  });

  test("a refused client is in the inventory (COUNT-9), a client without an id is not", () => {
    const bench = new Bench();
    const refused = bench.ask(requestOf(0, CLIENT_PRODUCT, { activationId: UNKNOWN_ID }));
    const nobody = bench.ask(requestOf(0, CLIENT_PRODUCT, { cmid: ZERO_GUID }));
    expect([refused.effect.inInventory, nobody.effect.inInventory]).toEqual([true, false]);
  });

  test("octets that are no request are logged with the reason and counted as failed", () => {
    const state = freshState();
    const decision = decideUnreadable("tooShort: request at octet 3", state, contextWith());
    expect(decision.hresult).toBe(HRESULT.malformedRequest);
    expect(decision.effect.event.detail).toBe("tooShort: request at octet 3");
    expect(decision.effect.inInventory).toBe(false);
    expect(state.figures).toMatchObject({ total: 1, failed: 1 });
  });
});

describe("policy `accept` for unknown products", () => {
  test("counts them under the application they name", () => {
    const bench = new Bench({ unknownProducts: "accept" });
    const unknown = { applicationId: UNKNOWN_ID, activationId: UNKNOWN_ID };
    expect(bench.count(requestOf(0, CLIENT_PRODUCT, unknown))).toBe(1);
    expect(bench.count(requestOf(1, CLIENT_PRODUCT, unknown))).toBe(2);
    expect(bench.count(requestOf(2))).toBe(1);
  });

  test("does not let a known product slip under another application", () => {
    const bench = new Bench({ unknownProducts: "accept" });
    const changes = { applicationId: UNKNOWN_ID };
    expect(bench.ask(requestOf(0, CLIENT_PRODUCT, changes)).hresult).toBe(HRESULT.productNotServed);
  });

  test("keeps no more applications than its limit, and goes on serving those it knows", () => {
    const bench = new Bench({ unknownProducts: "accept" });
    const forged = (index: number) =>
      requestOf(index, CLIENT_PRODUCT, { applicationId: cmid(index), activationId: UNKNOWN_ID });
    const results = Array.from({ length: 500 }, (_, index) => bench.ask(forged(index)).hresult);
    const accepted = results.filter((hresult) => hresult === HRESULT.success).length;
    // The default catalogue's two applications asked for nothing yet.
    expect(accepted).toBe(UNKNOWN_APPLICATIONS_MAXIMUM + 2);
    expect(bench.state.applicationCount).toBe(UNKNOWN_APPLICATIONS_MAXIMUM + 2);
    expect(bench.count(forged(0))).toBe(1);
  });
});

describe("the client's clock", () => {
  const years = [
    ["1601", Date.UTC(1601, 0, 1)],
    ["9999", Date.UTC(9999, 11, 31)],
    ["0", 0],
    ["no number", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["beyond all dates", 1e300],
    ["before all dates", -1e300],
  ] as const;
  test.each(years)("%s breaks nothing", (_name, clientTime) => {
    const bench = new Bench();
    const { hresult, count, effect } = bench.ask(requestOf(0, CLIENT_PRODUCT, { clientTime }));
    expect({ hresult, count }).toEqual({ hresult: HRESULT.success, count: 1 });
    expect(Number.isNaN(new Date(effect.event.clientTime).getTime())).toBe(false);
    expect(Number.isInteger(effect.event.clientTime)).toBe(true);
  });

  const tolerance = { timeToleranceMinutes: 60 };
  const table = [
    [NOW, "success"],
    [NOW - 3_600_000, "success"],
    [NOW + 3_600_000, "success"],
    [NOW - 3_600_001, "timeStampOutOfRange"],
    [NOW + 3_600_001, "timeStampOutOfRange"],
    [Number.NaN, "timeStampOutOfRange"],
  ] as const;
  test.each(table)("checked to an hour: %d", (clientTime, expected) => {
    const bench = new Bench(tolerance);
    const { hresult } = bench.ask(requestOf(0, CLIENT_PRODUCT, { clientTime }));
    expect(hresult).toBe(HRESULT[expected]);
  });
});

test("EVENT-1: the entry has the fields of the original, the count and the peer", () => {
  const bench = new Bench();
  const request = requestOf(7, CLIENT_PRODUCT, {
    virtual: true,
    licenceState: 5,
    clientTime: 1234,
  });
  expect(bench.ask(request).effect).toMatchObject({
    source: "own",
    inInventory: true,
    event: {
      time: NOW,
      hresult: 0,
      requiredCount: 25,
      machineName: "MACHINE-7",
      cmid: cmid(7),
      clientTime: 1234,
      virtual: true,
      licenceState: 5,
      minutesToExpiration: 43_200,
      activationId: CLIENT_PRODUCT.activationId,
      applicationId: CLIENT_PRODUCT.applicationId,
      count: 1,
      peerAddress: "192.0.2.1",
      detail: "",
    },
  });
});

describe("HOST-8: cumulative figures", () => {
  test("by the state reported, failed requests under no state", () => {
    const bench = new Bench();
    for (const licenceState of [0, 1, 1, 2, 3, 4, 5, 5] as const) {
      bench.ask(requestOf(licenceState, CLIENT_PRODUCT, { licenceState }));
    }
    bench.ask(requestOf(9, CLIENT_PRODUCT, { activationId: UNKNOWN_ID, licenceState: 1 }));
    expect(bench.state.figures).toEqual({
      total: 9,
      failed: 1,
      unlicensed: 1,
      licensed: 2,
      initialGrace: 1,
      outOfTolerance: 1,
      nonGenuineGrace: 1,
      notification: 2,
    });
  });

  test("add up as in the report of [E]: 9826 are 7402 and 252 + 2040 + 18 + 114", () => {
    const bench = new Bench();
    for (let index = 0; index < 40; index += 1) {
      const activationId = index % 3 === 0 ? UNKNOWN_ID : CLIENT_PRODUCT.activationId;
      const licenceState = (index % 6) as 0 | 1 | 2 | 3 | 4 | 5;
      bench.ask(requestOf(index, CLIENT_PRODUCT, { activationId, licenceState }));
    }
    const { total, failed, ...states } = bench.state.figures;
    expect(failed + Object.values(states).reduce((sum, one) => sum + one, 0)).toBe(total);
  });
});

describe("a preview (opnum Probe)", () => {
  test("answers the count as it stands and changes nothing", () => {
    const bench = new Bench();
    bench.ask(requestOf(0));
    const before = { ...bench.state.figures };
    const probe = preview(requestOf(1), bench.state, contextWith());
    expect(probe).toEqual({ hresult: HRESULT.success, count: 1 });
    expect(bench.state.figures).toEqual(before);
    expect(bench.held()).toEqual([cmid(0)]);
  });

  test("leaves out records whose 30 days are over", () => {
    const bench = new Bench();
    bench.ask(requestOf(0));
    const later = contextWith({ now: NOW + 31 * 86_400_000 });
    expect(preview(requestOf(1), bench.state, later).count).toBe(0);
    expect(bench.held()).toEqual([cmid(0)]);
  });

  test("says what would be refused", () => {
    const context = contextWith({ policy: { ...DEFAULT_POLICY }, draining: true });
    expect(preview(requestOf(0), freshState(), context).hresult).toBe(HRESULT.busy);
  });
});
