import { beforeEach, describe, expect, test } from "bun:test";
import { createHttpApp } from "../../src/http/app.ts";
import { createMetrics, type Metrics, type MetricsSources } from "../../src/http/metrics.ts";
import {
  createObservations,
  type Observations,
  observedCommit,
  observedInterface,
} from "../../src/http/observations.ts";
import { HRESULT } from "../../src/protocol/hresult.ts";
import type { RpcCall, RpcOutcome } from "../../src/rpc/interface.ts";
import { METRICS_REPORT as REPORT } from "./metrics-report.ts";
import { HOSTILE_NAME, SOURCES, STATUS } from "./sources.ts";

const METRICS_SOURCES: MetricsSources = { ...SOURCES, report: () => REPORT };

let observations: Observations;
let metrics: Metrics;
beforeEach(() => {
  observations = createObservations();
  metrics = createMetrics(METRICS_SOURCES, observations);
});

const metricsOf = (sources: MetricsSources) => createMetrics(sources, createObservations());

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
        'muster_counted_clients{application="0ff1ce15-a989-479d-af46-f275c6370663"} 27',
        'muster_counted_clients{application="59a52881-a989-479d-af46-f275c6370663"} 4',
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
        'muster_relay_calls_total{outcome="answered"} 17',
        'muster_relay_calls_total{outcome="unavailable"} 18',
        "muster_relay_calls_in_flight 19",
        "muster_relay_connections 20",
        'muster_relay_upstream_up{upstream="kms:1688"} 0',
        'muster_relay_upstream_skipped{upstream="kms:1688"} 1',
        'muster_relay_upstream_connections_total{upstream="kms:1688"} 21',
        'muster_relay_upstream_failures_total{upstream="kms:1688"} 22',
        'muster_relay_upstream_skipped{upstream="[::1]:1"} 0',
        "muster_http_requests_in_work 16",
        "muster_http_connections 23",
        'muster_http_connections_cut_total{reason="limit"} 24',
        'muster_http_connections_cut_total{reason="stalled"} 25',
      ]),
    );
  });

  test("says nothing of a licensed host that was not tried yet", async () => {
    const samples = await samplesOf(metrics);
    expect(samples.filter((line) => line.startsWith("muster_relay_upstream_up"))).toHaveLength(1);
  });

  test("reads anew at each scrape, once for all that share a source", async () => {
    let scrapes = 0;
    let reports = 0;
    const changing = metricsOf({
      ...METRICS_SOURCES,
      status: () => {
        scrapes += 1;
        return { ...STATUS, clientsKnown: scrapes };
      },
      report: () => {
        reports += 1;
        return { ...REPORT, http: { ...REPORT.http, requestsInWork: reports } };
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
    const partial = metricsOf({
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
    observations.observeRequest(HRESULT.success, 0.002);
    observations.observeRequest(HRESULT.productNotServed, 0.3);
    observations.observeRequest(0xdeadbeef, 7);
    observations.observeRequest(0xdeadbee0, 7);
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
    observations.observeCommit(3, 0.004);
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
    observations.observeHttp({ ...entry, method: "GET", status: 200 });
    observations.observeHttp({ ...entry, method: "BREW", status: 501 });
    observations.observeHttp({ ...entry, method: "STEEP", status: 501 });
    expect(await samplesOf(metrics)).toEqual(
      expect.arrayContaining([
        'muster_http_requests_total{method="GET",code="200"} 1',
        'muster_http_requests_total{method="other",code="501"} 2',
      ]),
    );
  });

  test("two appliances of one process share nothing", async () => {
    const other = metricsOf(METRICS_SOURCES);
    observations.observeCommit(1, 1);
    expect(await samplesOf(other)).toContain("muster_commit_requests_sum 0");
  });
});

describe("what the parts are wrapped in", () => {
  const PEER = { address: "192.0.2.7", port: 50_000 };
  const call = (opnum: number): RpcCall => ({
    opnum,
    stub: new Uint8Array(),
    littleEndian: true,
    objectUuid: undefined,
    peer: PEER,
    connection: { onClose: () => {} },
  });
  /** `invoke` of an interface that answers thus, wrapped; a second passes meanwhile. */
  const invoke = (opnum: number, outcome: RpcOutcome) => {
    const observed: (readonly [number, number])[] = [];
    const outcomes: RpcOutcome[] = [];
    let milliseconds = 0;
    const offered = {
      name: "test",
      uuid: "ea6fc547-3cd9-4d4d-824f-02c7678d2ad5",
      versionMajor: 1,
      versionMinor: 0,
      operationCount: 3,
      invoke: (_call: RpcCall, complete: (outcome: RpcOutcome) => void) => {
        milliseconds += 1000;
        complete(outcome);
      },
    };
    const observe = (...observation: readonly [number, number]) => observed.push(observation);
    const wrapped = observedInterface(offered, 0, observe, () => milliseconds);
    wrapped.invoke(call(opnum), (given) => outcomes.push(given));
    expect(outcomes).toEqual([outcome]);
    return observed;
  };

  test("an answered request is observed with its HRESULT, from within a larger buffer", () => {
    const octets = Uint8Array.of(9, 9, 0, 0, 0, 0, 0x42, 0xf0, 0x04, 0xc0, 9);
    const stub = octets.subarray(2, 10);
    expect(invoke(0, { kind: "response", stub })).toEqual([[HRESULT.productNotServed, 1]]);
  });

  test("other calls, faults and stubs that hold no HRESULT are not", () => {
    const stub = new Uint8Array(4);
    expect(invoke(2, { kind: "response", stub })).toEqual([]);
    expect(invoke(0, { kind: "response", stub: stub.subarray(1) })).toEqual([]);
    expect(invoke(0, { kind: "fault", status: 1, didNotExecute: true })).toEqual([]);
  });

  test("a commit is observed with its size, and its outcome passed on", async () => {
    const observed: (readonly [number, number])[] = [];
    let milliseconds = 0;
    const commit = async ({ requests }: { requests: readonly number[] }) => {
      milliseconds += 20;
      return requests.length > 2;
    };
    const observe = (...observation: readonly [number, number]) => observed.push(observation);
    const wrapped = observedCommit(commit, observe, () => milliseconds);
    expect(await wrapped({ requests: [1, 2, 3] })).toBe(true);
    expect(await wrapped({ requests: [] })).toBe(false);
    expect(observed).toEqual([
      [3, 0.02],
      [0, 0.02],
    ]);
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
    const warned = metricsOf({
      ...METRICS_SOURCES,
      status: () => ({ ...STATUS, warnings, name: HOSTILE_NAME }),
    });
    const text = await warned.render();
    expect(text).toContain('muster_warnings{code="duplicateCmid"} 2');
    expect(text).not.toMatch(/img|192\.0\.2|127\.0\.0\.1/);
  });
});
