/** Composition: from a configuration to running parts, and back. */
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Catalogue } from "./activation/catalogue.ts";
import { EVENT_CODE } from "./activation/events.ts";
import type { HostStanding } from "./activation/policy.ts";
import { openApplianceDns, type ReadConfiguration } from "./appliance-dns.ts";
import { type LoadedIdentity, loadOrCreateHostIdentity } from "./authority/identity-store.ts";
import type { Configuration } from "./config/configuration.ts";
import { catalogueOf, monitorSettings } from "./config/monitoring.ts";
import { applianceActions, type ControlledParts } from "./control/appliance-actions.ts";
import { listenControl } from "./control/server.ts";
import { type ActivationHost, createActivationHost } from "./host/activation-host.ts";
import { type Drain, openDrain } from "./host/drain.ts";
import { activationInterface } from "./host/rpc-interface.ts";
import type { HostSettings } from "./host/settings.ts";
import { applianceAnalyses } from "./http/analyses/appliance-analyses.ts";
import type { AnalysisSources } from "./http/analyses/sources.ts";
import { applianceSources } from "./http/appliance-sources.ts";
import { drainReporter } from "./http/drain-report.ts";
import { createObservations, observedCommit, observedInterface } from "./http/observations.ts";
import { startHttpService } from "./http/service.ts";
import { manualDocuments } from "./manual/documents.ts";
import { duplicatesQuery, forecastQuery, licensingOptions } from "./monitor/alert-facts.ts";
import {
  CLOCK_SETTING,
  type ClockWatch,
  parseSavedClock,
  watchClock,
} from "./monitor/clock-watch.ts";
import { type Monitor, startMonitor } from "./monitor/monitor.ts";
import { systemClock } from "./platform/clock.ts";
import type { Endpoint } from "./platform/endpoint.ts";
import { openLog } from "./platform/log.ts";
import { systemRandomBytes } from "./platform/randomness.ts";
import { OPNUM } from "./protocol/interface.ts";
import { isOwnEndpoint } from "./relay/own-endpoints.ts";
import { createRelay, type Relay } from "./relay/relay.ts";
import { addressAdmission } from "./rpc/addresses.ts";
import type { RpcInterface } from "./rpc/interface.ts";
import { listenRpc, type RpcListener } from "./rpc/listener.ts";
import { openStore, type Store } from "./store/store.ts";

/** A running appliance. */
export type Appliance = {
  /** Where each part listens in truth: ports are never 0. */
  readonly listening: {
    readonly rpc: readonly Endpoint[];
    readonly dns: readonly Endpoint[];
    readonly http: readonly Endpoint[];
  };
  /**
   * What the operator should know at start, one line each ("the host's licence is self-issued").
   */
  readonly notices: readonly string[];
  /** Asks the appliance something from outside; the watchdog is only fed while this is true. */
  readonly isHealthy: () => Promise<boolean>;
  /** Called on SIGHUP. */
  readonly reload: () => Promise<void>;
  /** Lets running requests finish, writes what is unwritten, closes everything. Called once. */
  readonly stop: () => Promise<void>;
};

/** How long calls under way may take when the appliance stops. */
const STOP_GRACE_MS = 5000;

/**
 * Opens the store, then every listener. `readConfiguration` is asked on reload. Rejects with a
 * `BindError` where a listener cannot be opened (nothing is left open then), with `ZoneDataError`
 * where the zones contradict themselves, with another error where it cannot run at all.
 */
