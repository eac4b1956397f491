import type { LicenceState } from "../protocol/types.ts";

/**
 * A client's licence states and how time moves them (CLIENT-3), as a table: what follows a state
 * once it has run out, and how long that lasts.
 *
 *     initial grace (30 days client, 60 server)  ->  notification
 *     licensed (180 days from the last renewal)  ->  out of tolerance (30 days)  ->  notification
 *     non-genuine grace                          ->  notification
 *
 * An activation leads from every state to licensed (COUNT-2).
 */
export const STATE = {
  unlicensed: 0,
  licensed: 1,
  initialGrace: 2,
  outOfTolerance: 3,
  nonGenuineGrace: 4,
  notification: 5,
} as const satisfies Readonly<Record<string, LicenceState>>;

const MINUTE_MS = 60_000;
export const DAY_MINUTES = 1440;
const DAY_MS = DAY_MINUTES * MINUTE_MS;

/** How long an activation is valid (HOST-3). */
const VALIDITY_DAYS = 180;
const OUT_OF_TOLERANCE_DAYS = 30;
const INITIAL_GRACE_DAYS = { client: 30, server: 60 } as const;
/** CLIENT-4: how often a grace period can be reset. */
export const INITIAL_REARM_COUNT = 3;

/** While a host has said nothing else (CLIENT-5). */
export const DEFAULT_ACTIVATION_INTERVAL_MINUTES = 120;
export const DEFAULT_RENEWAL_INTERVAL_MINUTES = 10_080;
/** What a host says beyond these is taken as these: no busy loop, and no renewal out of sight. */
const INTERVAL_MINUTES_MINIMUM = 1;
const INTERVAL_MINUTES_MAXIMUM = 30 * DAY_MINUTES;

const MINUTES_MAXIMUM = 0xffff_ffff;

/** A licence state; `expiresAt` in Unix milliseconds, undefined where the state has no end. */
export type LicenceRecord = {
  readonly state: LicenceState;
  readonly expiresAt: number | undefined;
};

/** What a newly installed system starts with. */
export function installedLicence(kind: "client" | "server", now: number): LicenceRecord {
  return { state: STATE.initialGrace, expiresAt: now + INITIAL_GRACE_DAYS[kind] * DAY_MS };
}

/** What a renewal or a first activation gives. */
export function activatedLicence(now: number): LicenceRecord {
  return { state: STATE.licensed, expiresAt: now + VALIDITY_DAYS * DAY_MS };
}

/** The record as it stands at `now`, after every expiry that lies in between. */
export function licenceAt(record: LicenceRecord, now: number): LicenceRecord {
  const { state, expiresAt } = record;
  if (expiresAt === undefined || now < expiresAt) return record;
  if (state !== STATE.licensed) return { state: STATE.notification, expiresAt: undefined };
  const toleratedUntil = expiresAt + OUT_OF_TOLERANCE_DAYS * DAY_MS;
  return licenceAt({ state: STATE.outOfTolerance, expiresAt: toleratedUntil }, now);
}

/** Begun minutes until the state ends, as requests and reports say it; 0 where it has no end. */
export function minutesToExpiration({ expiresAt }: LicenceRecord, now: number): number {
  if (expiresAt === undefined) return 0;
  const minutes = Math.ceil((expiresAt - now) / MINUTE_MS);
  return Math.min(Math.max(minutes, 0), MINUTES_MAXIMUM);
}

/** An interval that a host gave, within bounds (CLIENT-5). */
export function boundedInterval(minutes: number): number {
  return Math.min(Math.max(minutes, INTERVAL_MINUTES_MINIMUM), INTERVAL_MINUTES_MAXIMUM);
}
