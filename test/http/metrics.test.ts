import { beforeEach, describe, expect, test } from "bun:test";
import { createHttpApp } from "../../src/http/app.ts";
import { createMetrics, type Metrics, type MetricsSources } from "../../src/http/metrics.ts";
import type { MetricsReport } from "../../src/http/metrics-report.ts";
import { HRESULT } from "../../src/protocol/hresult.ts";
import { HOSTILE_NAME, SOURCES, STATUS } from "./sources.ts";

const REPORT: MetricsReport = {
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
  httpRequestsInWork: 16,
};

const METRICS_SOURCES: MetricsSources = { ...SOURCES, report: () => REPORT };

let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics(METRICS_SOURCES);
});

/** `name{labels} value` for each sample. */
async function samplesOf(of: Metrics): Promise<readonly string[]> {
  return (await of.render()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("GET /metrics (REPORT-4)", () => {
  test("is in the text form of Prometheus", async () => {
    const response = await createHttpApp(SOURCES, { metrics }).request("/metrics");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const lines = (await response.text()).split("\n");
    for (const line of lines) {
      expect(line).toMatch(/^(?:|# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[^}]+\})? [-+.e\d]+)$/);
    }
  });

  test("is not there where no metrics are", async () => {
    expect((await createHttpApp(SOURCES).request("/metrics")).status).toBe(404);
  });

  test("says what the parts say", async () => {
    expect(await samplesOf(metrics)).toEqual(
      expect.arrayContaining([
        'muster_build_info{version="0.1.0",commit="0123456789ab"} 1',
        'muster_count{application="0ff1ce15-a989-479d-af46-f275c6370663"} 27',
        'muster_count{application="59a52881-a989-479d-af46-f275c6370663"} 4',
        'muster_cache_capacity{application="0ff1ce15-a989-479d-af46-f275c6370663"} 50',
        "muster_clients 31",
        'muster_requests_total{outcome="served"} 2424',
        'muster_requests_total{outcome="failed"} 7402',
        'muster_requests_by_licence_state_total{state="initialGrace"} 2040',
        'muster_licensed{self_issued="true"} 1',
        'muster_ready{part="rpc"} 1',
        "muster_store_up 1",
        "muster_dns_publishing 1",
        "muster_draining 0",
        "process_start_time_seconds 1772506983",
        "process_resident_memory_bytes 50000000",
        "process_cpu_seconds_total 1.5",
        "muster_requests_waiting 2",
        'muster_requests_shed_total{reason="busy"} 3',
        'muster_requests_shed_total{reason="store"} 4',
        "muster_observations_lost_total 5",
        "muster_rpc_connections 6",
        "muster_rpc_connections_accepted_total 60",
        'muster_rpc_connections_refused_total{reason="perAddress"} 3',
        'muster_rpc_connections_ended_total{reason="idle"} 7',
        "muster_rpc_calls_in_flight 8",
        "muster_rpc_received_bytes_total 204",
        "muster_rpc_sent_bytes_total 205",
        'muster_rpc_faults_total{status="0x1c010003"} 9',
        'muster_rpc_bind_naks_total{reason="4"} 10',
        'muster_dns_answers_total{transport="udp",rcode="NOERROR"} 11',
        "muster_dns_dropped_total 12",
        "muster_dns_truncated_total 13",
        "muster_dns_rate_limited_total 14",
        "muster_dns_tcp_connections 15",
        "muster_http_requests_in_work 16",
      ]),
    );
  });

  test("reads anew at each scrape, once for all that share a source", async () => {
    let scrapes = 0;
    let reports = 0;
    const changing = createMetrics({
      ...METRICS_SOURCES,
      status: () => {
        scrapes += 1;
        return { ...STATUS, clientsKnown: scrapes };
      },
      report: () => {
        reports += 1;
        return { ...REPORT, httpRequestsInWork: reports };
      },
    });
    for (const scrape of [1, 2]) {
      const samples = await samplesOf(changing);
      expect(samples).toContain(`muster_clients ${scrape}`);
      expect(samples).toContain(`muster_http_requests_in_work ${scrape}`);
      expect(samples).toContain("muster_dns_dropped_total 12");
    }
    expect([scrapes, reports]).toEqual([2, 2]);
  });

  test("leaves out what is unknown or not there", async () => {
    const partial = createMetrics({
      ...METRICS_SOURCES,
      status: () => ({ ...STATUS, clientsKnown: undefined }),
      report: () => ({ ...REPORT, rpc: undefined, dns: undefined }),
    });
    const text = (await samplesOf(partial)).join("\n");
    expect(text).not.toMatch(/^muster_clients |^muster_rpc_|^muster_dns_(?!publishing)/m);
    expect(text).toContain("muster_requests_waiting 2");
  });
});

describe("what is observed", () => {
  test("requests by outcome and duration, refusals by reason", async () => {
    metrics.observeRequest(HRESULT.success, 0.002);
    metrics.observeRequest(HRESULT.productNotServed, 0.3);
    metrics.observeRequest(0xdeadbeef, 7);
    metrics.observeRequest(0xdeadbee0, 7);
    expect(await samplesOf(metrics)).toEqual(
      expect.arrayContaining([
        'muster_request_duration_seconds_bucket{le="0.001",outcome="served"} 0',
        'muster_request_duration_seconds_bucket{le="0.0025",outcome="served"} 1',
        'muster_request_duration_seconds_count{outcome="served"} 1',
        'muster_request_duration_seconds_bucket{le="5",outcome="refused"} 1',
        'muster_request_duration_seconds_bucket{le="+Inf",outcome="refused"} 3',
        'muster_refusals_total{reason="productNotServed"} 1',
        'muster_refusals_total{reason="other"} 2',
      ]),
    );
  });

  test("commits by size and duration (STORE-2)", async () => {
    metrics.observeCommit(3, 0.004);
    expect(await samplesOf(metrics)).toEqual(
      expect.arrayContaining([
        'muster_commit_requests_bucket{le="2"} 0',
        'muster_commit_requests_bucket{le="4"} 1',
        "muster_commit_requests_sum 3",
        'muster_commit_duration_seconds_bucket{le="0.005"} 1',
      ]),
    );
  });

  test("requests to the service; invented methods make no labels", async () => {
    const entry = { path: "/", milliseconds: 1, peer: undefined };
    metrics.observeHttp({ ...entry, method: "GET", status: 200 });
    metrics.observeHttp({ ...entry, method: "BREW", status: 501 });
    metrics.observeHttp({ ...entry, method: "STEEP", status: 501 });
    expect(await samplesOf(metrics)).toEqual(
      expect.arrayContaining([
        'muster_http_requests_total{method="GET",code="200"} 1',
        'muster_http_requests_total{method="other",code="501"} 2',
      ]),
    );
  });

  test("two appliances of one process share nothing", async () => {
    const other = createMetrics(METRICS_SOURCES);
    metrics.observeCommit(1, 1);
    expect(await samplesOf(other)).toContain("muster_commit_requests_sum 0");
  });
});

describe("names and labels", () => {
  test("follow the rules: prefix, base unit last, _total for counters alone", async () => {
    const types = [...(await metrics.render()).matchAll(/^# TYPE ([a-z_]+) ([a-z]+)$/gm)];
    expect(types.length).toBeGreaterThan(30);
    for (const [, name = "", kind] of types) {
      expect(name).toMatch(/^(?:muster|process)_/);
      expect(name.endsWith("_total")).toBe(kind === "counter");
      expect(name).not.toMatch(/_(?:ms|milliseconds|octets|kb|minutes|hours)(?:_total)?$/);
    }
  });

  test("hold nothing that names a client", async () => {
    const warnings = [
      { code: "duplicateCmid", message: HOSTILE_NAME },
      { code: "duplicateCmid", message: "192.0.2.77" },
    ];
    const warned = createMetrics({
      ...METRICS_SOURCES,
      status: () => ({ ...STATUS, warnings, name: HOSTILE_NAME }),
    });
    const text = await warned.render();
    expect(text).toContain('muster_warnings{code="duplicateCmid"} 2');
    expect(text).not.toMatch(/img|192\.0\.2|127\.0\.0\.1/);
  });
});
