import { formatHostAddress, type HostAddress } from "../client/host-address.ts";
import type { Clock } from "../platform/clock.ts";
import type { RpcCaller, RpcCallerError } from "../rpc/caller.ts";
import { type Admission, CircuitBreaker } from "./circuit-breaker.ts";
import { type Connect, upstreamErrorWords } from "./connector.ts";
import type { RelayLimits } from "./settings.ts";
import type { UpstreamStatistics } from "./statistics.ts";

/** A licensed host became reachable, or is so no more. */
export type UpstreamChange = {
  readonly upstream: string;
  readonly reachable: boolean;
  /** Why not, in words; empty where it is. */
  readonly reason: string;
};

export type UpstreamOptions = {
  readonly address: HostAddress;
  readonly connect: Connect;
  readonly limits: RelayLimits;
  /** Milliseconds of a clock that is never set back. */
  readonly elapsed: Clock;
  readonly onChange: (change: UpstreamChange) => void;
};

/**
 * One licensed host: what is known of its health, and connections to it. While it is not reachable
 * it is tried again from time to time, so that no client has to be the one who finds out.
 */
export class Upstream {
  readonly name: string;
  readonly #options: UpstreamOptions;
  readonly #breaker: CircuitBreaker;
  #reachable: boolean | undefined;
  #reason = "";
  #connected = 0;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(options: UpstreamOptions) {
    this.name = formatHostAddress(options.address);
    this.#options = options;
    this.#breaker = new CircuitBreaker(options.limits);
  }

  /** By the last attempt; undefined before the first. */
  get reachable(): boolean | undefined {
    return this.#reachable;
  }

  get reason(): string {
    return this.#reason;
  }

  statistics(): UpstreamStatistics {
    return {
      name: this.name,
      breaker: this.#breaker.state(this.#options.elapsed()),
      reachable: this.#reachable,
      reason: this.#reason === "" ? undefined : this.#reason,
      connected: this.#connected,
      failures: this.#failures,
    };
  }

  /**
   * A connection for a client, or undefined: at once where the host is left alone, within the time
   * where it cannot be reached. The caller closes it.
   */
  async connect(littleEndian: boolean, timeoutMs: number): Promise<RpcCaller | undefined> {
    const { connect, address, elapsed } = this.#options;
    const admission = this.#breaker.admit(elapsed());
    if (admission === "refused") return undefined;
    const connected = await connect(address, littleEndian, timeoutMs);
    if (!connected.ok) {
      this.#failed(admission, connected.error);
      return undefined;
    }
    this.#connected += 1;
    // Only an answer clears failures: a host may take every connection and answer no call.
    if (admission === "probe") this.#breaker.succeeded();
    if (admission === "probe" || this.#reachable === undefined) this.#isReachable();
    return connected.value;
  }

  /** A call was answered, be it by a fault. */
  answered(): void {
    this.#breaker.succeeded();
    this.#isReachable();
  }

  /** A call was not answered, and the client is still there. */
  lost(error: RpcCallerError): string {
    const reason = upstreamErrorWords(error);
    this.#failed("attempt", reason);
    return reason;
  }

  /** Connects and binds, to know whether that goes. */
  async probe(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const caller = await this.connect(true, this.#options.limits.connectMilliseconds);
    if (caller === undefined) {
      this.#scheduleRetry();
      return;
    }
    caller.close();
    this.#isReachable();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #isReachable(): void {
    const wasReachable = this.#reachable;
    this.#reachable = true;
    this.#reason = "";
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (wasReachable !== true) this.#tell();
  }

  #failed(admission: Admission, reason: string): void {
    this.#failures += 1;
    this.#breaker.failed(admission, this.#options.elapsed());
    const wasReachable = this.#reachable;
    this.#reachable = false;
    this.#reason = reason;
    this.#scheduleRetry();
    if (wasReachable !== false) this.#tell();
  }

  #tell(): void {
    if (this.#isStopped) return;
    const { onChange } = this.#options;
    onChange({ upstream: this.name, reachable: this.#reachable === true, reason: this.#reason });
  }

  #scheduleRetry(): void {
    if (this.#isStopped || this.#retry !== undefined) return;
    const { limits, elapsed } = this.#options;
    const wait = this.#breaker.waitMilliseconds(elapsed());
    // A timer may go off a little early: one more millisecond, and the breaker is half open.
    const delay = (wait === 0 ? limits.retryMilliseconds : wait) + 1;
    this.#retry = setTimeout(() => void this.probe(), delay);
    this.#retry.unref();
  }
}
