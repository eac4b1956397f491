import { formatExtendedPid } from "../authority/extended-pid.ts";
import { installationIdOf } from "../authority/installation-id.ts";
import type { Sha256 } from "../platform/hash.ts";
import { encodeText } from "../protocol/octets.ts";
import type { LicenceState } from "../protocol/types.ts";
import { formatHostAddress } from "./host-address.ts";
import { DAY_MINUTES, licenceAt, minutesToExpiration, STATE } from "./licence-record.ts";
import type { ClientState } from "./state.ts";

/** A client's state as a report shows it (CLIENT-9); `--json` prints it as it is. */
export type ClientReport = {
  readonly version: string;
  readonly name: string;
  readonly description: string;
  readonly activationId: string;
  readonly applicationId: string;
  readonly extendedPid: string;
  readonly installationId: string;
  readonly licenceState: LicenceState;
  readonly licenceStatus: string;
  readonly minutesToExpiration: number;
  /** ISO 8601; null where the state has no end. */
  readonly expiresAt: string | null;
  readonly remainingRearms: number;
  readonly trustedTime: string;
  readonly cmid: string;
  /** `host:port` that DNS named and that answered last. */
  readonly hostFromDns: string | null;
  /** `host:port` that is asked instead of DNS. */
  readonly fixedHost: string | null;
  readonly hostExtendedPid: string | null;
  readonly authority: string | null;
  readonly selfIssued: boolean | null;
  readonly activationIntervalMinutes: number;
  readonly renewalIntervalMinutes: number;
  readonly hostCaching: boolean;
  readonly lastCount: number | null;
  readonly threshold: number;
  readonly nextAttemptAt: string;
};

/** The originals' wording of HOST-8 and CLIENT-9, by licence state. */
const STATUS_WORDS = [
  "Unlicensed",
  "Licensed",
  "Initial grace period",
  "License expired or Hardware out of tolerance",
  "Non-genuine grace period",
  "Notification",
] as const;

export function clientReport(
  state: ClientState,
  now: number,
  version: string,
  sha256: Sha256,
): ClientReport {
  const { product, lastReply, fixedHost, cachedHost } = state;
  const { expiresAt: end } = state.licence;
  const licence = licenceAt({ state: state.licence.state, expiresAt: end ?? undefined }, now);
  const expiresAt = licence.expiresAt;
  return {
    version,
    name: product.name,
    description: `muster volume activation, ${product.name}, VOLUME_KMSCLIENT channel`,
    activationId: product.activationId,
    applicationId: product.applicationId,
    extendedPid: formatExtendedPid(
      product.group ?? "clientVolume",
      state.cmid,
      false,
      state.installedAt,
    ),
    // A client has no key pair; its CMID is what names it.
    installationId: installationIdOf(encodeText(state.cmid), new Uint8Array(), sha256),
    licenceState: licence.state,
    licenceStatus: STATUS_WORDS[licence.state],
    minutesToExpiration: minutesToExpiration(licence, now),
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    remainingRearms: state.remainingRearms,
    trustedTime: new Date(now).toISOString(),
    cmid: state.cmid,
    hostFromDns: cachedHost === null ? null : formatHostAddress(cachedHost),
    fixedHost: fixedHost === null ? null : formatHostAddress(fixedHost),
    hostExtendedPid: lastReply?.extendedPid ?? null,
    authority: lastReply?.authorityName ?? null,
    selfIssued: lastReply?.selfIssued ?? null,
    activationIntervalMinutes: state.activationIntervalMinutes,
    renewalIntervalMinutes: state.renewalIntervalMinutes,
    hostCaching: state.hostCaching,
    lastCount: lastReply?.count ?? null,
    threshold: product.threshold,
    nextAttemptAt: new Date(state.nextAttemptAt).toISOString(),
  };
}

/**
 * The report as text, line for line in the order and wording of `slmgr.vbs /dlv` on a client [E].
 * Differences: the partial product key is said to be none, because a client of this domain needs
 * none, and who vouches for the host is said after its extended PID.
 */
export function formatClientReport(report: ClientReport): readonly string[] {
  return [
    `Software licensing service version: ${report.version}`,
    "",
    `Name: ${report.name}`,
    `Description: ${report.description}`,
    `Activation ID: ${report.activationId}`,
    `Application ID: ${report.applicationId}`,
    `Extended PID: ${report.extendedPid}`,
    `Installation ID: ${report.installationId}`,
    "Partial Product Key: none",
    `License Status: ${report.licenceStatus}`,
    ...expirationLines(report),
    `Remaining rearm count: ${report.remainingRearms}`,
    `Trusted time: ${report.trustedTime}`,
    "",
    "Key Management Service client information",
    `Client Machine ID (CMID): ${report.cmid}`,
    ...hostLines(report),
    `Activation interval: ${report.activationIntervalMinutes} minutes`,
    `Renewal interval: ${report.renewalIntervalMinutes} minutes`,
    `KMS host caching is ${report.hostCaching ? "enabled" : "disabled"}`,
  ];
}

function expirationLines({ licenceState, minutesToExpiration, expiresAt }: ClientReport): string[] {
  if (expiresAt === null) return [];
  const days = Math.floor(minutesToExpiration / DAY_MINUTES);
  const what = licenceState === STATE.licensed ? "Volume activation expiration" : "Time remaining";
  return [`${what}: ${minutesToExpiration} minute(s) (${days} day(s))`];
}

function hostLines(report: ClientReport): string[] {
  const { fixedHost, hostFromDns, hostExtendedPid, authority, selfIssued } = report;
  const lines: string[] = [];
  if (fixedHost !== null) lines.push(`Registered KMS machine name: ${fixedHost}`);
  else lines.push(`KMS machine name from DNS: ${hostFromDns ?? "not found yet"}`);
  if (hostExtendedPid !== null) lines.push(`KMS machine extended PID: ${hostExtendedPid}`);
  if (authority !== null) {
    lines.push(
      `KMS machine licensed by: ${authority}${selfIssued === true ? ", self-issued" : ""}`,
    );
  }
  return lines;
}
