/**
 * What the metrics are read from at each scrape, besides status and readiness. The statistics of
 * the parts fit as they are: a field that has no figure here is simply not read.
 */
export type MetricsReport = {
  readonly process: ProcessFigures;
  readonly queue: QueueFigures;
  /** Undefined where there is no such listener. */
  readonly rpc: RpcFigures | undefined;
  readonly dns: DnsFigures | undefined;
  readonly relay: RelayFigures;
  readonly http: HttpFigures;
};

type HttpFigures = {
  readonly requestsInWork: number;
  readonly connectionsOpen: number;
  readonly connectionsRefused: number;
  readonly connectionsStalled: number;
};

type ProcessFigures = {
  readonly residentOctets: number;
  readonly cpuSeconds: number;
};

/** Requests on their way to a commit; since the start of the process where they add up. */
type QueueFigures = {
  readonly waiting: number;
  readonly refusedBusy: number;
  readonly refusedByStore: number;
  readonly observationsLost: number;
};

type RpcFigures = {
  readonly connectionsOpen: number;
  readonly connectionsAccepted: number;
  readonly connectionsRefused: Readonly<Record<string, number>>;
  readonly connectionsEnded: ReadonlyMap<string, number>;
  readonly callsInFlight: number;
  readonly octetsReceived: number;
  readonly octetsSent: number;
  /** By nca status. */
  readonly faults: ReadonlyMap<number, number>;
  /** By reason (C706 12.6.4.5). */
  readonly bindNaks: ReadonlyMap<number, number>;
};

type DnsFigures = {
  readonly answers: readonly {
    readonly transport: string;
    readonly rcode: string;
    readonly count: number;
  }[];
  readonly dropped: number;
  readonly truncated: number;
  readonly rateLimited: number;
  readonly tcp: { readonly open: number };
};

/** Genuine clients (RELAY-1); labels are the operator's own hosts, which are few. */
export type RelayFigures = {
  readonly mode: string;
  /** By what became of them. */
  readonly calls: Readonly<Record<string, number>>;
  readonly callsInFlight: number;
  readonly connections: number;
  readonly upstreams: readonly {
    readonly name: string;
    readonly breaker: "closed" | "open" | "halfOpen";
    readonly reachable: boolean | undefined;
    readonly connected: number;
    readonly failures: number;
  }[];
};
