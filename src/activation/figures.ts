import { LICENCE_STATES, type LicenceState, type LicenceStateName } from "../protocol/types.ts";

/**
 * Cumulative requests, kept for the life of the installation (HOST-8). A failed request counts
 * under no licence state: in the report that [E] prints, 9826 in total are 7402 failed and
 * 252 + 2040 + 18 + 114 by state.
 */
export type Figures = {
  readonly total: number;
  readonly failed: number;
} & { readonly [state in LicenceStateName]: number };

export const NO_FIGURES: Figures = {
  total: 0,
  failed: 0,
  unlicensed: 0,
  licensed: 0,
  initialGrace: 0,
  outOfTolerance: 0,
  nonGenuineGrace: 0,
  notification: 0,
};

/** The figures after one more request; `served` is the state reported where it did not fail. */
export function countRequest(figures: Figures, served: LicenceState | undefined): Figures {
  const total = figures.total + 1;
  if (served === undefined) return { ...figures, total, failed: figures.failed + 1 };
  const state = LICENCE_STATES[served];
  return { ...figures, total, [state]: figures[state] + 1 };
}
