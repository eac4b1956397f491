import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  ALERT_KINDS,
  type Alert,
  type AlertFacts,
  type AlertRules,
  changeAlerts,
  evaluateAlerts,
  type StandingAlert,
} from "../../src/analysis/alerts.ts";
import type { DuplicateCmid } from "../../src/analysis/duplicates.ts";
import type { ThresholdForecast } from "../../src/analysis/forecast.ts";
import type { ExpiringMachine } from "../../src/analysis/reports.ts";
import { CLIENT_PRODUCT, cmid } from "../activation/support.ts";
import { clientOf, DAY, NOW } from "./support.ts";

const MEBIBYTE = 1_048_576;
const RULES: AlertRules = {
  kinds: new Set(ALERT_KINDS),
  countDays: 7,
  diskFreeOctets: 500 * MEBIBYTE,
  burstClients: 100,
  burstMinutes: 60,
};
const QUIET: AlertFacts = {
  now: NOW,
  clock: null,
  disk: { path: "muster.db", freeOctets: 5000 * MEBIBYTE },
  publication: [],
  duplicates: [],
  forecasts: [],
  licensing: { expiring: [], expiringTotal: 0 },
  newClients: 0,
};
const { applicationId } = CLIENT_PRODUCT;

function evaluate(facts: Partial<AlertFacts>, standing: readonly StandingAlert[] = []) {
  return evaluateAlerts({ ...QUIET, ...facts }, RULES, standing);
}

function standing(alerts: readonly Alert[]): readonly StandingAlert[] {
  return alerts.map((alert) => ({ ...alert, raisedAt: NOW - DAY }));
}

function forecastOf(outlook: Partial<ThresholdForecast>, largestRequiredCount = 25) {
  const threshold: ThresholdForecast = {
    threshold: 25,
    outlook: "holds",
    at: undefined,
    leavingTotal: 0,
    leaving: [],
    ...outlook,
  };
  const thresholds = [threshold];
  return { applicationId, count: 20, capacity: 50, silent: 9, thresholds, largestRequiredCount };
}

const leaving = {
  cmid: cmid(1),
  time: NOW - 25 * DAY,
  machineName: "PC-1",
  address: "192.0.2.1",
  isActivated: true,
  leavesAt: NOW + 5 * DAY,
};
const falls = { outlook: "falls", at: NOW + 5 * DAY, leavingTotal: 9, leaving: [leaving] } as const;

function duplicateOf(index: number): DuplicateCmid {
  return {
    cmid: cmid(index),
    applicationId,
    certainty: "certain",
    evidence: "namesInterleave",
    machines: [],
    lastSeen: NOW,
    message: `shared id ${index}`,
  };
}

function expiring(state: ExpiringMachine["state"], days: number): ExpiringMachine {
  return { ...clientOf(1), state, endsAt: NOW + days * DAY };
}

const doubt = {
  kind: "forward",
  noticedAt: NOW,
  wall: NOW + 400 * DAY,
  offset: 0,
  steadySince: 0,
} as const;

