/** The configuration as the appliance uses it, and how it follows from what the file says. */
import { isAbsolute, resolve } from "node:path";
import type { Product } from "../activation/catalogue.ts";
import {
  CLIENT_THRESHOLD,
  DEFAULT_CATALOGUE,
  SERVER_THRESHOLD,
} from "../activation/default-catalogue.ts";
import type { Policy } from "../activation/policy.ts";
import { ALERT_KINDS, type AlertRules } from "../analysis/alerts.ts";
import type { ClockRules } from "../analysis/clock-guard.ts";
import { DEFAULT_DNS_LIMITS, type DnsLimits } from "../dns/limits.ts";
import { literalName } from "../dns/name.ts";
import { type Grant, parseGrant } from "../dns/update/policy.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "../http/limits.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import { DEFAULT_RELAY_LIMITS, type RelaySettings } from "../relay/settings.ts";
import { type AddressBlock, PRIVATE_KEYWORD, parseAddressList } from "../rpc/addresses.ts";
import { DEFAULT_RPC_LIMITS, type RpcLimits } from "../rpc/limits.ts";
import { type Camelised, camelise } from "./camel.ts";
import type { KeySettings, UpdateSettings } from "./dns-keys.ts";
import { type ConfiguredRecord, recordsOf } from "./dns-records.ts";
import type { ParsedConfiguration } from "./schema.ts";
import { isHostLabel, readSecret } from "./values.ts";
import type { ZoneFileSettings } from "./zone-data.ts";

type Parsed = Camelised<ParsedConfiguration>;

type DerivedDnsKeys =
  | "host"
  | "addresses"
  | "limits"
  | "update"
  | "key"
  | "record"
  | "zoneFile"
  | "otherHost"
  | "publishTo"
  | "rogueCheck";

/** Every value is present and valid. Paths are absolute, names are in lower case. */
export type Configuration = {
  readonly appliance: {
    readonly name: string;
    readonly dataDirectory: string;
    readonly controlSocket: string;
  };
  readonly rpc: {
    readonly listen: readonly Endpoint[];
    readonly onBindFailure: "fail" | "continue";
    /** For `addressAdmission`; an empty list of the allowed admits everyone. */
    readonly allow: readonly AddressBlock[];
    readonly deny: readonly AddressBlock[];
    readonly limits: RpcLimits;
  };
  readonly activation: {
    readonly policy: Policy;
    readonly activationIntervalMinutes: number;
    readonly renewalIntervalMinutes: number;
    readonly validityDays: number;
    readonly resetAtStart: boolean;
  };
  readonly relay: RelaySettings;
  readonly dns: Omit<Parsed["dns"], DerivedDnsKeys> & {
    readonly limits: DnsLimits;
    readonly update: UpdateSettings;
    readonly keys: readonly KeySettings[];
    readonly records: readonly ConfiguredRecord[];
    readonly zoneFiles: readonly ZoneFileSettings[];
    readonly otherHosts: Parsed["dns"]["otherHost"];
    /** With the zones that hold where none are named. */
    readonly publishTo: Parsed["dns"]["publishTo"] & { readonly zones: readonly string[] };
    readonly rogueCheck: Parsed["dns"]["rogueCheck"] & { readonly zones: readonly string[] };
    /** Fully qualified, without the dot at the end. */
    readonly host: string;
    /** Undefined: follow the machine's own addresses (`addresses.ts`). */
    readonly addresses: readonly string[] | undefined;
  };
  readonly http: {
    readonly listen: readonly Endpoint[];
    /** Every name that browsers may call it by. */
    readonly hostNames: readonly string[];
    readonly token: string | undefined;
    /** Goes before `token`. */
    readonly tokenFile: string | undefined;
    readonly openDetails: boolean;
    readonly tls: { readonly certificate: string; readonly key: string } | undefined;
    readonly limits: HttpLimits;
  };
  readonly store: { readonly file: string };
  /** EVENT-4, EVENT-6. */
  readonly events: {
    readonly keepDays: number;
    readonly maximumOctets: number;
    readonly chain: boolean;
  };
  /** REPORT-3. */
  readonly alerts: {
    readonly rules: AlertRules;
    readonly intervalMilliseconds: number;
    readonly activationDays: number;
    readonly graceDays: number;
    readonly webhook: string | undefined;
    /** Absolute. */
    readonly exec: string | undefined;
  };
  readonly clock: ClockRules;
  readonly log: Parsed["log"];
  /** Never empty. */
  readonly products: readonly Product[];
};

/** What the machine gives where the file says nothing. */
export type Surroundings = {
  readonly hostName: string;
  /** Absolute; relative paths of the configuration start here. */
  readonly baseDirectory: string;
};

