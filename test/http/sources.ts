/** Values that the tests of this folder hand to the service. */
import type { Product } from "../../src/activation/catalogue.ts";
import type { AnalysisSources } from "../../src/http/analyses/sources.ts";
import type { HttpSources, StatusReport } from "../../src/http/sources.ts";

export const NOW = Date.UTC(2026, 2, 4, 5, 6, 7);

export const CLIENT_APPLICATION = "0ff1ce15-a989-479d-af46-f275c6370663";
export const OTHER_APPLICATION = "59a52881-a989-479d-af46-f275c6370663";

/** Two applications, a self-issued licence, figures that all differ. */
export const STATUS: StatusReport = {
  name: "lab-box",
  startedAt: NOW - 93_784_000,
  uptimeSeconds: 93_784,
  hostTime: NOW,
  host: {
    name: "muster activation host",
    description: "muster volume activation, VOLUME_KMS_C channel, self-issued",
    activationId: "3b0826e1-df48-4858-ba8d-9ba943e5e693",
    applicationId: "cbb68449-f7dd-4f21-81c5-3f5bd8743f8e",
    hostId: "00112233445566778899aabbccddeeff",
    extendedPid: "55041-00168-006-800005-03-1033-7600.0000-2712009",
    installationId: "013961616066904156972271485832410721781255201095246196",
    partialProductKey: "CQ3KB",
    group: "serverC",
    licenceStatus: "licensed",
    licenceReason: undefined,
    selfIssued: true,
    remainingRearms: 3,
  },
  countingPolicy: "all",
  intervals: { activationMinutes: 120, renewalMinutes: 10_080 },
  applications: [
    {
      applicationId: OTHER_APPLICATION,
      count: 4,
      cacheCapacity: 10,
      largestRequiredCount: 5,
      products: ["Office"],
    },
    {
      applicationId: CLIENT_APPLICATION,
      count: 27,
      cacheCapacity: 50,
      largestRequiredCount: 25,
      products: ["Desktop", "Server"],
    },
  ],
  clientsKnown: 31,
  requests: {
    total: 9826,
    failed: 7402,
    byLicenceState: {
      unlicensed: 1,
      licensed: 252,
      initialGrace: 2040,
      outOfTolerance: 18,
      nonGenuineGrace: 2,
      notification: 114,
    },
  },
  rpc: {
    serving: true,
    draining: false,
    endpoints: [
      { address: "127.0.0.1", port: 1688 },
      { address: "::1", port: 1688 },
    ],
    connections: 3,
    priority: "normal",
  },
  drain: undefined,
  dns: {
    enabled: true,
    publishing: true,
    zones: ["lab.example"],
    endpoints: [{ address: "127.0.0.1", port: 5353 }],
  },
  store: { state: "ok", reason: undefined, path: "muster.sqlite" },
  warnings: [],
};

export const PRODUCTS: readonly Product[] = [
  {
    name: "Desktop",
    applicationId: CLIENT_APPLICATION,
    activationId: "0c3b32aa-5919-466a-abf3-90b7c506aaf2",
    group: "clientVolume",
    threshold: 25,
    kind: "client",
  },
];

const NO_STATES = {
  unlicensed: 0,
  licensed: 0,
  initialGrace: 0,
  outOfTolerance: 0,
  nonGenuineGrace: 0,
  notification: 0,
} as const;

/** Nothing to judge. */
export const ANALYSES: AnalysisSources = {
  alerts: () => [],
  duplicates: async () => ({ asOf: NOW, value: [] }),
  forecasts: async () => ({ asOf: NOW, value: [] }),
  activity: async () => ({ asOf: NOW, value: [] }),
  licensing: async () => ({
    asOf: NOW,
    value: {
      machines: 0,
      byState: NO_STATES,
      byProduct: [],
      daysLeft: [],
      expiring: [],
      expiringTotal: 0,
    },
  }),
  client: async () => ({ entries: [], names: [] }),
};

export const SOURCES: HttpSources = {
  clock: () => NOW,
  version: () => ({ name: "muster", version: "0.1.0", commit: "0123456789ab", compiled: true }),
  status: () => STATUS,
  readiness: () => [
    { part: "rpc", ready: true, reason: undefined },
    { part: "store", ready: true, reason: undefined },
  ],
  clients: () => ({ items: [], next: undefined }),
  events: () => ({ items: [], next: undefined }),
  onStored: () => () => {},
  analyses: ANALYSES,
  history: () => [
    { time: NOW - 60_000, count: 26, clientsKnown: 30, requests: 9800, failed: 7400 },
    { time: NOW, count: 27, clientsKnown: 31, requests: 9826, failed: 7402 },
  ],
  products: () => PRODUCTS,
  dnsRecords: () => [
    {
      zone: "lab.example",
      name: "_vlmcs._tcp.lab.example",
      type: "SRV",
      ttlSeconds: 3600,
      data: "0 0 1688 lab-box.lab.example.",
    },
  ],
};

export function sourcesWith(changes: Partial<StatusReport>): HttpSources {
  return { ...SOURCES, status: () => ({ ...STATUS, ...changes }) };
}

/** Markup, control characters, a terminal escape, marks that turn the direction of writing. */
export const HOSTILE_NAME = `<img src=x onerror="alert(1)">\u001b[2J\u202egnp.exe\u2028\r\nX: 1'&`;
