/** What the HTTP service shows, read from the running parts. */
import type { Catalogue } from "../activation/catalogue.ts";
import type { LoadedIdentity } from "../authority/identity-store.ts";
import type { ActivationHost, ApplicationSnapshot } from "../host/activation-host.ts";
import { buildInfo } from "../platform/build-info.ts";
import type { Clock } from "../platform/clock.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import type { Guid } from "../protocol/types.ts";
import type { Store } from "../store/store.ts";
import type { AnalysisSources } from "./analyses/sources.ts";
import { openWarnings } from "./analyses/warnings.ts";
import type {
  ApplicationReport,
  DnsReport,
  HostReport,
  HttpSources,
  PartReadiness,
  StatusReport,
} from "./sources.ts";

/** The parts as the composition has them. Functions: asked anew for each report. */
export type ApplianceParts = {
  readonly name: string;
  readonly startedAt: number;
  readonly clock: Clock;
  readonly identity: LoadedIdentity;
  readonly catalogue: Catalogue;
  readonly countingPolicy: "all" | "physical";
  readonly intervals: StatusReport["intervals"];
  readonly databasePath: string;
  readonly host: ActivationHost;
  /** Clients in the inventory (COUNT-9); undefined where the store cannot say. */
  readonly clientsKnown: () => number | undefined;
  readonly drain: () => Promise<StatusReport["drain"]>;
  readonly store: Pick<Store, "clients" | "events" | "onStored">;
  readonly analyses: AnalysisSources;
  readonly dnsRecords?: HttpSources["dnsRecords"];
  /** What the name server's part has to complain about (DNS-6). */
  readonly dnsWarnings?: () => StatusReport["warnings"];
  readonly rpc: () => {
    readonly healthy: boolean;
    readonly endpoints: readonly Endpoint[];
    readonly connections: number;
  };
  readonly dns: () => DnsReport & { readonly healthy: boolean };
  /**
   * Why genuine clients cannot be relayed now (RELAY-3); undefined where they can, null where
   * nothing is relayed.
   */
  readonly relayFailure: () => string | undefined | null;
};

/** Nothing of a host that is its own authority is ever used up by a rearm. */
const HOST_REARMS = 3;

export function applianceSources(parts: ApplianceParts): Omit<HttpSources, "history"> {
  return {
    clock: parts.clock,
    version: () => ({ name: "muster", ...buildInfo }),
    status: () => statusReport(parts),
    readiness: () => readiness(parts),
    clients: (query) => parts.store.clients(query),
    events: (query) => parts.store.events(query),
    onStored: (listener) =>
      parts.store.onStored(({ firstEventId, group: { requests, general } }) =>
        listener(firstEventId + requests.length + general.length - 1),
      ),
    analyses: parts.analyses,
    products: () => parts.catalogue.products,
    dnsRecords: parts.dnsRecords ?? (() => []),
  };
}

async function statusReport(parts: ApplianceParts): Promise<StatusReport> {
  const drain = await parts.drain();
  const now = parts.clock();
  const snapshot = parts.host.snapshot();
  const { figures, health } = snapshot;
  const { total, failed, ...byLicenceState } = figures;
  const rpc = parts.rpc();
  const { healthy: _, ...dns } = parts.dns();
  return {
    name: parts.name,
    startedAt: parts.startedAt,
    uptimeSeconds: Math.max(0, Math.floor((now - parts.startedAt) / 1000)),
    hostTime: now,
    host: hostReport(parts.identity, now),
    countingPolicy: parts.countingPolicy,
    intervals: parts.intervals,
    applications: applicationReports(parts.catalogue, snapshot.applications),
    clientsKnown: parts.clientsKnown(),
    requests: { total, failed, byLicenceState },
    rpc: {
      serving: isServing(parts, now),
      draining: snapshot.draining,
      endpoints: rpc.endpoints,
      connections: rpc.connections,
      priority: "normal",
    },
    drain,
    dns,
    store: {
      state: health.state,
      reason: health.state === "ok" ? undefined : health.reason,
      path: parts.databasePath,
    },
    warnings: [...openWarnings(parts.analyses.alerts()), ...(parts.dnsWarnings?.() ?? [])],
  };
}

function hostReport(identity: LoadedIdentity, now: number): HostReport {
  const status = identity.licenceStatusAt(now);
  return {
    name: identity.name,
    description: identity.description,
    activationId: identity.activationId,
    applicationId: identity.applicationId,
    hostId: identity.hostId.toHex(),
    extendedPid: identity.extendedPid,
    installationId: identity.installationId,
    partialProductKey: identity.partialProductKey,
    group: identity.group,
    licenceStatus: status.licensed ? "licensed" : "notification",
    licenceReason: status.licensed ? undefined : status.words,
    selfIssued: identity.selfIssued,
    remainingRearms: HOST_REARMS,
  };
}

/** Applications of the catalogue first, in its order; then those met by accepted requests. */
function applicationReports(
  catalogue: Catalogue,
  snapshots: readonly ApplicationSnapshot[],
): readonly ApplicationReport[] {
  const byId = new Map(snapshots.map((snapshot) => [snapshot.applicationId, snapshot]));
  const report = (applicationId: Guid, products: readonly string[]): ApplicationReport => {
    const snapshot = byId.get(applicationId);
    return {
      applicationId,
      count: snapshot?.count ?? 0,
      cacheCapacity: snapshot?.capacity ?? 0,
      largestRequiredCount: snapshot?.largestRequiredCount ?? 0,
      products,
    };
  };
  const known = catalogue.applications.map(({ applicationId, products }) =>
    report(
      applicationId,
      products.map(({ name }) => name),
    ),
  );
  const listed = new Set(known.map(({ applicationId }) => applicationId));
  const others = snapshots.filter(({ applicationId }) => !listed.has(applicationId));
  return [...known, ...others.map(({ applicationId }) => report(applicationId, []))];
}

function isServing(parts: ApplianceParts, now: number): boolean {
  const others: readonly PartReadiness["part"][] = ["dns", "relay"];
  return readiness(parts, now).every(({ part, ready }) => ready || others.includes(part));
}

function readiness(parts: ApplianceParts, now: number = parts.clock()): readonly PartReadiness[] {
  const { health, state, draining } = parts.host.snapshot();
  const licence = parts.identity.licenceStatusAt(now);
  const store = health.state === "ok" ? undefined : `${health.reason}: ${health.message}`;
  const loading = state === "loading" ? "reading the count from the store" : undefined;
  const rpc = parts.rpc().healthy ? undefined : "the activation listener is closed";
  const dns = parts.dns();
  const closedDns = dns.enabled && !dns.healthy ? "a DNS listener is closed" : undefined;
  const drained = draining ? "draining: clients are sent to other hosts" : undefined;
  const relay = parts.relayFailure();
  const unlicensed = licence.licensed ? undefined : licence.words;
  return [
    part("store", store ?? loading),
    part("licence", unlicensed),
    part("rpc", rpc ?? drained),
    part("dns", closedDns),
    ...(relay === null ? [] : [part("relay", relay)]),
  ];
}

function part(name: PartReadiness["part"], reason: string | undefined): PartReadiness {
  return { part: name, ready: reason === undefined, reason };
}
