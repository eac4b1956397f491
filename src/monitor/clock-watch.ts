/**
 * The host's clock, as far as it is believed (REPORT-3): the guard on the two clocks of a machine.
 */
import {
  type ClockDoubt,
  type ClockGuardState,
  type ClockReading,
  type ClockRules,
  confirmClock,
  expiryTime,
  readClock,
  startGuard,
} from "../analysis/clock-guard.ts";
import type { Clock } from "../platform/clock.ts";

export type ClockWatch = {
  /** What the machine's clock says, believed or not. */
  readonly wall: Clock;
  /** The time by which records and events expire: the believed one, which never jumps. */
  readonly expiry: Clock;
  /** undefined while the clock is believed. */
  readonly doubt: () => ClockDoubt | undefined;
  /** An operator says that the clock is right. */
  readonly confirm: () => void;
  /** What to keep for the next start. */
  readonly save: () => SavedClock;
};

/** The high-water mark and the doubt, as the store keeps them. */
export type SavedClock = { readonly believed: number; readonly doubt: ClockDoubt | null };

export type ClockWatchOptions = {
  readonly saved: SavedClock | undefined;
  readonly rules: ClockRules;
  readonly wall: Clock;
  /** Milliseconds since any beginning, that no setting of the clock moves. */
  readonly monotonic: () => number;
};

export const CLOCK_SETTING = "clock";

/** Looks at both clocks on every call: no jump passes between two looks. */
export function watchClock({ saved, rules, wall, monotonic }: ClockWatchOptions): ClockWatch {
  const read = (): ClockReading => ({ wall: wall(), monotonic: monotonic() });
  let state: ClockGuardState = startGuard(saved?.believed, read(), rules);
  const look = (): void => {
    state = readClock(state, read(), rules);
  };
  return {
    wall,
    expiry: () => {
      look();
      return Math.trunc(expiryTime(state));
    },
    doubt: () => {
      look();
      return state.doubt;
    },
    confirm: () => {
      state = confirmClock(read());
    },
    save: () => {
      look();
      return { believed: Math.trunc(expiryTime(state)), doubt: state.doubt ?? null };
    },
  };
}

/** Of our own writing, or undefined where it is not. */
export function parseSavedClock(text: string | undefined): SavedClock | undefined {
  if (text === undefined) return undefined;
  try {
    const { believed, doubt } = JSON.parse(text) as Partial<SavedClock>;
    return Number.isFinite(believed)
      ? { believed: believed as number, doubt: doubt ?? null }
      : undefined;
  } catch {
    return undefined;
  }
}
