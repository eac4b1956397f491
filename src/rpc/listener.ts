/**
 * The shell that listens: sockets, the one timer, limits on connections. What is said is in
 * connection.ts.
 */
import type { TCPSocketListener } from "bun";
import type { Clock } from "../platform/clock.ts";
import { descriptorLimit } from "../platform/descriptors.ts";
import { BindError, type Endpoint, formatEndpoint } from "../platform/endpoint.ts";
import { tuneListeningSocket } from "../platform/listening-socket.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { foldMappedAddress } from "./addresses.ts";
import { AssociationGroups } from "./association-groups.ts";
import type { ConnectionContext } from "./connection.ts";
import { countIn, newCounters } from "./counters.ts";
import { Displacement } from "./displacement.ts";
import { fitLimits } from "./fit-limits.ts";
import type { RpcInterface } from "./interface.ts";
import type { RpcLimits } from "./limits.ts";
import { managementInterface } from "./management.ts";
import { OctetBudget } from "./octet-budget.ts";
import { readU32 } from "./octets.ts";
import { RefusalLog } from "./refusal-log.ts";
import { InterfaceRegistry } from "./registry.ts";
import {
  type RpcLog,
  type RpcSocket,
  ServedSocket,
  type ServedSocketOwner,
} from "./served-socket.ts";
import type { EndReason, RefusalReason, RpcStatistics } from "./statistics.ts";

export type RpcListenOptions = {
  /**
   * Where to listen; IPv6 endpoints take IPv6 alone, so that both families can have the same port.
   */
  readonly listen: readonly Endpoint[];
  /** What is offered. The management interface (C706 appendix Q) is added. */
  readonly interfaces: readonly RpcInterface[];
  readonly limits: RpcLimits;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Whether a client's address is let in; everybody is where it is left out. */
  readonly admit?: (address: string) => boolean;
  /**
   * An endpoint that cannot be opened fails the whole (default), or is left out as long as one can.
   */
  readonly onUnbindable?: "fail" | "continue";
  /** File descriptors of this process; as the system says where it is left out. */
  readonly descriptors?: number;
  readonly log?: RpcLog;
};

export type RpcListener = {
  /** What is listened on, with the ports that port 0 became. */
  readonly endpoints: readonly Endpoint[];
  /** What the operator should know: endpoints left out, limits cut. A sentence each. */
  readonly notices: readonly string[];
  readonly statistics: () => RpcStatistics;
  /** Whether new clients are accepted on at least one endpoint. */
  readonly healthy: () => boolean;
  /** Closes the listening sockets; open connections go on. */
  readonly stopAccepting: () => void;
  /** Stops accepting, lets calls under way finish for at most `graceMs`, then cuts what is left. */
  readonly close: (graceMs: number) => Promise<void>;
};

/** Opens a DCE/RPC server for anonymous clients (HOST-1, HOST-11). Throws {@link BindError}. */
export async function listenRpc(options: RpcListenOptions): Promise<RpcListener> {
  const server = new RpcServer(options);
  server.open();
  return {
    endpoints: server.endpoints,
    notices: server.notices,
    statistics: () => server.statistics(),
    healthy: () => server.healthy(),
    stopAccepting: () => server.stopAccepting(),
    close: (graceMs) => server.close(graceMs),
  };
}

/**
 * The coarse clock moves by at most this many periods at once: a jump of the clock cuts nobody off.
 */
const PERIODS_PER_TICK_MAX = 4;

/** Connections with more to do that go on before the event loop comes round again. */
const YIELDED_AT_A_STRETCH = 16;

class RpcServer implements ServedSocketOwner {
  readonly endpoints: Endpoint[] = [];
  readonly notices: string[] = [];
  readonly context: ConnectionContext;
  readonly log: RpcLog;

