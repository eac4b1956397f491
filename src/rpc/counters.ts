/** What connections count as they go; one value per listener, read as statistics. */
export type RpcCounters = {
  pdusReceived: number;
  pdusSent: number;
  octetsReceived: number;
  octetsSent: number;
  /** Requests handed to an interface. */
  calls: number;
  /** Of them, those without an outcome yet. */
  callsInFlight: number;
  contextsAccepted: number;
  contextsRejected: number;
  /** By status, those of interfaces included; at 0, which no fault has, what is over the limit. */
  readonly faults: Map<number, number>;
  /** By reason. */
  readonly bindNaks: Map<number, number>;
};

export function newCounters(): RpcCounters {
  return {
    pdusReceived: 0,
    pdusSent: 0,
    octetsReceived: 0,
    octetsSent: 0,
    calls: 0,
    callsInFlight: 0,
    contextsAccepted: 0,
    contextsRejected: 0,
    faults: new Map(),
    bindNaks: new Map(),
  };
}

/** Statuses told apart: a relayed one is whatever the other side says. */
const FAULT_STATUSES_MAX = 64;

export function countFault(faults: Map<number, number>, status: number): void {
  countIn(faults, faults.has(status) || faults.size < FAULT_STATUSES_MAX ? status : 0);
}

export function countIn<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
