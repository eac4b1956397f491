import { describe, expect, test } from "bun:test";
import { type PresumedState, presumeState } from "../../src/analysis/presumed-state.ts";
import {
  activityReport,
  type LicensedClient,
  type LicensingOptions,
  licensingReport,
} from "../../src/analysis/reports.ts";
import { CLIENT_PRODUCT, SERVER_PRODUCT } from "../activation/support.ts";
import { clientOf, DAY, HOUR, NOW, RULES } from "./support.ts";

describe("CLIENT-3: what has become of a client", () => {
  type Case = {
    readonly name: string;
    readonly client?: Partial<LicensedClient>;
    readonly after: number;
    readonly expected: Partial<PresumedState>;
  };
  const short = { lastCount: 3 };
  const cases: readonly Case[] = [
    {
      name: "activated by its last request: licensed for 180 days",
      after: 179 * DAY,
      expected: { state: "licensed", endsAt: NOW + 180 * DAY, isActivated: true },
    },
    {
      name: "not renewed: out of tolerance for 30 days",
      after: 180 * DAY,
      expected: { state: "outOfTolerance", endsAt: NOW + 210 * DAY },
    },
    {
      name: "then notification, which does not end",
      after: 210 * DAY,
      expected: { state: "notification", endsAt: undefined },
    },
    {
      name: "below its threshold: still in its grace period",
      client: short,
      after: 29 * DAY,
      expected: { state: "initialGrace", endsAt: NOW + 30 * DAY, isActivated: false },
    },
    {
      name: "its grace period over: notification",
      client: short,
      after: 30 * DAY,
      expected: { state: "notification" },
    },
    {
      name: "licensed and not renewed for want of others: until it says",
      client: { ...short, licenceState: 1, minutesToExpiration: 60 },
      after: 2 * HOUR,
      expected: { state: "outOfTolerance" },
    },
    {
      name: "refused: as it reported",
      client: { lastResult: 0xc004f042, licenceState: 4, minutesToExpiration: 60 },
      after: 0,
      expected: { state: "nonGenuineGrace", isActivated: false },
    },
    {
      name: "a genuine client is never activated by us",
      client: { source: "relayed", licenceState: 5 },
      after: 0,
      expected: { state: "notification", isActivated: false },
    },
    {
      name: "a state that no client has",
      client: { ...short, licenceState: 77 },
      after: 0,
      expected: { state: "unlicensed", endsAt: undefined },
    },
  ];
  for (const { name, client, after, expected } of cases) {
    test(name, () => {
      expect(presumeState(clientOf(0, client), RULES, NOW + after)).toMatchObject(
        expected as object,
      );
    });
  }

  test("asks again by the interval of its state", () => {
    const asksAgain = (client: Partial<LicensedClient>) =>
      presumeState(clientOf(0, client), RULES, NOW).asksAgainAt;
    expect(asksAgain({})).toBe(NOW + 7 * DAY);
    expect(asksAgain(short)).toBe(NOW + 2 * HOUR);
  });
});

describe("REPORT-2: machines by state", () => {
  const options: LicensingOptions = { rules: RULES, now: NOW, activationDays: 30, graceDays: 3 };
  const aged = (index: number, days: number): LicensedClient =>
    clientOf(index, { lastSeen: NOW - days * DAY });

  test("counts states and products, and days left to renew", () => {
    const clients = [
      aged(0, 0),
      aged(1, 100),
      aged(2, 170),
      aged(3, 176),
      aged(4, 200),
      aged(5, 400),
      clientOf(6, { lastCount: 0, activationId: SERVER_PRODUCT.activationId }),
    ];
    const report = licensingReport(clients, options);
    expect(report).toMatchObject({
      machines: 7,
      byState: { licensed: 4, outOfTolerance: 1, notification: 1, initialGrace: 1 },
      expiringTotal: 2,
    });
    expect(report.byProduct).toHaveLength(2);
    expect(report.daysLeft.filter(({ machines }) => machines > 0)).toEqual([
      { days: 7, machines: 1 },
      { days: 30, machines: 1 },
      { days: 90, machines: 1 },
      { days: Number.POSITIVE_INFINITY, machines: 1 },
    ]);
  });

  test("names those about to expire, the first first", () => {
    const graced = clientOf(7, { lastCount: 0, minutesToExpiration: 60 });
    const report = licensingReport([aged(2, 170), aged(3, 176), graced, aged(0, 0)], options);
    expect(report.expiring.map(({ machineName, state }) => [machineName, state])).toEqual([
      ["MACHINE-7", "initialGrace"],
      ["MACHINE-3", "licensed"],
      ["MACHINE-2", "licensed"],
    ]);
  });

  test("of very many keeps those that end first, and counts them all", () => {
    const clients = Array.from({ length: 5000 }, (_, index) =>
      clientOf(index, { lastSeen: NOW - 160 * DAY - index }),
    );
    const report = licensingReport(clients, options);
    expect(report.expiringTotal).toBe(5000);
    expect(report.expiring).toHaveLength(1000);
    expect(report.expiring[0]?.machineName).toBe("MACHINE-4999");
    expect(report.expiring.at(-1)?.machineName).toBe("MACHINE-4000");
  });
});

test("REPORT-1: activations and renewals by day, host and product", () => {
  const { activationId, name } = CLIENT_PRODUCT;
  const rows = activityReport(
    [
      { day: 20_000, activationId, outcome: "activation", requests: 3 },
      { day: 20_000, activationId, outcome: "waiting", requests: 9 },
      { day: 20_001, activationId, outcome: "renewal", requests: 2 },
      { day: 20_001, activationId: null, outcome: "refused", requests: 1 },
    ],
    "kms",
    (id) => (id === activationId ? name : undefined),
  );
  const none = { host: "kms", activations: 0, renewals: 0, waiting: 0, refused: 0 };
  expect(rows).toEqual([
    { ...none, day: "2024-10-05", product: "", refused: 1 },
    { ...none, day: "2024-10-05", product: name, renewals: 2 },
    { ...none, day: "2024-10-04", product: name, activations: 3, waiting: 9 },
  ]);
});