  readonly #options: RpcListenOptions;
  readonly #budget: OctetBudget;
  readonly #associations: AssociationGroups;
  readonly #listeners: TCPSocketListener<ServedSocket | undefined>[] = [];
  readonly #served = new Set<ServedSocket>();
  readonly #perAddress = new Map<string, number>();
  readonly #refused: Record<RefusalReason, number> = {
    admission: 0,
    connections: 0,
    perAddress: 0,
  };
  readonly #ended = new Map<EndReason, number>();
  readonly #displacement = new Displacement<ServedSocket>();
  readonly #refusals: RefusalLog;
  readonly #awake: ServedSocket[] = [];
  readonly #yielded = new Set<ServedSocket>();
  #accepted = 0;
  #accepting = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #now = 0;
  #clockBefore = 0;
  #yieldedScheduled = false;
  #whenEmpty: (() => void) | undefined;

  constructor(options: RpcListenOptions) {
    this.#options = options;
    this.log = options.log ?? (() => undefined);
    const limits = this.#fitLimits(options);
    const counters = newCounters();
    const management = managementInterface(options.interfaces, () => ({
      callsReceived: counters.calls,
      callsSent: 0,
      pdusReceived: counters.pdusReceived,
      pdusSent: counters.pdusSent,
    }));
    this.#budget = new OctetBudget(limits.reassemblyOctets);
    this.#associations = new AssociationGroups(readU32(options.randomBytes(4), 0, true));
    this.#refusals = new RefusalLog(this.log, limits, options.clock);
    this.context = {
      registry: new InterfaceRegistry([...options.interfaces, management]),
      associations: this.#associations,
      budget: this.#budget,
      limits,
      counters,
    };
  }

  readonly now = (): number => this.#now;

  readonly wake = (served: ServedSocket): void => {
    if (served.awake) return;
    served.awake = true;
    this.#awake.push(served);
    if (this.#awake.length === 1) queueMicrotask(this.#pumpAwake);
  };

  readonly wakeLater = (served: ServedSocket): void => {
    this.#yielded.add(served);
    if (this.#yieldedScheduled) return;
    this.#yieldedScheduled = true;
    setImmediate(this.#pumpYielded);
  };

  readonly ended = (served: ServedSocket, reason: EndReason): void => {
    countIn(this.#ended, reason);
    this.#served.delete(served);
    this.#yielded.delete(served);
    const { address } = served;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
    if (this.#served.size === 0) this.#whenEmpty?.();
  };

  /** What there are descriptors for. */
  #fitLimits(options: RpcListenOptions): RpcLimits {
    const descriptors = options.descriptors ?? descriptorLimit();
    const { limits, descriptorsNeeded } = fitLimits(options.limits, descriptors);
    if (limits !== options.limits) {
      const { connections } = limits;
      this.log("warning", "fewer connections than configured: open files are limited", {
        connections,
        configured: options.limits.connections,
        openFiles: descriptors,
        openFilesNeeded: descriptorsNeeded,
      });
      this.notices.push(
        `rpc takes ${connections} connections, not ${options.limits.connections}: ` +
          `${descriptors} open files are allowed (ulimit -n), ${descriptorsNeeded} are needed`,
      );
    }
    return limits;
  }

  open(): void {
    let failure: BindError | undefined;
    for (const endpoint of this.#options.listen) {
      try {
        this.#listenOn(endpoint);
      } catch (error) {
        failure ??= new BindError("rpc", endpoint, errorCode(error));
        if (this.#options.onUnbindable !== "continue") break;
        const [place, code] = [formatEndpoint(endpoint), errorCode(error)];
        this.log("warning", "cannot listen", { endpoint: place, code });
        this.notices.push(`rpc does not listen on ${place}: ${code}`);
      }
    }
    const continues = this.#options.onUnbindable === "continue" && this.endpoints.length > 0;
    if (failure !== undefined && !continues) {
      this.stopAccepting();
      throw failure;
    }
    this.#accepting = this.endpoints.length > 0;
    this.#clockBefore = this.#options.clock();
    this.#timer = setInterval(this.#tick, this.context.limits.tickMilliseconds);
  }

  statistics(): RpcStatistics {
    const { counters } = this.context;
    return {
      ...counters,
      faults: new Map(counters.faults),
      bindNaks: new Map(counters.bindNaks),
      connectionsOpen: this.#served.size,
      connectionsAccepted: this.#accepted,
      connectionsRefused: { ...this.#refused },
      connectionsEnded: new Map(this.#ended),
      associationGroups: this.#associations.size,
      reassemblyOctets: this.#budget.used,
    };
  }

  healthy(): boolean {
    return this.#accepting;
  }

  stopAccepting(): void {
    this.#accepting = false;
    for (const listener of this.#listeners.splice(0)) listener.stop(false);
  }

  async close(graceMs: number): Promise<void> {
    this.stopAccepting();
    for (const served of [...this.#served]) served.drain();
    if (this.#served.size > 0 && graceMs > 0) await this.#emptyWithin(graceMs);
    for (const served of [...this.#served]) served.end("drained", true);
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #emptyWithin(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #listenOn(endpoint: Endpoint): void {
    let secondaryAddress = String(endpoint.port);
    const options = {
      hostname: endpoint.address,
      port: endpoint.port,
      // Without it Bun closes as soon as the peer shuts its half, and replies under way are lost.
      allowHalfOpen: true,
      ipv6Only: endpoint.address.includes(":"),
      data: undefined,
      socket: {
        open: (socket: RpcSocket) => this.#accept(socket, secondaryAddress),
        data: (socket: RpcSocket, segment: Buffer) => socket.data?.receive(segment),
        end: (socket: RpcSocket) => {
          if (socket.data === undefined) socket.end();
          else socket.data.receiveEnd();
        },
        drain: (socket: RpcSocket) => socket.data?.pump(),
        close: (socket: RpcSocket) => socket.data?.closed(),
        error: (socket: RpcSocket, error: Error) => this.#failed(socket, error),
      },
    };
    const listener = Bun.listen<ServedSocket | undefined>(options);
    secondaryAddress = String(listener.port);
    const { backlog, kernelReceiveOctets, kernelSendOctets } = this.context.limits;
    tuneListeningSocket(listener, {
      backlog,
      receiveOctets: kernelReceiveOctets,
      sendOctets: kernelSendOctets,
    });
    this.#listeners.push(listener);
    this.endpoints.push({ address: endpoint.address, port: listener.port });
  }

  #accept(socket: RpcSocket, secondaryAddress: string): void {
    const address = foldMappedAddress(socket.remoteAddress);
    const refusal = this.#refusal(address);
    if (refusal !== undefined) {
      this.#refused[refusal] += 1;
      this.#refusals.refused(refusal, address);
      socket.terminate();
      return;
    }
    this.#accepted += 1;
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    const served = new ServedSocket(socket, this, address, secondaryAddress);
    socket.data = served;
    this.#served.add(served);
  }

  #refusal(address: string): RefusalReason | undefined {
    const { admit } = this.#options;
    const { limits } = this.context;
    if (admit !== undefined && !admit(address)) return "admission";
    const open = this.#perAddress.get(address) ?? 0;
    // Asked first: an address with too many of its own displaces nobody.
    if (open >= limits.connectionsPerAddress) return "perAddress";
    if (this.#served.size < limits.connections || this.#displace()) return undefined;
    return "connections";
  }

  /** Makes room for one connection; false where every other has calls under way. */
  #displace(): boolean {
    const served = this.#displacement.choose(this.#served, this.#now);
    if (served === undefined) return false;
    this.#refusals.displaced(served.address);
    served.end("displaced", true);
    return true;
  }

  /**
   * A handler of ours threw, or the system failed the socket: this connection is over, no other.
   */
  #failed(socket: RpcSocket, error: Error): void {
    this.log("error", "connection failed", { address: socket.data?.address, error });
    if (socket.data === undefined) socket.terminate();
    else socket.data.end("reset", true);
  }

  readonly #pumpAwake = (): void => {
    for (const served of this.#awake.splice(0)) {
      served.awake = false;
      served.pump();
    }
  };

  /** A few at a time, each in its turn: new connections and other peers come in between. */
  readonly #pumpYielded = (): void => {
    let left = YIELDED_AT_A_STRETCH;
    for (const served of this.#yielded) {
      if (left === 0) break;
      left -= 1;
      this.#yielded.delete(served);
      served.pump();
    }
    this.#yieldedScheduled = this.#yielded.size > 0;
    if (this.#yieldedScheduled) setImmediate(this.#pumpYielded);
  };

  /**
   * Looks at every connection. A pass over ten thousand costs well under a millisecond; buckets by
   * deadline would cost two list operations for every PDU instead.
   */
  readonly #tick = (): void => {
    const clockNow = this.#options.clock();
    const elapsedMax = this.context.limits.tickMilliseconds * PERIODS_PER_TICK_MAX;
    this.#now += Math.min(Math.max(clockNow - this.#clockBefore, 0), elapsedMax);
    this.#clockBefore = clockNow;
    for (const served of this.#served) served.checkDeadline(this.#now);
  };
}

function errorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return String(error);
}
