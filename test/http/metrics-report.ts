/** Figures of the parts that all differ. */
import type { MetricsReport } from "../../src/http/metrics-report.ts";

export const METRICS_REPORT: MetricsReport = {
  process: { residentOctets: 50_000_000, cpuSeconds: 1.5 },
  queue: { waiting: 2, refusedBusy: 3, refusedByStore: 4, observationsLost: 5 },
  rpc: {
    connectionsOpen: 6,
    connectionsAccepted: 60,
    connectionsRefused: { admission: 1, connections: 2, perAddress: 3 },
    connectionsEnded: new Map([["idle", 7]]),
    callsInFlight: 8,
    octetsReceived: 204,
    octetsSent: 205,
    faults: new Map([[0x1c010003, 9]]),
    bindNaks: new Map([[4, 10]]),
  },
  dns: {
    answers: [{ transport: "udp", rcode: "NOERROR", count: 11 }],
    dropped: 12,
    truncated: 13,
    rateLimited: 14,
    tcp: { open: 15 },
  },
  relay: {
    mode: "relay",
    calls: { answered: 17, unavailable: 18 },
    callsInFlight: 19,
    connections: 20,
    upstreams: [
      { name: "kms:1688", breaker: "open", reachable: false, connected: 21, failures: 22 },
      { name: "[::1]:1", breaker: "closed", reachable: undefined, connected: 0, failures: 0 },
    ],
  },
  http: {
    requestsInWork: 16,
    connectionsOpen: 23,
    connectionsRefused: 24,
    connectionsStalled: 25,
  },
};
