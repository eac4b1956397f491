/** What has become of a client since it was last heard of (CLIENT-3), as far as a host can tell. */
import type { ClientSource } from "../activation/events.ts";
import { HRESULT } from "../protocol/hresult.ts";
import { LICENCE_STATES, type LicenceStateName } from "../protocol/types.ts";
import {
  type ClientIntervals,
  MILLISECONDS_PER_DAY,
  MILLISECONDS_PER_MINUTE,
  nextRequestAt,
} from "./intervals.ts";

/** What the inventory keeps of a client's last request. */
export type LastRequest = {
  readonly source: ClientSource;
  readonly lastSeen: number;
  /** As the client reported it, before it was answered. */
  readonly licenceState: number;
  readonly minutesToExpiration: number;
  readonly requiredCount: number;
  /** HRESULT of the answer, and its count. */
  readonly lastResult: number;
  readonly lastCount: number;
};

export type StateRules = { readonly intervals: ClientIntervals; readonly validityDays: number };

export type PresumedState = {
  readonly state: LicenceStateName;
  /** When that state ends if nothing happens; undefined where it does not. */
  readonly endsAt: number | undefined;
  /** Whether its last request activated or renewed it. */
  readonly isActivated: boolean;
  /** When it asks again, by what it was told. */
  readonly asksAgainAt: number;
};

/** CLIENT-3: 30 days out of tolerance, then notification. */
const OUT_OF_TOLERANCE_MILLISECONDS = 30 * MILLISECONDS_PER_DAY;

/** Whether the reply to this request activated its client (COUNT-2). */
function wasActivated(request: LastRequest): boolean {
  const { source, lastResult, lastCount, requiredCount } = request;
  return source === "own" && lastResult === HRESULT.success && lastCount >= requiredCount;
}

export function presumeState(request: LastRequest, rules: StateRules, now: number): PresumedState {
  const isActivated = wasActivated(request);
  const asksAgainAt = nextRequestAt(request.lastSeen, isActivated, rules.intervals);
  return { ...stateAt(request, isActivated, rules, now), isActivated, asksAgainAt };
}

function stateAt(
  request: LastRequest,
  isActivated: boolean,
  { validityDays }: StateRules,
  now: number,
): Pick<PresumedState, "state" | "endsAt"> {
  const { lastSeen, licenceState, minutesToExpiration } = request;
  if (isActivated) return licensedUntil(lastSeen + validityDays * MILLISECONDS_PER_DAY, now);
  const state = LICENCE_STATES[licenceState] ?? "unlicensed";
  const endsAt = lastSeen + minutesToExpiration * MILLISECONDS_PER_MINUTE;
  switch (state) {
    case "licensed":
      return licensedUntil(endsAt, now);
    case "initialGrace":
    case "outOfTolerance":
    case "nonGenuineGrace":
      return now < endsAt ? { state, endsAt } : { state: "notification", endsAt: undefined };
    case "unlicensed":
    case "notification":
      return { state, endsAt: undefined };
  }
}

function licensedUntil(endsAt: number, now: number): Pick<PresumedState, "state" | "endsAt"> {
  if (now < endsAt) return { state: "licensed", endsAt };
  const graceEndsAt = endsAt + OUT_OF_TOLERANCE_MILLISECONDS;
  if (now < graceEndsAt) return { state: "outOfTolerance", endsAt: graceEndsAt };
  return { state: "notification", endsAt: undefined };
}
