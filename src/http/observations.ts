/** What is observed as it happens, for the metrics: durations, sizes, reasons. */
import { Counter, Histogram, Registry } from "prom-client";
import { HRESULT } from "../protocol/hresult.ts";
import type { RpcInterface } from "../rpc/interface.ts";
import { readU32 } from "../rpc/octets.ts";
import type { AccessEntry } from "./server.ts";

/** Made before the parts that report to it; its registry becomes that of the metrics. */
export type Observations = {
  /** One activation request that was answered, from its arrival to its reply. */
  readonly observeRequest: (hresult: number, seconds: number) => void;
  /** One commit: how many requests shared it, and how long it took (STORE-2). */
  readonly observeCommit: (requests: number, seconds: number) => void;
  readonly observeHttp: (entry: AccessEntry) => void;
  readonly registry: Registry;
};

/** From a reply out of memory to one that waited for a slow stick. */
const DURATION_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

const RESULT_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(HRESULT).map(([name, value]) => [value, name]),
);
const HTTP_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "POST", "DELETE"]);

/** One registry per appliance; nothing is global. */
export function createObservations(): Observations {
  const registry = new Registry();
  const registers = [registry];
  const requestDuration = new Histogram({
    name: "muster_request_duration_seconds",
    help: "From the arrival of an activation request to its reply",
    labelNames: ["outcome"],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const refusals = new Counter({
    name: "muster_refusals_total",
    help: "Activation requests refused since the start, by the reason in the reply",
    labelNames: ["reason"],
    registers,
  });
  const commitDuration = new Histogram({
    name: "muster_commit_duration_seconds",
    help: "Time of one commit to the store",
    buckets: DURATION_BUCKETS,
    registers,
  });
  const commitRequests = new Histogram({
    name: "muster_commit_requests",
    help: "Requests that shared one commit",
    buckets: BATCH_BUCKETS,
    registers,
  });
  const httpRequests = new Counter({
    name: "muster_http_requests_total",
    help: "Requests to this service since the start",
    labelNames: ["method", "code"],
    registers,
  });
  return {
    observeRequest: (hresult, seconds) => {
      const served = hresult === HRESULT.success;
      requestDuration.observe({ outcome: served ? "served" : "refused" }, seconds);
      if (!served) refusals.inc({ reason: refusalReason(hresult) });
    },
    observeCommit: (requests, seconds) => {
      commitDuration.observe(seconds);
      commitRequests.observe(requests);
    },
    observeHttp: ({ method, status }) => {
      httpRequests.inc({ method: HTTP_METHODS.has(method) ? method : "other", code: status });
    },
    registry,
  };
}

/** Our own name of the code. Codes come from us or a relayed host: those we do not know are one. */
function refusalReason(hresult: number): string {
  return RESULT_NAMES.get(hresult) ?? "other";
}

/** Milliseconds that no setting of the clock moves. */
type Stopwatch = () => number;
const stopwatch: Stopwatch = () => performance.now();

const HRESULT_LENGTH = 4;

/**
 * The interface with every answered call of `opnum` observed. The HRESULT ends the stub of such a
 * response (C706 chapter 14); faults are counted by the listener.
 */
export function observedInterface(
  offered: RpcInterface,
  opnum: number,
  observe: Observations["observeRequest"],
  now: Stopwatch = stopwatch,
): RpcInterface {
  return {
    ...offered,
    invoke: (call, complete) => {
      if (call.opnum !== opnum) return offered.invoke(call, complete);
      const start = now();
      offered.invoke(call, (outcome) => {
        complete(outcome);
        if (outcome.kind !== "response" || outcome.stub.length < HRESULT_LENGTH) return;
        const { stub } = outcome;
        observe(readU32(stub, stub.length - HRESULT_LENGTH, true), (now() - start) / 1000);
      });
    },
  };
}

/** The commit with every call observed, whether it stored anything or failed. */
export function observedCommit<Group extends { readonly requests: readonly unknown[] }, Outcome>(
  commit: (group: Group) => Promise<Outcome>,
  observe: Observations["observeCommit"],
  now: Stopwatch = stopwatch,
): (group: Group) => Promise<Outcome> {
  return async (group) => {
    const start = now();
    const outcome = await commit(group);
    observe(group.requests.length, (now() - start) / 1000);
    return outcome;
  };
}
