/**
 * What an operator must look at (REPORT-3): facts in, alerts out, and the difference to those that
 * stand already, so that each is raised once and cleared once.
 */
import type { Guid } from "../protocol/types.ts";
import type { ClockDoubt } from "./clock-guard.ts";
import type { DuplicateCmid } from "./duplicates.ts";
import type { Forecast, ThresholdForecast } from "./forecast.ts";
import { MILLISECONDS_PER_DAY } from "./intervals.ts";
import type { ExpiringMachine, LicensingReport } from "./reports.ts";
import { countWords, listWords, machineWords, spanWords, timeWords } from "./wording.ts";

export const ALERT_KINDS = [
  "clock",
  "disk",
  "publication",
  "duplicate",
  "count",
  "activation",
  "grace",
  "burst",
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export type Alert = {
  /** Names the matter: two alerts of one key are the same, however their words differ. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly severity: "critical" | "warning";
  /** A sentence. Safe to show: what is untrusted in it is escaped. */
  readonly message: string;
};

export type StandingAlert = Alert & { /** Unix milliseconds. */ readonly raisedAt: number };

export type AlertRules = {
  readonly kinds: ReadonlySet<AlertKind>;
  /** How long before the count falls under a threshold it is said. */
  readonly countDays: number;
  /** The disk is nearly full with less than this left. */
  readonly diskFreeOctets: number;
  /** So many new client ids within the window are a burst. */
  readonly burstClients: number;
  readonly burstMinutes: number;
};

/** A failure to publish in DNS that no success followed (EVENT-3). */
export type PublicationFailure = {
  /** Zone and server, or what tells one publication from another. */
  readonly subject: string;
  readonly since: number;
  /** Untrusted: a server's words may be in it. */
  readonly reason: string;
};

/** undefined: not known now, so alerts of that kind stay as they are. */
export type AlertFacts = {
  readonly now: number;
  readonly clock: ClockDoubt | null | undefined;
  readonly disk: { readonly path: string; readonly freeOctets: number } | undefined;
  readonly publication: readonly PublicationFailure[] | undefined;
  readonly duplicates: readonly DuplicateCmid[] | undefined;
  readonly forecasts: readonly (Forecast & { readonly largestRequiredCount: number })[] | undefined;
  readonly licensing: Pick<LicensingReport, "expiring" | "expiringTotal"> | undefined;
  /** Client ids seen for the first time within the rules' window. */
  readonly newClients: number | undefined;
};

/** Alerts on single ids; beyond these one alert says how many there are. */
const DUPLICATE_ALERTS_MAXIMUM = 50;
const MACHINES_NAMED = 5;
/** A matter that is on the edge must go well beyond it before its alert is cleared. */
const CLEARANCE = 1.1;
const BURST_CLEARANCE = 0.5;

/** Every alert that these facts give, the gravest first. `standing` is what stands already. */
export function evaluateAlerts(
  facts: AlertFacts,
  rules: AlertRules,
  standing: readonly StandingAlert[],
): readonly Alert[] {
  const stands = new Set(standing.map(({ key }) => key));
  const alerts = ALERT_KINDS.flatMap((kind): readonly Alert[] => {
    if (!rules.kinds.has(kind)) return [];
    return RULE_OF[kind](facts, rules, stands) ?? standing.filter((one) => one.kind === kind);
  });
  return alerts.toSorted((one, other) => gravity(other) - gravity(one));
}

function gravity({ severity }: Alert): number {
  return severity === "critical" ? 1 : 0;
}

/** undefined: the facts do not say. */
type Rule = (
  facts: AlertFacts,
  rules: AlertRules,
  stands: ReadonlySet<string>,
) => readonly Alert[] | undefined;

const RULE_OF: Readonly<Record<AlertKind, Rule>> = {
  clock: clockAlerts,
  disk: diskAlerts,
  publication: publicationAlerts,
  duplicate: duplicateAlerts,
  count: countAlerts,
  activation: activationAlerts,
  grace: graceAlerts,
  burst: burstAlerts,
};

function clockAlerts({ clock }: AlertFacts): readonly Alert[] | undefined {
  if (clock === undefined) return undefined;
  if (clock === null) return [];
  const { kind, noticedAt, wall } = clock;
  const direction = kind === "forward" ? "forward" : "back";
  const message =
    `the clock went ${direction} by ${spanWords(Math.abs(wall - noticedAt))}: it says ` +
    `${timeWords(wall)} where ${timeWords(noticedAt)} was expected. No client expires until this ` +
    "is settled: set the clock, or confirm it with `muster clock confirm`";
  return [{ key: "clock", kind: "clock", severity: "critical", message }];
}

const MEBIBYTE = 1_048_576;

function diskAlerts(
  { disk }: AlertFacts,
  { diskFreeOctets }: AlertRules,
  stands: ReadonlySet<string>,
): readonly Alert[] | undefined {
  if (disk === undefined) return undefined;
  const limit = stands.has("disk") ? diskFreeOctets * CLEARANCE : diskFreeOctets;
  if (disk.freeOctets >= limit) return [];
  const message =
    `${Math.floor(disk.freeOctets / MEBIBYTE)} MiB are left for ${disk.path}: when it is full, ` +
    "activations are refused. Make room, or keep fewer events (events.maximum_megabytes)";
  return [{ key: "disk", kind: "disk", severity: "critical", message }];
}

function publicationAlerts({ publication }: AlertFacts): readonly Alert[] | undefined {
  return publication?.map(({ subject, since, reason }) => ({
    key: `publication:${subject}`,
    kind: "publication",
    severity: "critical",
    message: `publishing in DNS has failed since ${timeWords(since)}: ${reason}`,
  }));
}

function duplicateAlerts({ duplicates }: AlertFacts): readonly Alert[] | undefined {
  if (duplicates === undefined) return undefined;
  const kind = "duplicate" as const;
  const severity = "warning" as const;
  const alerts = duplicates
    .slice(0, DUPLICATE_ALERTS_MAXIMUM)
    .map(({ cmid, applicationId, message }) => {
      return { key: `duplicate:${applicationId}:${cmid}`, kind, severity, message };
    });
  const rest = duplicates.length - alerts.length;
  if (rest <= 0) return alerts;
  const message =
    `${rest} more client machine ids are shared by several machines; ` +
    "`muster duplicates` lists them";
  return [...alerts, { key: "duplicate:more", kind, severity, message }];
}

function countAlerts(
  { forecasts, now }: AlertFacts,
  { countDays }: AlertRules,
  stands: ReadonlySet<string>,
): readonly Alert[] | undefined {
  return forecasts?.flatMap(({ applicationId, thresholds, largestRequiredCount, count }) =>
    thresholds
      // A threshold that no client ever asked for matters to nobody.
      .filter(({ threshold }) => threshold <= largestRequiredCount)
      .flatMap((outlook) => {
        const key = countKey(applicationId, outlook.threshold);
        const message = countMessage(outlook, count, now, countDays, stands.has(key));
        if (message === undefined) return [];
        const severity = outlook.outlook === "below" ? "critical" : "warning";
        return [{ key, kind: "count" as const, severity, message }];
      }),
  );
}

function countKey(applicationId: Guid, threshold: number): string {
  return `count:${applicationId}:${threshold}`;
}

function countMessage(
  { threshold, outlook, at, leaving, leavingTotal }: ThresholdForecast,
  count: number,
  now: number,
  countDays: number,
  stands: boolean,
): string | undefined {
  // Only what was said to be falling has fallen: a new lab is below and on its way up.
  if (outlook === "below") {
    return stands
      ? `the count is ${count}, below the ${threshold} that clients need: none activates or renews`
      : undefined;
  }
  if (outlook !== "falls" || at === undefined) return undefined;
  if (at - now > countDays * MILLISECONDS_PER_DAY) return undefined;
  const machines = leaving.map(({ machineName, address }) => machineWords(machineName, address));
  return (
    `the count falls below ${threshold} at ${timeWords(at)} if silent machines stay so: ` +
    listWords(machines, MACHINES_NAMED, leavingTotal)
  );
}

function activationAlerts({ licensing, now }: AlertFacts): readonly Alert[] | undefined {
  if (licensing === undefined) return undefined;
  const machines = licensing.expiring.filter(({ state }) => state === "licensed");
  return expiryAlerts("activation", "the activation", machines, now);
}

function graceAlerts({ licensing, now }: AlertFacts): readonly Alert[] | undefined {
  if (licensing === undefined) return undefined;
  const machines = licensing.expiring.filter(({ state }) => state !== "licensed");
  return expiryAlerts("grace", "the grace period", machines, now);
}

/** One for all machines: in a lab that stands still they run out together. */
function expiryAlerts(
  kind: "activation" | "grace",
  what: string,
  machines: readonly ExpiringMachine[],
  now: number,
): readonly Alert[] {
  const [first] = machines;
  if (first === undefined) return [];
  const named = machines.map(({ machineName, address }) => machineWords(machineName, address));
  const message =
    `${what} of ${countWords(machines.length, "machine")} is about to run out, the first in ` +
    `${spanWords(first.endsAt - now)}: ${listWords(named, MACHINES_NAMED)}`;
  return [{ key: kind, kind, severity: "warning", message }];
}

function burstAlerts(
  { newClients }: AlertFacts,
  { burstClients, burstMinutes }: AlertRules,
  stands: ReadonlySet<string>,
): readonly Alert[] | undefined {
  if (newClients === undefined) return undefined;
  const limit = stands.has("burst") ? burstClients * BURST_CLEARANCE : burstClients;
  if (newClients < limit) return [];
  const message =
    `${newClients} or more client machine ids were new within ${burstMinutes} minutes: a large ` +
    "roll-out, or one machine that makes them up to raise the count";
  return [{ key: "burst", kind: "burst", severity: "warning", message }];
}

export type AlertChanges = {
  readonly raised: readonly StandingAlert[];
  readonly cleared: readonly StandingAlert[];
  /** What stands now, with the words of now and the time of then. */
  readonly standing: readonly StandingAlert[];
};

/** What is new and what is over. */
export function changeAlerts(
  before: readonly StandingAlert[],
  current: readonly Alert[],
  now: number,
): AlertChanges {
  const known = new Map(before.map((alert) => [alert.key, alert]));
  const keys = new Set(current.map(({ key }) => key));
  const standing = current.map((alert) => ({
    ...alert,
    raisedAt: known.get(alert.key)?.raisedAt ?? now,
  }));
  return {
    raised: standing.filter(({ key }) => !known.has(key)),
    cleared: before.filter(({ key }) => !keys.has(key)),
    standing,
  };
}
