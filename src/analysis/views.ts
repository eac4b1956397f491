/**
 * Analyses as documents: what `--json` and the HTTP API say. Times are ISO 8601, results are
 * HRESULTs in text, what is not known is null. Machine names are as the machines sent them, but
 * within messages, where they are escaped.
 */
import { formatHresult } from "../protocol/hresult.ts";
import { LICENCE_STATES } from "../protocol/types.ts";
import type { StandingAlert } from "./alerts.ts";
import type { DuplicateCmid } from "./duplicates.ts";
import type { Explanation } from "./explain.ts";
import type { Forecast } from "./forecast.ts";
import type { ExpiringMachine, LicensingReport } from "./reports.ts";
import { isoTime } from "./wording.ts";

export type ProductName = (activationId: string) => string | undefined;

export function viewDuplicate(duplicate: DuplicateCmid) {
  const { cmid, applicationId, certainty, evidence, message } = duplicate;
  const machines = duplicate.machines.map(({ machineName, address, lastSeen }) => {
    return { machineName, address, lastSeen: isoTime(lastSeen) };
  });
  const lastSeen = isoTime(duplicate.lastSeen);
  return { cmid, applicationId, certainty, evidence, lastSeen, machines, message };
}

export function viewForecast({ applicationId, count, capacity, silent, thresholds }: Forecast) {
  return {
    applicationId,
    count,
    capacity,
    silent,
    thresholds: thresholds.map(({ threshold, outlook, at, leavingTotal, leaving }) => ({
      threshold,
      outlook,
      at: timeOrNull(at),
      leavingTotal,
      leaving: leaving.map(({ cmid, machineName, address, time, leavesAt }) => ({
        cmid,
        machineName,
        address,
        lastSeen: isoTime(time),
        leavesAt: isoTime(leavesAt),
      })),
    })),
  };
}

export function viewLicensing(report: LicensingReport, productName: ProductName) {
  const { machines, byState, byProduct, daysLeft, expiring, expiringTotal } = report;
  return {
    machines,
    byState,
    byProduct: byProduct.map(({ activationId, byState: states }) => ({
      activationId,
      product: productName(activationId) ?? null,
      byState: states,
    })),
    daysLeft: daysLeft.map(({ days, machines: counted }) => ({
      atMostDays: Number.isFinite(days) ? days : null,
      machines: counted,
    })),
    expiringTotal,
    expiring: expiring.map((machine) => viewExpiring(machine, productName)),
  };
}

function viewExpiring(machine: ExpiringMachine, productName: ProductName) {
  const { cmid, applicationId, activationId, machineName, address, state } = machine;
  return {
    cmid,
    applicationId,
    activationId,
    product: productName(activationId) ?? null,
    machineName,
    address,
    state,
    endsAt: isoTime(machine.endsAt),
    lastSeen: isoTime(machine.lastSeen),
  };
}

export function viewAlert({ key, kind, severity, message, raisedAt }: StandingAlert) {
  return { key, kind, severity, raisedAt: isoTime(raisedAt), message };
}

export function viewExplanation(explanation: Explanation) {
  const { asked, productName, stateEndsAt, countNow, shortfallNow } = explanation;
  const { cmid, machineName, address, applicationId, activationId, verdict } = explanation;
  return {
    cmid,
    machineName,
    address,
    product: productName ?? null,
    applicationId,
    activationId,
    verdict,
    code: formatHresult(explanation.code),
    asked: {
      at: isoTime(asked.at),
      count: asked.count,
      threshold: asked.threshold,
      shortfall: asked.shortfall,
      reportedState: LICENCE_STATES[asked.reportedState] ?? String(asked.reportedState),
    },
    countNow: countNow ?? null,
    shortfallNow: shortfallNow ?? null,
    state: explanation.state,
    stateEndsAt: timeOrNull(stateEndsAt),
    asksAgainAt: isoTime(explanation.asksAgainAt),
    isOverdue: explanation.isOverdue,
    reason: explanation.reason,
    advice: explanation.advice,
  };
}

function timeOrNull(time: number | undefined): string | null {
  return time === undefined ? null : isoTime(time);
}
