/** The licensed hosts of a relay: those of the configuration, then those that DNS names. */
import { formatHostAddress, type HostAddress } from "../client/host-address.ts";
import { lookupSrv } from "../dns/resolver.ts";
import { orderByPriorityAndWeight } from "../dns/srv-order.ts";
import type { Clock } from "../platform/clock.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import type { Connect } from "./connector.ts";
import { type RelaySettings, UPSTREAMS_MAXIMUM } from "./settings.ts";
import { Upstream, type UpstreamChange } from "./upstream.ts";

export type UpstreamPoolOptions = {
  readonly settings: RelaySettings;
  readonly connect: Connect;
  readonly elapsed: Clock;
  readonly randomBytes: RandomBytes;
  readonly onChange: (change: UpstreamChange) => void;
};

/** A host that DNS named. */
type Discovered = {
  readonly upstream: Upstream;
  readonly priority: number;
  readonly weight: number;
};

export class UpstreamPool {
  readonly #options: UpstreamPoolOptions;
  readonly #listed: readonly Upstream[];
  #discovered: readonly Discovered[] = [];
  #lookupReason = "";
  /** When the next look-up is due. */
  #lookupAt = Number.NEGATIVE_INFINITY;
  #lookup: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: UpstreamPoolOptions) {
    this.#options = options;
    const { upstreams } = options.settings;
    this.#listed = upstreams.slice(0, UPSTREAMS_MAXIMUM).map((address) => this.#make(address));
  }

  /** Tries every host once, so that its health is known before a client asks. */
  async start(): Promise<void> {
    await Promise.all([this.#refresh(), ...this.#listed.map((upstream) => upstream.probe())]);
  }

  stop(): void {
    this.#isStopped = true;
    for (const upstream of this.all()) upstream.stop();
  }

  /** In the order in which a client is to try them; waits for the first look-up alone. */
  async candidates(): Promise<readonly Upstream[]> {
    const refreshed = this.#refresh();
    if (this.#listed.length === 0 && this.#discovered.length === 0) await refreshed;
    return this.all();
  }

  /** Those that DNS named are drawn anew each time (RFC 2782). */
  all(): readonly Upstream[] {
    const drawn = orderByPriorityAndWeight(this.#discovered, this.#options.randomBytes);
    return [...this.#listed, ...drawn.map(({ upstream }) => upstream)];
  }

  /**
   * Why no client can be relayed, in words; undefined as long as one host is not known to fail.
   * Looks up where that is due: who asks for health is answered without a client's coming first.
   */
  failure(): string | undefined {
    void this.#refresh();
    const all = this.all();
    if (all.length === 0) return this.#lookupReason || undefined;
    if (all.some(({ reachable }) => reachable !== false)) return undefined;
    return all.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  }

  /** Looks up where that is due; one look-up at a time, and its failure waits as a host's does. */
  #refresh(): Promise<void> {
    const { elapsed, settings } = this.#options;
    if (settings.discover === undefined || settings.resolver === undefined || this.#isStopped) {
      return Promise.resolve();
    }
    if (this.#lookup === undefined && elapsed() >= this.#lookupAt) {
      this.#lookup = this.#lookUp(settings.discover, settings).finally(() => {
        this.#lookup = undefined;
      });
    }
    return this.#lookup ?? Promise.resolve();
  }

  async #lookUp(domain: string, { resolver, limits }: RelaySettings): Promise<void> {
    if (resolver === undefined) return;
    const { elapsed, randomBytes } = this.#options;
    const name = `_vlmcs._tcp.${domain}`;
    const timeoutMs = limits.connectMilliseconds;
    const found = await lookupSrv({ server: resolver, name, timeoutMs, randomBytes });
    if (!found.ok) {
      // What was found before is better than nothing.
      this.#lookupAt = elapsed() + limits.retryMilliseconds;
      this.#lookupReason = `${name}: ${found.error.code}`;
      return;
    }
    this.#lookupAt = elapsed() + limits.lookupMilliseconds;
    this.#lookupReason = "";
    const room = UPSTREAMS_MAXIMUM - this.#listed.length;
    this.#replace(
      found.value.slice(0, room).map(({ target, port, priority, weight }) => {
        const address = { host: target, port };
        return { upstream: this.#known(address) ?? this.#make(address), priority, weight };
      }),
    );
  }

  #known(address: HostAddress): Upstream | undefined {
    const name = formatHostAddress(address);
    return this.#discovered.find(({ upstream }) => upstream.name === name)?.upstream;
  }

  #replace(discovered: readonly Discovered[]): void {
    const kept = new Set(discovered.map(({ upstream }) => upstream));
    for (const { upstream } of this.#discovered) if (!kept.has(upstream)) upstream.stop();
    const before = new Set(this.#discovered.map(({ upstream }) => upstream));
    this.#discovered = discovered;
    for (const { upstream } of discovered) if (!before.has(upstream)) void upstream.probe();
  }

  #make(address: HostAddress): Upstream {
    const { settings, connect, elapsed, onChange } = this.#options;
    return new Upstream({ address, connect, limits: settings.limits, elapsed, onChange });
  }
}
