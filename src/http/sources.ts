/**
 * Everything the HTTP service knows about the appliance: plain functions that return plain values,
 * at once or later. The composition wires them to the parts; tests hand in values of their own.
 */
import type { Product } from "../activation/catalogue.ts";
import type { Clock } from "../platform/clock.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import type { Guid, LicenceStateName } from "../protocol/types.ts";
import type { ClientItem, ClientQuery, EventItem, EventQuery, Page } from "../store/listing.ts";
import type { AnalysisSources } from "./analyses/sources.ts";
import type { HistorySample, Resolution } from "./history/history.ts";

export type HttpSources = {
  readonly clock: Clock;
  readonly version: () => VersionReport;
  /** Never rejects for a store that fails: what it cannot say then is undefined (STORE-6). */
  readonly status: () => Eventually<StatusReport>;
  /** Every part that has to work before clients are to be sent here. */
  readonly readiness: () => Eventually<readonly PartReadiness[]>;
  /** A page of the inventory; rejects with StoreError where the store cannot be read. */
  readonly clients: (query: ClientQuery) => Eventually<Page<ClientItem>>;
  /** A page of the event log; rejects as `clients` does. */
  readonly events: (query: EventQuery) => Eventually<Page<EventItem>>;
  /** Told of the newest entry's id after each commit; returns what ends it. */
  readonly onStored: (listener: (newestEventId: number) => void) => () => void;
  readonly products: () => readonly Product[];
  readonly analyses: AnalysisSources;
  /** Count and requests over time, oldest first. */
  readonly history: (resolution: Resolution) => readonly HistorySample[];
  /** What is published of this host (DNS-1); empty where nothing is. */
  readonly dnsRecords: () => readonly DnsRecordReport[];
};

export type Eventually<Value> = Value | Promise<Value>;

export type VersionReport = {
  readonly name: string;
  readonly version: string;
  readonly commit: string;
  /** Whether this is the executable, as against the sources run by bun. */
  readonly compiled: boolean;
};

export type PartReadiness = {
  readonly part: "rpc" | "dns" | "store" | "licence" | "clock" | "relay";
  readonly ready: boolean;
  /** A sentence; undefined where the part is ready. */
  readonly reason: string | undefined;
};

/** The state of the host at one moment. Times are Unix milliseconds by the host's clock. */
export type StatusReport = {
  /** The appliance's own name, as its configuration gives it. */
  readonly name: string;
  readonly startedAt: number;
  readonly uptimeSeconds: number;
  readonly hostTime: number;
  readonly host: HostReport;
  readonly countingPolicy: "all" | "physical";
  readonly intervals: IntervalsReport;
  /** One entry per application that keeps a count or is in the catalogue (COUNT-5). */
  readonly applications: readonly ApplicationReport[];
  /** In the inventory, which is not the count (COUNT-9); undefined where the store cannot say. */
  readonly clientsKnown: number | undefined;
  readonly requests: RequestsReport;
  readonly rpc: RpcReport;
  /** Undefined where the host keeps its clients (HOST-12). */
  readonly drain: DrainReport | undefined;
  readonly dns: DnsReport;
  readonly store: StoreReport;
  /** What the operator has to look at (COUNT-10, REPORT-3), the gravest first. */
  readonly warnings: readonly WarningReport[];
};

/** The host and its licence, as `/dlv` names them (HOST-9). */
export type HostReport = {
  readonly name: string;
  /** Channel and group in words. */
  readonly description: string;
  readonly activationId: Guid;
  readonly applicationId: Guid;
  /** Lower-case hexadecimal digits. */
  readonly hostId: string;
  readonly extendedPid: string;
  readonly installationId: string;
  /** The last five characters; empty where the host has no key. */
  readonly partialProductKey: string;
  /** Product key group (HOST-6). */
  readonly group: string;
  readonly licenceStatus: LicenceStateName;
  /** Why the host is not licensed; undefined where it is. */
  readonly licenceReason: string | undefined;
  /** Licensed by a lab authority of the box's own (TRUST-3). */
  readonly selfIssued: boolean;
  readonly remainingRearms: number;
};

/** How long clients wait before they ask again (HOST-2). */
type IntervalsReport = {
  readonly activationMinutes: number;
  readonly renewalMinutes: number;
};

export type ApplicationReport = {
  readonly applicationId: Guid;
  /** What replies say: distinct clients in the cache (COUNT-1, COUNT-7). */
  readonly count: number;
  /** How many the cache holds at most; 0 before the first client (COUNT-7). */
  readonly cacheCapacity: number;
  /** 0 before the first client. */
  readonly largestRequiredCount: number;
  /** The products of the catalogue that count here, by name. */
  readonly products: readonly string[];
};

/** Kept for the life of the installation (HOST-8). */
type RequestsReport = {
  readonly total: number;
  readonly failed: number;
  readonly byLicenceState: Readonly<Record<LicenceStateName, number>>;
};

type RpcReport = {
  /** Whether activations are served now: false while draining or not licensed (HOST-7, HOST-12). */
  readonly serving: boolean;
  readonly draining: boolean;
  /** Where it listens in truth: no port is 0. */
  readonly endpoints: readonly Endpoint[];
  /** Open connections. */
  readonly connections: number;
  readonly priority: "normal" | "low";
};

export type DrainReport = {
  readonly since: number;
  /** Undefined: until somebody ends it. */
  readonly until: number | undefined;
  /** Undefined where the store cannot say. */
  readonly clientsToMove: number | undefined;
};

export type DnsReport = {
  readonly enabled: boolean;
  /** Whether the SRV record of this host is served or sent now (DNS-4, DNS-5). */
  readonly publishing: boolean;
  readonly zones: readonly string[];
  readonly endpoints: readonly Endpoint[];
};

export type DnsRecordReport = {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly ttlSeconds: number;
  /** As a zone file writes it (RFC 1035 section 5). */
  readonly data: string;
};

type StoreReport = {
  readonly state: "ok" | "failed";
  /** `full`, `readOnly`, ...; undefined where the state is ok (STORE-6). */
  readonly reason: string | undefined;
  readonly path: string;
};

export type WarningReport = {
  /** Stable, in camel case: `duplicateCmid`. */
  readonly code: string;
  /** A sentence. May quote machine names: untrusted text. */
  readonly message: string;
};
