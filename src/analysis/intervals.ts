/** How long the host tells its clients to wait, and what it keeps how long (HOST-2, COUNT-6). */
export type ClientIntervals = {
  /** Between requests of a client that is not activated. */
  readonly activationMinutes: number;
  /** Between renewals. */
  readonly renewalMinutes: number;
};

export const MILLISECONDS_PER_MINUTE = 60_000;
export const MILLISECONDS_PER_DAY = 86_400_000;

/** When a client that asked at `lastSeen` asks again. */
export function nextRequestAt(
  lastSeen: number,
  isActivated: boolean,
  { activationMinutes, renewalMinutes }: ClientIntervals,
): number {
  const minutes = isActivated ? renewalMinutes : activationMinutes;
  return lastSeen + minutes * MILLISECONDS_PER_MINUTE;
}

/**
 * From when on a client that has not asked again is silent: a renewal that fails is tried again
 * every activation interval, so two of those are the patience.
 */
export function silentFrom(
  lastSeen: number,
  isActivated: boolean,
  intervals: ClientIntervals,
): number {
  const patience = 2 * intervals.activationMinutes * MILLISECONDS_PER_MINUTE;
  return nextRequestAt(lastSeen, isActivated, intervals) + patience;
}
