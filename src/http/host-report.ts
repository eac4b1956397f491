/** The host's report as `slmgr.vbs /dlv` prints it [E], in its order and wording (HOST-9). */
import { sanitise } from "../platform/text.ts";
import type { LicenceStateName } from "../protocol/types.ts";
import type { StatusReport, VersionReport } from "./sources.ts";
import { headlineApplication, isoTime } from "./status-view.ts";

/** What `License Status:` says. */
const LICENCE_STATUS_WORDS: Readonly<Record<LicenceStateName, string>> = {
  unlicensed: "Unlicensed",
  licensed: "Licensed",
  initialGrace: "Initial grace period",
  outOfTolerance: "License expired or Hardware out of tolerance",
  nonGenuineGrace: "Non-genuine grace period",
  notification: "Notification",
};

/** The states in the order of the cumulative figures. */
const FIGURES_ORDER = [
  "unlicensed",
  "licensed",
  "initialGrace",
  "outOfTolerance",
  "nonGenuineGrace",
  "notification",
] as const satisfies readonly LicenceStateName[];

/**
 * Lines of the report, without line ends. `Current count` is the headline application's; where
 * several have clients, each one's follows at the end. The original prints `Trusted time` as the
 * reader's country writes it; here it is ISO 8601 in UTC, which reads the same everywhere.
 */
export function hostReport(status: StatusReport, version: VersionReport): readonly string[] {
  return [
    `Software licensing service version: ${version.version}`,
    "",
    ...licenceLines(status),
    "",
    ...serviceLines(status),
    "",
    ...cumulativeLines(status),
    ...applicationLines(status),
    ...drainLines(status),
  ].map((line) => sanitise(line, LINE_LENGTH));
}

const LINE_LENGTH = 1024;

function licenceLines({ host, hostTime }: StatusReport): readonly string[] {
  const { licenceReason } = host;
  return [
    `Name: ${host.name}`,
    `Description: ${describe(host)}`,
    `Activation ID: ${host.activationId}`,
    `Application ID: ${host.applicationId}`,
    `Extended PID: ${host.extendedPid}`,
    `Installation ID: ${host.installationId}`,
    `Partial Product Key: ${host.partialProductKey}`,
    `License Status: ${LICENCE_STATUS_WORDS[host.licenceStatus]}`,
    ...(licenceReason === undefined ? [] : [`Notification Reason: ${licenceReason}`]),
    `Remaining rearm count: ${host.remainingRearms}`,
    `Trusted time: ${isoTime(hostTime)}`,
  ];
}

/** A licence that the box gave itself is never shown without saying so (TRUST-3). */
function describe({ description, selfIssued }: StatusReport["host"]): string {
  return selfIssued && !description.includes("self-issued")
    ? `${description}, self-issued`
    : description;
}

function serviceLines({ rpc, dns, applications }: StatusReport): readonly string[] {
  const ports = [...new Set(rpc.endpoints.map(({ port }) => port))];
  return [
    `Key Management Service is ${rpc.serving ? "enabled" : "disabled"} on this machine`,
    `Current count: ${headlineApplication(applications)?.count ?? 0}`,
    `Listening on Port: ${ports.length === 0 ? "none" : ports.join(", ")}`,
    `DNS publishing ${dns.publishing ? "enabled" : "disabled"}`,
    `KMS priority: ${rpc.priority === "normal" ? "Normal" : "Low"}`,
  ];
}

function cumulativeLines({ requests }: StatusReport): readonly string[] {
  return [
    "Key Management Service cumulative requests received from clients",
    `Total requests received: ${requests.total}`,
    `Failed requests received: ${requests.failed}`,
    ...FIGURES_ORDER.map((state) => {
      const figure = requests.byLicenceState[state];
      return `Requests with License Status ${LICENCE_STATUS_WORDS[state]}: ${figure}`;
    }),
  ];
}

function applicationLines({ applications }: StatusReport): readonly string[] {
  const counting = applications.filter(({ count }) => count > 0);
  if (counting.length < 2) return [];
  return counting.flatMap(({ applicationId, count }) => [
    "",
    `Application ID: ${applicationId}`,
    `Current count: ${count}`,
  ]);
}

/** HOST-12; the original knows no such thing, so it comes last. */
function drainLines({ drain }: StatusReport): readonly string[] {
  if (drain === undefined) return [];
  const { since, until, clientsToMove } = drain;
  return [
    "",
    `Draining since: ${isoTime(since)}`,
    `Draining until: ${until === undefined ? "ended by hand" : isoTime(until)}`,
    `Clients still to move: ${clientsToMove ?? "unknown"}`,
  ];
}
