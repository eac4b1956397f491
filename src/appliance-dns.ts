/** Composition of what concerns DNS: updates, name server, discovery; its part of a reload. */
import { getServers } from "node:dns";
import { networkInterfaces } from "node:os";
import { publishedAddresses } from "./config/addresses.ts";
import type { Configuration } from "./config/configuration.ts";
import { readKeys } from "./config/dns-keys.ts";
import { keysForRestart, RELOADED_DNS_KEYS } from "./config/reload.ts";
import { readZonePlan } from "./config/zone-data.ts";
import { type Discovery, type DiscoveryWarning, startDiscovery } from "./dns/discovery.ts";
import { literalName, sameName } from "./dns/name.ts";
import { type PublishedRecord, publishedRecords } from "./dns/published-records.ts";
import { DNS_PORT } from "./dns/publisher/publisher.ts";
import { type DnsServer, listenDns } from "./dns/server.ts";
import type { TsigKey } from "./dns/tsig/tsig.ts";
import { openUpdateService, type UpdateService } from "./dns/update/service.ts";
import type { Zone } from "./dns/zone.ts";
import { ZoneDataError, type ZoneMistake } from "./dns/zone-sources.ts";
import type { ActivationHost } from "./host/activation-host.ts";
import type { DnsReport } from "./http/sources.ts";
import { systemClock } from "./platform/clock.ts";
import { type Endpoint, parseEndpoint } from "./platform/endpoint.ts";
import { systemHmac } from "./platform/hmac.ts";
import { openLog } from "./platform/log.ts";
import { systemRandomBytes } from "./platform/randomness.ts";
import type { Result } from "./platform/result.ts";
import { isOwnEndpoint } from "./relay/own-endpoints.ts";
import { addressInBlocks } from "./rpc/addresses.ts";
import type { RpcListener } from "./rpc/listener.ts";
import type { Store } from "./store/store.ts";

/** Reads the configuration again; the error is in words. */
export type ReadConfiguration = () => Result<
  {
    readonly configuration: Configuration;
    /** A mistake in the zones' data, with its place. */
    readonly describe: (mistake: ZoneMistake) => string;
  },
  string
>;

export type ApplianceDns = {
  readonly server: DnsServer | undefined;
  /** What the operator should know at start. */
  readonly notices: readonly string[];
  readonly report: () => DnsReport & { readonly healthy: boolean };
  /** The first records of each zone, those that came by update among them. */
  readonly records: () => readonly PublishedRecord[];
  readonly warnings: () => readonly DiscoveryWarning[];
  /** Makes the records true at once to what has changed (DNS-4). */
  readonly refresh: () => void;
  /**
   * Takes over what can change while serving, and says in the log what cannot. Rejects with words
   * where something is wrong; all stays as it is then, and the warnings say so until it is mended.
   */
  readonly reload: (read: ReadConfiguration | undefined) => Promise<void>;
};

export type ApplianceDnsParts = {
  readonly store: Store;
  readonly rpc: RpcListener;
  readonly host: ActivationHost;
};

/** Under which the store keeps what was published at other servers. */
const PUBLICATION_SETTING = "dns.published";

const log = openLog("dns");

/** `closers` get what ends the parts, in the order of opening, also where a later one fails. */
export async function openApplianceDns(
  configuration: Configuration,
  parts: ApplianceDnsParts,
  closers: (() => Promise<void>)[],
): Promise<ApplianceDns> {
  const { dns } = configuration;
  const { keys, notices } = await readKeys(dns.keys);
  const updates = await openUpdates(configuration, parts.store, keys);
  closers.push(async () => updates.stop());
  const server = dns.enabled ? await openServer(configuration, updates) : undefined;
  if (server !== undefined) closers.push(() => server.close());
  let zones: readonly Zone[] = [];
  updates.serveWith((served) => {
    zones = served;
    server?.setZones(served);
  });
  const setZones = server === undefined ? undefined : updates.setFixed;
  const discovery = await openDiscovery(configuration, parts, { server, setZones, keys });
  closers.push(discovery.stop);
  let running = configuration;
  let failure: string | undefined;
  return {
    server,
    notices,
    report: () => ({
      enabled: server !== undefined,
      healthy: server?.healthy() ?? false,
      publishing: discovery.publishing(),
      zones: server === undefined ? [] : running.dns.zones,
      endpoints: server?.endpoints ?? [],
    }),
    records: () => publishedRecords(zones),
    warnings: () =>
      failure === undefined
        ? discovery.warnings()
        : [{ code: "notReloaded", message: `not reloaded, ${failure}` }, ...discovery.warnings()],
    refresh: discovery.refresh,
    reload: async (read) => {
      const outcome = await reload(running, discovery, read);
      failure = outcome.ok ? undefined : outcome.error;
      if (!outcome.ok) throw new Error(outcome.error);
      running = outcome.value;
    },
  };
}