export async function startAppliance(
  configuration: Configuration,
  readConfiguration?: ReadConfiguration,
): Promise<Appliance> {
  const closers: (() => Promise<void>)[] = [];
  try {
    return await start(configuration, readConfiguration, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** Last opened, first closed. */
async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

async function start(
  configuration: Configuration,
  readConfiguration: ReadConfiguration | undefined,
  closers: (() => Promise<void>)[],
): Promise<Appliance> {
  const startedAt = systemClock();
  const { store, clock, identity, catalogue } = await openRecord(configuration, closers);
  const observations = createObservations();
  const commit = observedCommit(store.commit, observations.observeCommit);
  const drain = await openDrain(store, systemClock);
  closers.push(async () => drain.close());
  const hostParts = { store: { ...store, commit }, identity, catalogue, drain, clock };
  const host = await startHost(configuration, hostParts);
  closers.push(() => host.stop());
  const { observeRequest } = observations;
  const activation = observedInterface(activationInterface(host), OPNUM.activate, observeRequest);
  const listening: Endpoint[] = [];
  const relay = makeRelay(configuration, { store, host, listening });
  closers.push(async () => relay.stop());
  const rpc = await startRpc(configuration, [activation, ...relay.interfaces]);
  closers.push(() => rpc.close(STOP_GRACE_MS));
  listening.push(...rpc.endpoints);
  void relay.start();
  const dns = await openApplianceDns(configuration, { store, rpc, host }, closers);
  drain.onChange(dns.refresh);
  store.onHealthChange(dns.refresh);
  const settings = monitorSettings(configuration, catalogue);
  const monitor = startMonitor({ ...settings, store, clock, log: openLog("monitor") });
  closers.push(monitor.stop);
  const drainReport = drainReporter(drain, store, configuration.activation.policy.recordDays);
  const http = await startHttpService(configuration.http, {
    observations,
    store,
    documents: manualDocuments(),
    host,
    rpc: () => rpc.statistics(),
    dns: () => dns.server?.statistics(),
    relay: () => relay.statistics(),
    sources: applianceSources({
      ...factsOf(configuration),
      startedAt,
      clock: systemClock,
      identity,
      catalogue,
      host,
      clientsKnown: store.clientsKnown,
      drain: drainReport,
      store,
      analyses: analysesOf({ store, host, catalogue, clock, monitor, settings }),
      rpc: () => rpcReport(rpc),
      dns: dns.report,
      dnsRecords: dns.records,
      dnsWarnings: dns.warnings,
      relayFailure: relay.failure,
    }),
  });
  closers.push(() => http.close(STOP_GRACE_MS));
  const reload = async (): Promise<void> => {
    http.reload();
    await dns.reload(readConfiguration);
  };
  const clientsToMove = async () => (await drainReport())?.clientsToMove;
  const controlled = { store, host, drain, clientsToMove, reload };
  const controlNotices = await startControl(configuration, controlled, closers);
  return {
    listening: {
      rpc: rpc.endpoints,
      dns: dns.server?.endpoints ?? [],
      http: http.endpoints,
    },
    notices: [...noticesOf(identity, store), ...rpc.notices, ...dns.notices, ...controlNotices],
    isHealthy: async () => rpc.healthy() && (dns.server?.healthy() ?? true),
    reload,
    stop: () => {
      // Before anything that may wait for the medium: nobody new is let in.
      rpc.stopAccepting();
      return closeAll(closers);
    },
  };
}

/** What the appliance keeps: its record, the time it goes by, who it is. */
async function openRecord(configuration: Configuration, closers: (() => Promise<void>)[]) {
  const { file } = configuration.store;
  const servedBefore = existsSync(file);
  const store = await openStore({ path: file, chainEvents: configuration.events.chain });
  closers.push(store.close);
  const clock = await openClock(configuration, store);
  const identity = await loadOrCreateHostIdentity({
    directory: configuration.appliance.dataDirectory,
    clock: systemClock,
    randomBytes: systemRandomBytes,
    expectExisting: servedBefore,
  });
  return { store, clock, identity, catalogue: catalogueOf(configuration) };
}

type JudgedParts = {
  readonly store: Store;
  readonly host: ActivationHost;
  readonly catalogue: Catalogue;
  readonly clock: ClockWatch;
  readonly monitor: Monitor;
  readonly settings: ReturnType<typeof monitorSettings>;
};

function analysesOf({ clock, monitor, settings, ...parts }: JudgedParts): AnalysisSources {
  const { frame, hooks } = settings;
  return applianceAnalyses({
    ...parts,
    hostName: hooks.host,
    counting: frame.policy.counting,
    alerts: monitor.alerts,
    clock: clock.expiry,
    queries: {
      duplicates: (now) => duplicatesQuery(frame, now),
      forecasts: (now) => forecastQuery(frame, now),
      licensing: (now) => licensingOptions(frame, now),
    },
  });
}

function factsOf({ appliance, activation, store }: Configuration) {
  return {
    name: appliance.name,
    countingPolicy: activation.policy.counting,
    intervals: {
      activationMinutes: activation.activationIntervalMinutes,
      renewalMinutes: activation.renewalIntervalMinutes,
    },
    databasePath: store.file,
  };
}

function rpcReport(rpc: RpcListener) {
  const { endpoints } = rpc;
  return { healthy: rpc.healthy(), endpoints, connections: rpc.statistics().connectionsOpen };
}

/** The clock, held against where it was at the last stop (REPORT-3). */
async function openClock({ clock: rules }: Configuration, store: Store): Promise<ClockWatch> {
  const kept = await store.setting(CLOCK_SETTING).catch(() => undefined);
  const monotonic = () => performance.now();
  return watchClock({ saved: parseSavedClock(kept), rules, wall: systemClock, monotonic });
}

type HostParts = {
  readonly store: Store;
  readonly identity: LoadedIdentity;
  readonly catalogue: Catalogue;
  readonly drain: Drain;
  readonly clock: ClockWatch;
};

async function startHost(
  { activation }: Configuration,
  { store, identity, catalogue, drain, clock }: HostParts,
): Promise<ActivationHost> {
  const { group, selfIssued, hostId, sign, licenceChainBytes } = identity;
  const licensed: HostStanding = { kind: "licensed", group, selfIssued };
  const settings = (): HostSettings => ({
    policy: activation.policy,
    catalogue,
    standing: identity.licenceStatusAt(systemClock()).licensed ? licensed : { kind: "unlicensed" },
    draining: drain.state() !== undefined,
    identity: { hostId, sign, licenceChain: licenceChainBytes },
    activationIntervalMinutes: activation.activationIntervalMinutes,
    renewalIntervalMinutes: activation.renewalIntervalMinutes,
  });
  const host = await createActivationHost({ store, settings, expiryClock: clock.expiry });
  if (activation.resetAtStart) await host.resetCount();
  return host;
}

type RelayParts = {
  readonly store: Store;
  readonly host: ActivationHost;
  /** What is listened on for RPC, once it is. */
  readonly listening: readonly Endpoint[];
};

/** What genuine clients find here (RELAY-1). */
function makeRelay({ relay }: Configuration, { store, host, listening }: RelayParts): Relay {
  const log = openLog("relay");
  return createRelay({
    settings: relay,
    observe: (effect) => host.observe(effect),
    logEvent: (event) => {
      const level = event.code === EVENT_CODE.upstreamReachable ? "info" : "warning";
      log[level]("licensed host", { code: event.code, detail: event.detail });
      void store.logEvent(event);
    },
    isOwn: (endpoint) =>
      isOwnEndpoint(
        endpoint,
        listening,
        machineAddresses().map(({ address }) => address),
      ),
  });
}

function startRpc(
  { rpc }: Configuration,
  interfaces: readonly RpcInterface[],
): Promise<RpcListener> {
  const log = openLog("rpc");
  return listenRpc({
    listen: rpc.listen,
    interfaces,
    limits: rpc.limits,
    clock: systemClock,
    randomBytes: systemRandomBytes,
    admit: addressAdmission(rpc.allow, rpc.deny),
    onUnbindable: rpc.onBindFailure,
    log: (level, message, fields) => log[level](message, fields),
  });
}

function machineAddresses(): { address: string; internal: boolean }[] {
  return Object.values(networkInterfaces()).flatMap((list) => list ?? []);
}

/**
 * The appliance runs without as well: on a medium that keeps no permissions there is none. Returns
 * what the operator should know.
 */
async function startControl(
  { appliance }: Configuration,
  parts: Omit<ControlledParts, "log">,
  closers: (() => Promise<void>)[],
): Promise<readonly string[]> {
  const log = openLog("control");
  const actions = applianceActions({ ...parts, log: log.info });
  const reportError = (error: Error) => log.error("a command failed", { error });
  const control = await listenControl(appliance.controlSocket, actions, reportError);
  if (!control.ok) return [`commands cannot reach this appliance: ${control.error}`];
  closers.push(control.value.close);
  return [];
}

function noticesOf(identity: LoadedIdentity, store: Store): readonly string[] {
  const health = store.health();
  const selfIssued = identity.selfIssued ? ["the host's licence is self-issued"] : [];
  const failed =
    health.state === "failed" ? [`the store has failed: ${health.reason}: ${health.message}`] : [];
  return [...selfIssued, ...identity.notices, ...failed];
}