const FALLBACK_NAME = "muster";
/** In a folder of its own, which only its owner may enter. */
const DEFAULT_CONTROL_SOCKET = "control/muster.sock";
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MEGABYTE = 1_048_576;

export function deriveConfiguration(
  parsed: ParsedConfiguration,
  surroundings: Surroundings,
): Configuration {
  const { appliance, rpc, activation, relay, dns, http, store, log, product } = camelise(parsed);
  const { events, alerts, clock } = camelise(parsed);
  const name = appliance.name ?? machineName(surroundings.hostName);
  const dataDirectory = absolute(surroundings.baseDirectory, appliance.dataDirectory);
  const host = qualifyHost(dns.host ?? name, dns.zones);
  return {
    appliance: {
      name,
      dataDirectory,
      controlSocket: absolute(dataDirectory, appliance.controlSocket ?? DEFAULT_CONTROL_SOCKET),
    },
    rpc: {
      listen: rpc.listen,
      onBindFailure: rpc.onBindFailure,
      // Everyone is admitted by an empty list: what is allowed besides does not matter then.
      allow: rpc.admit === "any" ? [] : blocks([PRIVATE_KEYWORD, ...rpc.allow]),
      deny: blocks(rpc.deny),
      limits: rpcLimits(rpc.limits, descriptorsElsewhere(parsed)),
    },
    activation: deriveActivation(activation),
    relay: deriveRelay(relay),
    dns: deriveDns(dns, host, surroundings.baseDirectory),
    http: {
      ...deriveHttp(http, surroundings.baseDirectory),
      hostNames: [...new Set([name, host, ...http.hostNames])],
    },
    store: { file: absolute(dataDirectory, store.file) },
    events: {
      keepDays: events.keepDays,
      maximumOctets: events.maximumMegabytes * MEGABYTE,
      chain: events.chain,
    },
    alerts: deriveAlerts(alerts),
    clock: {
      jumpMilliseconds: clock.jumpMinutes * MINUTE,
      settleMilliseconds: clock.settleMinutes * MINUTE,
    },
    log,
    products: catalogued(product.map(withThreshold), activation.builtInProducts),
  };
}

function blocks(entries: readonly string[]): readonly AddressBlock[] {
  const list = parseAddressList(entries);
  // The schema has read every entry already.
  if (!list.ok) throw new Error(`address list: ${list.error.code} ${list.error.text}`);
  return list.value;
}

/** Files, threads, listeners, look-ups: some forty were seen in use. */
const DESCRIPTORS_OF_THE_PROCESS = 128;

/** What every other part may have open at once. */
function descriptorsElsewhere({ dns, http, relay }: ParsedConfiguration): number {
  const dnsConnections = dns.enabled ? dns.limits.tcp_connections : 0;
  const upstreamConnections = relay.mode === "relay" ? relay.connections : 0;
  return (
    DESCRIPTORS_OF_THE_PROCESS + dnsConnections + http.limits.connections + upstreamConnections
  );
}

function rpcLimits(limits: Parsed["rpc"]["limits"], sparedDescriptors: number): RpcLimits {
  return {
    ...DEFAULT_RPC_LIMITS,
    connections: limits.connections,
    connectionsPerAddress: limits.connectionsPerAddress,
    bindMilliseconds: limits.bindSeconds * SECOND,
    // A request that is one PDU must not take longer than the operator lets a request take.
    pduMilliseconds: Math.min(DEFAULT_RPC_LIMITS.pduMilliseconds, limits.requestSeconds * SECOND),
    requestMilliseconds: limits.requestSeconds * SECOND,
    // Nor may a peer take longer over a reply.
    outputMilliseconds: Math.min(
      DEFAULT_RPC_LIMITS.outputMilliseconds,
      limits.requestSeconds * SECOND,
    ),
    idleMilliseconds: limits.idleSeconds * SECOND,
    reassemblyOctets: limits.reassemblyOctets,
    sparedDescriptors,
  };
}

function deriveDns(
  { update, key, record, zoneFile, otherHost, publishTo, rogueCheck, ...dns }: Parsed["dns"],
  host: string,
  base: string,
): Configuration["dns"] {
  return {
    ...dns,
    records: record.flatMap((settings, index) => {
      const records = recordsOf(settings, index, dns.zones[0], dns.ttl);
      // The rules have read it already.
      if (!records.ok) throw new Error(`dns.record[${index}]: ${records.error.what}`);
      return records.value;
    }),
    zoneFiles: zoneFile.map(({ zone, path }) => ({
      zone,
      path: absolute(base, path),
      shownPath: path,
    })),
    otherHosts: otherHost,
    publishTo: { ...publishTo, zones: publishTo.zones ?? dns.zones },
    rogueCheck: { ...rogueCheck, zones: rogueCheck.zones ?? dns.zones },
    host,
    addresses: dns.addresses,
    limits: dnsLimits(dns.limits),
    update: { allow: blocks(update.allow), grants: readGrants(update.grants) },
    keys: key.map(({ name, algorithm, secret, secretFile, grants }) => ({
      name: literalName(name),
      algorithm,
      secret: secret === undefined ? undefined : readSecret(secret),
      secretFile: secretFile === undefined ? undefined : absolute(base, secretFile),
      grants: readGrants(grants),
    })),
  };
}