/** DNS-7. */
function openUpdates(
  { dns }: Configuration,
  store: Store,
  keys: Awaited<ReturnType<typeof readKeys>>["keys"],
): Promise<UpdateService> {
  const { allow, grants } = dns.update;
  const onReadable = (listener: () => void) =>
    store.onHealthChange(({ state }) => {
      if (state === "ok") listener();
    });
  return openUpdateService({
    storage: { load: store.dnsRecords, commit: store.commitDns, onReadable },
    host: literalName(dns.host),
    keys,
    allows: (address) => addressInBlocks(address, allow),
    grantsWithoutKey: grants,
    hmac: systemHmac,
    clock: systemClock,
    udpPayloadOctets: dns.limits.udpPayloadOctets,
    log,
  });
}

function openServer({ dns }: Configuration, updates: UpdateService): Promise<DnsServer> {
  return listenDns({
    listen: dns.listen,
    limits: dns.limits,
    clock: systemClock,
    randomBytes: systemRandomBytes,
    isolatedRoot: dns.isolatedRoot,
    handleUpdate: updates.handleUpdate,
    handleSigned: updates.handleSigned,
    log: (event) => log.error(event.kind, { error: event.error }),
  });
}

type DiscoveryParts = {
  readonly server: DnsServer | undefined;
  readonly setZones: ((zones: readonly Zone[]) => void) | undefined;
  readonly keys: readonly TsigKey[];
};

function openDiscovery(
  { dns }: Configuration,
  { store, rpc, host }: ApplianceDnsParts,
  { server, setZones, keys }: DiscoveryParts,
): Promise<Discovery> {
  const steps = readZonePlan(dns);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const plan = step.value;
  if (!plan.ok) throw new ZoneDataError(plan.error);
  return startDiscovery({
    settings: dns,
    plan: plan.value,
    setZones,
    isServing: () => {
      const { state, draining } = host.snapshot();
      return rpc.healthy() && state === "serving" && !draining;
    },
    ports: [...new Set(rpc.endpoints.map(({ port }) => port))],
    machineAddresses: () => publishedAddresses(rpc.endpoints, machineAddresses()),
    systemResolvers: () => getServers().flatMap(resolverEndpoint),
    isOwn: (endpoint) => {
      const addresses = machineAddresses().map(({ address }) => address);
      return isOwnEndpoint(endpoint, server?.endpoints ?? [], addresses);
    },
    keyNamed: (name) => keys.find((key) => sameName(key.name, literalName(name))),
    memory: {
      load: () => store.setting(PUBLICATION_SETTING),
      save: (text) => store.putSetting(PUBLICATION_SETTING, text),
    },
    logEvent: (event) => void store.logEvent(event),
    log,
    clock: systemClock,
    randomBytes: systemRandomBytes,
    hmac: systemHmac,
  });
}

function machineAddresses(): { address: string; internal: boolean }[] {
  return Object.values(networkInterfaces()).flatMap((list) => list ?? []);
}

/** The system names them with a port only where it is not the usual one. */
function resolverEndpoint(text: string): Endpoint[] {
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return [endpoint];
  const address = text.replace(/^\[(.*)\]$/, "$1");
  return address.includes("%") ? [] : [{ address, port: DNS_PORT }];
}

/** The configuration that holds from now on, or why the old one still does. */
async function reload(
  before: Configuration,
  discovery: Discovery,
  read: ReadConfiguration | undefined,
): Promise<Result<Configuration, string>> {
  const refuse = (reason: string): Result<never, string> => ({
    ok: false,
    error: `everything stays as it is: ${reason}`,
  });
  const again = read?.();
  if (again === undefined) {
    discovery.refresh();
    return { ok: true, value: before };
  }
  if (!again.ok) return refuse(again.error);
  const { configuration: after, describe } = again.value;
  for (const key of keysForRestart(before, after)) {
    log.warning("a changed key holds after a restart", { key });
  }
  // Updates and the status service know the host by its name.
  const dns = { ...after.dns, host: before.dns.host };
  const steps = readZonePlan(dns);
  let step = steps.next();
  while (step.done !== true) {
    // Queries that came meanwhile are answered first.
    await new Promise((resolve) => setImmediate(resolve));
    step = steps.next();
  }
  const plan = step.value;
  const mistakes = plan.ok ? await discovery.replace(dns, plan.value) : plan.error;
  if (mistakes.length > 0) return refuse(mistakes.map(describe).join("; "));
  return { ok: true, value: { ...before, dns: { ...before.dns, ...reloaded(dns) } } };
}

/** What holds at once, of all that was read. */
function reloaded(dns: Configuration["dns"]): Partial<Configuration["dns"]> {
  return Object.fromEntries(RELOADED_DNS_KEYS.map((key) => [key, dns[key]]));
}
