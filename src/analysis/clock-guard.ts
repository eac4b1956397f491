/**
 * Doubt about the host's clock (REPORT-3). An isolated box often has no time server and a weak
 * battery: one wrong year would let every record expire at once. The clock is believed while it
 * goes as fast as the time that passes; after a jump, nobody expires until an operator confirms
 * the new time, or the clock comes back, or it has gone steadily for long enough.
 *
 * Doubted time goes on from where it was last believed, at the pace of a clock that nobody sets.
 */

/** Both clocks, read together; milliseconds. */
export type ClockReading = {
  /** Unix time by the host's clock. */
  readonly wall: number;
  /** Time that passed, from a beginning that does not matter; never set, never backwards. */
  readonly monotonic: number;
};

export type ClockRules = {
  /** A move of the clock by more than this is a jump. */
  readonly jumpMilliseconds: number;
  /** How long a changed clock must go steadily until it is believed; 0: only when confirmed. */
  readonly settleMilliseconds: number;
};

export type ClockDoubt = {
  readonly kind: "forward" | "backward";
  /** Believed time when the jump was noticed. */
  readonly noticedAt: number;
  /** What the clock said instead. */
  readonly wall: number;
  /** Where the changed clock stands against the time that passes, and since when. */
  readonly offset: number;
  readonly steadySince: number;
};

export type ClockGuardState = {
  /** The last believed time, and when that was. */
  readonly believed: number;
  readonly monotonic: number;
  readonly doubt: ClockDoubt | undefined;
};

/**
 * The state after a start. `mark` is the last time that was believed before it; without one the
 * clock is believed: there is nothing to hold it against. How long the host was off nobody knows,
 * so a clock far ahead of the mark is doubted like one that jumped.
 */
export function startGuard(
  mark: number | undefined,
  reading: ClockReading,
  rules: ClockRules,
): ClockGuardState {
  const { wall, monotonic } = reading;
  if (mark === undefined) return { believed: wall, monotonic, doubt: undefined };
  return readClock({ believed: mark, monotonic, doubt: undefined }, reading, rules);
}

/** The state after another look at the clocks. */
export function readClock(
  state: ClockGuardState,
  reading: ClockReading,
  rules: ClockRules,
): ClockGuardState {
  const { wall, monotonic } = reading;
  const believed = state.believed + Math.max(0, monotonic - state.monotonic);
  const ahead = wall - believed;
  if (Math.abs(ahead) <= rules.jumpMilliseconds) {
    return { believed: wall, monotonic, doubt: undefined };
  }
  const { doubt } = state;
  const offset = wall - monotonic;
  if (doubt === undefined || Math.abs(offset - doubt.offset) > rules.jumpMilliseconds) {
    const kind = ahead > 0 ? "forward" : "backward";
    const noticed = { kind, noticedAt: believed, wall, offset, steadySince: monotonic } as const;
    return { believed, monotonic, doubt: noticed };
  }
  const { settleMilliseconds } = rules;
  const isSettled = settleMilliseconds > 0 && monotonic - doubt.steadySince >= settleMilliseconds;
  if (isSettled) return { believed: wall, monotonic, doubt: undefined };
  return { believed, monotonic, doubt };
}

/** An operator confirmed the clock as it is. */
export function confirmClock({ wall, monotonic }: ClockReading): ClockGuardState {
  return { believed: wall, monotonic, doubt: undefined };
}

/** The time by which records expire: the believed one. */
export function expiryTime({ believed }: ClockGuardState): number {
  return believed;
}