function readGrants(texts: readonly string[]): readonly Grant[] {
  return texts.map((text) => {
    const grant = parseGrant(text);
    // The schema has read it already.
    if (!grant.ok) throw new Error(`grant: ${grant.error.code}`);
    return grant.value;
  });
}

function dnsLimits(limits: Parsed["dns"]["limits"]): DnsLimits {
  return {
    ...DEFAULT_DNS_LIMITS,
    udpPayloadOctets: limits.udpPayloadOctets,
    tcpConnections: limits.tcpConnections,
    tcpIdleMs: limits.tcpIdleSeconds * SECOND,
  };
}

function deriveHttp(
  { listen, token, tokenFile, openDetails, tlsCertificate, tlsKey, limits }: Parsed["http"],
  base: string,
): Omit<Configuration["http"], "hostNames"> {
  return {
    listen,
    token,
    tokenFile: tokenFile === undefined ? undefined : absolute(base, tokenFile),
    openDetails,
    tls:
      tlsCertificate === undefined || tlsKey === undefined
        ? undefined
        : { certificate: absolute(base, tlsCertificate), key: absolute(base, tlsKey) },
    limits: { ...DEFAULT_HTTP_LIMITS, ...limits },
  };
}

function deriveActivation(activation: Parsed["activation"]): Configuration["activation"] {
  const { activationIntervalMinutes, renewalIntervalMinutes } = activation;
  return {
    policy: {
      counting: activation.counting,
      recordDays: activation.recordDays,
      capacity: activation.cache.capacity,
      replyCount: activation.cache.replyCount,
      unknownProducts: activation.unknownProducts,
      timeToleranceMinutes:
        activation.timeCheck === "off" ? undefined : activation.timeToleranceMinutes,
    },
    activationIntervalMinutes,
    renewalIntervalMinutes,
    validityDays: activation.validityDays,
    resetAtStart: activation.resetAtStart,
  };
}

function deriveRelay(relay: Parsed["relay"]): RelaySettings {
  const { mode, upstreams, discover, resolver } = relay;
  return {
    mode,
    upstreams,
    discover,
    resolver,
    limits: {
      ...DEFAULT_RELAY_LIMITS,
      connectMilliseconds: relay.connectSeconds * SECOND,
      callMilliseconds: relay.callSeconds * SECOND,
      connections: relay.connections,
      failures: relay.failures,
      retryMilliseconds: relay.retrySeconds * SECOND,
    },
  };
}

/** Those built in come first; one that the file has too is the file's. */
function catalogued(configured: readonly Product[], builtIn: boolean): readonly Product[] {
  if (!builtIn) return configured;
  const replaced = new Set(configured.map(({ activationId }) => activationId));
  const kept = DEFAULT_CATALOGUE.filter(({ activationId }) => !replaced.has(activationId));
  return [...kept, ...configured];
}

function deriveAlerts(alerts: Parsed["alerts"]): Configuration["alerts"] {
  const { countDays, burstClients, burstMinutes, activationDays, graceDays } = alerts;
  return {
    rules: {
      kinds: new Set(ALERT_KINDS.filter((kind) => !alerts.ignore.includes(kind))),
      countDays,
      diskFreeOctets: alerts.diskFreeMegabytes * MEGABYTE,
      burstClients,
      burstMinutes,
    },
    intervalMilliseconds: alerts.intervalSeconds * SECOND,
    activationDays,
    graceDays,
    webhook: alerts.webhook,
    exec: alerts.exec,
  };
}

/** COUNT-2. */
function withThreshold(product: Parsed["product"][number]): Product {
  const usual = product.kind === "client" ? CLIENT_THRESHOLD : SERVER_THRESHOLD;
  return { ...product, threshold: product.threshold ?? usual };
}

/** The first label of the machine's name, where it is one that DNS takes. */
function machineName(hostName: string): string {
  const label = hostName.split(".")[0]?.toLowerCase() ?? "";
  return isHostLabel(label) ? label : FALLBACK_NAME;
}

export function qualifyHost(host: string, zones: readonly string[]): string {
  const [zone] = zones;
  return host.includes(".") || zone === undefined ? host : `${host}.${zone}`;
}

function absolute(base: string, path: string): string {
  return isAbsolute(path) ? path : resolve(base, path);
}
