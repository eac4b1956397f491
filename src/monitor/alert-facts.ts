/**
 * What the rules of alerts judge, from the running parts. What cannot be known now is undefined.
 */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Catalogue } from "../activation/catalogue.ts";
import type { Policy } from "../activation/policy.ts";
import type { AlertFacts, AlertRules } from "../analysis/alerts.ts";
import { MILLISECONDS_PER_MINUTE } from "../analysis/intervals.ts";
import type { StateRules } from "../analysis/presumed-state.ts";
import type { LicensingOptions } from "../analysis/reports.ts";
import type { DuplicatesQuery, ForecastQuery } from "../store/analysis-queries.ts";
import type { Store } from "../store/store.ts";
import type { ClockWatch } from "./clock-watch.ts";

/** What the analyses need to know of the configuration. */
export type AnalysisFrame = {
  readonly catalogue: Catalogue;
  readonly policy: Policy;
  readonly rules: StateRules;
  readonly activationDays: number;
  readonly graceDays: number;
};

export type FactSources = {
  readonly store: Pick<
    Store,
    "duplicates" | "forecasts" | "licensing" | "newClients" | "publicationFailures"
  >;
  readonly clock: ClockWatch;
  readonly frame: AnalysisFrame;
  readonly alertRules: AlertRules;
  readonly databasePath: string;
};

/** For `Store.duplicates`. */
export function duplicatesQuery({ rules }: AnalysisFrame, now: number): DuplicatesQuery {
  return { intervals: rules.intervals, now };
}

/** For `Store.forecasts`: an application's thresholds are those of its products (COUNT-2). */
export function forecastQuery(frame: AnalysisFrame, now: number): ForecastQuery {
  const { catalogue, policy, rules } = frame;
  const thresholds = catalogue.applications.map(({ applicationId, products }) => [
    applicationId,
    [...new Set(products.map(({ threshold }) => threshold))],
  ]);
  const { recordDays, capacity } = policy;
  return {
    now,
    intervals: rules.intervals,
    policy: { recordDays, capacity },
    thresholds: Object.fromEntries(thresholds),
    otherThresholds: [...new Set(catalogue.products.map(({ threshold }) => threshold))],
  };
}

/** For `Store.licensing`. */
export function licensingOptions(frame: AnalysisFrame, now: number): LicensingOptions {
  const { rules, activationDays, graceDays } = frame;
  return { rules, now, activationDays, graceDays };
}

export async function gatherFacts(sources: FactSources): Promise<AlertFacts> {
  const { store, clock, frame, alertRules, databasePath } = sources;
  const now = clock.expiry();
  const since = now - alertRules.burstMinutes * MILLISECONDS_PER_MINUTE;
  const newClients = { since, limit: alertRules.burstClients };
  // One after another: they share a thread with the listings of people who wait.
  return {
    now,
    clock: clock.doubt() ?? null,
    disk: await freeSpace(databasePath),
    publication: await known(store.publicationFailures()),
    duplicates: await known(store.duplicates(duplicatesQuery(frame, now))),
    forecasts: await known(store.forecasts(forecastQuery(frame, now))),
    licensing: await known(store.licensing(licensingOptions(frame, now))),
    newClients: await known(store.newClients(newClients)),
  };
}

/** A store that fails says so itself; what it said before stands. */
function known<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  return promise.catch(() => undefined);
}

async function freeSpace(path: string): Promise<AlertFacts["disk"]> {
  const space = await statfs(dirname(path)).catch(() => undefined);
  return space === undefined ? undefined : { path, freeOctets: space.bavail * space.bsize };
}
