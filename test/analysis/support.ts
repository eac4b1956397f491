import type { ClientIntervals } from "../../src/analysis/intervals.ts";
import type { StateRules } from "../../src/analysis/presumed-state.ts";
import type { LicensedClient } from "../../src/analysis/reports.ts";
import { CLIENT_PRODUCT, cmid, DAY, NOW } from "../activation/support.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** The originals' intervals. */
export const INTERVALS: ClientIntervals = { activationMinutes: 120, renewalMinutes: 10_080 };
export const RULES: StateRules = { intervals: INTERVALS, validityDays: 180 };

/** A client that was activated at {@link NOW}, in the parts that a test does not name. */
export function clientOf(index: number, changes: Partial<LicensedClient> = {}): LicensedClient {
  return {
    cmid: cmid(index),
    applicationId: CLIENT_PRODUCT.applicationId,
    activationId: CLIENT_PRODUCT.activationId,
    machineName: `MACHINE-${index}`,
    address: "192.0.2.1",
    source: "own",
    lastSeen: NOW,
    licenceState: 2,
    minutesToExpiration: 43_200,
    requiredCount: 25,
    lastResult: 0,
    lastCount: 30,
    ...changes,
  };
}

export { DAY, NOW };