describe("REPORT-3: what is alerted on", () => {
  type Case = readonly [string, Partial<AlertFacts>, Partial<Alert> & { readonly says: RegExp }];
  const cases: readonly Case[] = [
    ["a clock jump", { clock: doubt }, { kind: "clock", severity: "critical", says: /400 days/ }],
    [
      "a nearly full disk",
      { disk: { path: "muster.db", freeOctets: 499.9 * MEBIBYTE } },
      { kind: "disk", severity: "critical", says: /499 MiB are left for muster\.db/ },
    ],
    [
      "a failed publication",
      { publication: [{ subject: "lab.test", since: NOW, reason: "lab.test: refused" }] },
      { kind: "publication", key: "publication:lab.test", says: /lab\.test: refused/ },
    ],
    ["a shared id", { duplicates: [duplicateOf(1)] }, { kind: "duplicate", says: /shared id 1/ }],
    [
      "a count about to fall",
      { forecasts: [forecastOf(falls)] },
      { kind: "count", says: /below 25 at 2026-01-20T12:00Z .* PC-1 \(192\.0\.2\.1\) and 8 more/ },
    ],
    [
      "an activation about to run out",
      { licensing: { expiring: [expiring("licensed", 20)], expiringTotal: 1 } },
      { kind: "activation", says: /activation of 1 machine .* 20 days: MACHINE-1/ },
    ],
    [
      "a grace period about to run out",
      { licensing: { expiring: [expiring("initialGrace", 2)], expiringTotal: 1 } },
      { kind: "grace", says: /grace period of 1 machine/ },
    ],
    ["a burst of new ids", { newClients: 100 }, { kind: "burst", says: /within 60 minutes/ }],
  ];
  for (const [name, facts, { says, ...expected }] of cases) {
    test(name, () => {
      const alerts = evaluate(facts);
      expect(alerts).toHaveLength(1);
      expect(alerts[0]).toMatchObject(expected);
      expect(alerts[0]?.message).toMatch(says);
    });

    test(`${name}, unless its kind is ignored`, () => {
      const kinds = new Set(ALERT_KINDS.filter((kind) => kind !== expected.kind));
      expect(evaluateAlerts({ ...QUIET, ...facts }, { ...RULES, kinds }, [])).toEqual([]);
    });
  }

  test("every kind has a case, and a quiet day has none", () => {
    const kinds = cases.map(([, , { kind }]) => kind).sort();
    expect(kinds).toEqual([...ALERT_KINDS].sort());
    expect(evaluate({})).toEqual([]);
  });

  test("the gravest comes first", () => {
    const alerts = evaluate({ newClients: 500, clock: doubt });
    expect(alerts.map(({ kind }) => kind)).toEqual(["clock", "burst"]);
  });

  test("a new lab below its threshold is none, a count that fell below it is", () => {
    const below = { forecasts: [forecastOf({ outlook: "below" })] };
    expect(evaluate(below)).toEqual([]);
    const alerts = evaluate(below, standing(evaluate({ forecasts: [forecastOf(falls)] })));
    expect(alerts[0]).toMatchObject({ kind: "count", severity: "critical" });
  });

  test("nor is a fall that is far off, or under a threshold that nobody asked for", () => {
    const later = { ...falls, at: NOW + 8 * DAY };
    expect(evaluate({ forecasts: [forecastOf(later)] })).toEqual([]);
    expect(evaluate({ forecasts: [forecastOf(falls, 5)] })).toEqual([]);
  });

  test("a thousand shared ids are fifty alerts and one that counts the rest", () => {
    const duplicates = Array.from({ length: 1000 }, (_, index) => duplicateOf(index));
    const alerts = evaluate({ duplicates });
    expect(alerts).toHaveLength(51);
    expect(alerts.at(-1)?.message).toStartWith("950 more");
  });

  test("what is on the edge is not raised and cleared in turn", () => {
    const edge = { disk: { path: "muster.db", freeOctets: 520 * MEBIBYTE }, newClients: 60 };
    expect(evaluate(edge)).toEqual([]);
    const over = { disk: { path: "muster.db", freeOctets: 480 * MEBIBYTE }, newClients: 120 };
    const raised = standing(evaluate(over));
    expect(evaluate(edge, raised).map(({ kind }) => kind)).toEqual(["disk", "burst"]);
    const well = { disk: { path: "muster.db", freeOctets: 600 * MEBIBYTE }, newClients: 40 };
    expect(evaluate(well, raised)).toEqual([]);
  });

  test("what is not known stays as it is", () => {
    const raised = standing(
      evaluate({ newClients: 200, duplicates: [duplicateOf(3)], clock: doubt }),
    );
    const unknown = {
      clock: undefined,
      disk: undefined,
      publication: undefined,
      duplicates: undefined,
      forecasts: undefined,
      licensing: undefined,
      newClients: undefined,
    };
    expect(evaluate(unknown, raised)).toEqual(raised);
  });
});

describe("REPORT-3: raised once, cleared once", () => {
  const alertOf = (key: string, message = key): Alert => ({
    key,
    kind: "duplicate",
    severity: "warning",
    message,
  });

  test("through any history of what is the matter", () => {
    const keys = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"));
    fc.assert(
      fc.property(fc.array(keys), (history) => {
        let before: readonly StandingAlert[] = [];
        const open = new Map<string, number>();
        for (const [time, current] of history.entries()) {
          const changes = changeAlerts(
            before,
            current.map((key) => alertOf(key)),
            time,
          );
          for (const { key } of changes.raised) {
            expect(open.has(key)).toBe(false);
            open.set(key, time);
          }
          for (const { key, raisedAt } of changes.cleared) {
            expect(raisedAt).toBe(open.get(key) as number);
            open.delete(key);
          }
          expect([...open.keys()].sort()).toEqual([...current].sort());
          before = changes.standing;
        }
      }),
    );
  });

  test("words follow the facts, the time of raising does not", () => {
    const before = [{ ...alertOf("a", "old words"), raisedAt: 5 }];
    const { raised, cleared, standing: now } = changeAlerts(before, [alertOf("a", "new words")], 9);
    expect([raised, cleared]).toEqual([[], []]);
    expect(now).toEqual([{ ...alertOf("a", "new words"), raisedAt: 5 }]);
  });
});
