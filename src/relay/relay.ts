/** What the appliance has for genuine clients, in the mode that the operator chose (RELAY-1). */
import type { RequestEffect } from "../activation/decide.ts";
import { EVENT_CODE, type GeneralEvent } from "../activation/events.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import { type RandomBytes, systemRandomBytes } from "../platform/randomness.ts";
import { HRESULT } from "../protocol/hresult.ts";
import type { RpcInterface } from "../rpc/interface.ts";
import { FAULT_STATUS } from "../rpc/pdu/fault.ts";
import { createConnector } from "./connector.ts";
import { hresultOfFault } from "./observation.ts";
import { observedMicrosoftInterface } from "./observed-interface.ts";
import { RelayedInterface } from "./relayed-interface.ts";
import type { RelaySettings } from "./settings.ts";
import { newOutcomeCounts, type RelayOutcome, type RelayStatistics } from "./statistics.ts";
import type { UpstreamChange } from "./upstream.ts";
import { UpstreamPool } from "./upstream-pool.ts";

export type RelayOptions = {
  readonly settings: RelaySettings;
  /** Takes what was seen into inventory and log (`ActivationHost.observe`). */
  readonly observe: (effect: RequestEffect) => void;
  /** Takes what happened to licensed hosts into the log. */
  readonly logEvent: (event: GeneralEvent) => void;
  /** Whether an endpoint is one that this appliance listens on: it is never relayed to. */
  readonly isOwn: (endpoint: Endpoint) => boolean;
  readonly clock?: Clock;
  /** Milliseconds of a clock that is never set back. */
  readonly elapsed?: Clock;
  readonly randomBytes?: RandomBytes;
};

export type Relay = {
  /** For the RPC listener: none where the mode is `off`, so that a bind is rejected. */
  readonly interfaces: readonly RpcInterface[];
  /** Tries the licensed hosts for the first time; resolves when that is done, however it went. */
  readonly start: () => Promise<void>;
  readonly statistics: () => RelayStatistics;
  /**
   * Why clients cannot be relayed now, in words, or undefined where they can; null where nothing is
   * relayed at all.
   */
  readonly failure: () => string | undefined | null;
  /** Drops what is under way. */
  readonly stop: () => void;
};

export function createRelay(options: RelayOptions): Relay {
  const { settings, observe, clock = systemClock } = options;
  const { mode } = settings;
  const calls = newOutcomeCounts();
  const count = (outcome: RelayOutcome): void => {
    calls[outcome] += 1;
  };
  if (mode === "relay") return createUpstreamRelay(options, calls, count);
  const idle = { callsInFlight: 0, connections: 0, upstreams: [] };
  return {
    interfaces: mode === "off" ? [] : [observedMicrosoftInterface({ clock, observe, count })],
    start: async () => {},
    statistics: () => ({ mode, calls: { ...calls }, ...idle }),
    failure: () => null,
    stop: () => {},
  };
}

function createUpstreamRelay(
  { settings, observe, logEvent, isOwn, ...sources }: RelayOptions,
  calls: RelayStatistics["calls"],
  count: (outcome: RelayOutcome) => void,
): Relay {
  const { clock = systemClock, elapsed = () => performance.now() } = sources;
  const { randomBytes = systemRandomBytes } = sources;
  const { limits, resolver } = settings;
  const { replyOctets } = limits;
  const pool = new UpstreamPool({
    settings,
    connect: createConnector({ resolver, isOwn, replyOctets, randomBytes }),
    elapsed,
    randomBytes,
    onChange: (change) => logEvent(eventOf(change, clock())),
  });
  const candidates = () => pool.candidates();
  const relayed = new RelayedInterface({ candidates, limits, clock, elapsed, observe, count });
  return {
    interfaces: [relayed.offered],
    start: () => pool.start(),
    statistics: () => ({
      mode: settings.mode,
      calls: { ...calls },
      callsInFlight: relayed.callsInFlight,
      connections: relayed.connections,
      upstreams: pool.all().map((upstream) => upstream.statistics()),
    }),
    failure: () => pool.failure(),
    stop: () => {
      relayed.close();
      pool.stop();
    },
  };
}

function eventOf({ upstream, reachable, reason }: UpstreamChange, time: number): GeneralEvent {
  const { upstreamReachable, upstreamUnreachable } = EVENT_CODE;
  const detail = JSON.stringify(reachable ? { upstream } : { upstream, reason });
  return reachable
    ? { code: upstreamReachable, time, hresult: HRESULT.success, detail }
    : { code: upstreamUnreachable, time, hresult: UNREACHABLE, detail };
}

const UNREACHABLE = hresultOfFault(FAULT_STATUS.serverUnavailable);
