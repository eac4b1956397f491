import { preview, type RequestEffect } from "../activation/decide.ts";
import type { Figures } from "../activation/figures.ts";
import type { HostStanding } from "../activation/policy.ts";
import {
  ActivationState,
  capacityOf,
  EMPTY_SAVED_STATE,
  recordDeadline,
  replyCountOf,
} from "../activation/state.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { fail, type Result } from "../platform/result.ts";
import { HRESULT } from "../protocol/hresult.ts";
import { decodeRequest } from "../protocol/request.ts";
import type { Guid } from "../protocol/types.ts";
import { failureOf, type StoreFailure, type StoreHealth } from "../store/health.ts";
import type { Store } from "../store/store.ts";
import { contextOf, HostGroup, type HostTime, refuse, refuseWork, replyWith } from "./group.ts";
import { HOST_LIMITS, type HostLimits, type HostSettings } from "./settings.ts";
import { type Deliver, type HostAnswer, type RequestWork, type Work, WorkQueue } from "./work.ts";

export type ActivationHostOptions = {
  readonly store: Pick<Store, "commit" | "loadState" | "health" | "onHealthChange">;
  readonly settings: () => HostSettings;
  /** The time of requests and of what they leave behind. */
  readonly clock?: Clock;
  /** The time by which records expire, where the clock may be doubted (REPORT-3). */
  readonly expiryClock?: Clock;
  readonly limits?: HostLimits;
  /** Calls back once what has arrived so far was read; the end of the event loop's turn. */
  readonly afterTurn?: (callback: () => void) => void;
};

/** One application as status shows it (COUNT-5). */
export type ApplicationSnapshot = {
  readonly applicationId: Guid;
  /** What a reply would say now. */
  readonly count: number;
  /** Clients in the cache, within their 30 days. */
  readonly held: number;
  readonly capacity: number;
  readonly largestRequiredCount: number;
};

export type HostSnapshot = {
  /** `loading`: reading its count from the store. `failed`: the store cannot commit. */
  readonly state: "serving" | "loading" | "failed";
  readonly health: StoreHealth;
  readonly standing: HostStanding;
  readonly draining: boolean;
  readonly applications: readonly ApplicationSnapshot[];
  readonly figures: Figures;
  readonly waiting: number;
  /** Since the start. */
  readonly commits: number;
  readonly largestCommit: number;
  /** Answered without being stored, because the queue was full or the store had failed. */
  readonly refusedBusy: number;
  readonly refusedByStore: number;
  /** Observations that found no room. */
  readonly observationsLost: number;
};

/**
 * The activation host: requests in, answers out, and between the two a commit that everything
 * shares which arrived together (STORE-1, STORE-2). While one group is being stored the next one
 * collects; its turn comes the moment the first is on the medium.
 */
export class ActivationHost {
  readonly #store: ActivationHostOptions["store"];
  readonly #settings: () => HostSettings;
  readonly #clock: Clock;
  readonly #expiryClock: Clock;
  readonly #limits: HostLimits;
  readonly #afterTurn: (callback: () => void) => void;
  readonly #queue = new WorkQueue();
  readonly #unsubscribe: () => void;
  #state: ActivationState;
  #loads = 0;
  #isLoading = true;
  #isRunning = false;
  #isScheduled = false;
  #isStopped = false;
  #idle: (() => void)[] = [];
  #commits = 0;
  #largestCommit = 0;
  #refusedBusy = 0;
  #refusedByStore = 0;
  #observationsLost = 0;

  constructor(options: ActivationHostOptions) {
    this.#store = options.store;
    this.#settings = options.settings;
    this.#clock = options.clock ?? systemClock;
    this.#expiryClock = options.expiryClock ?? this.#clock;
    this.#limits = options.limits ?? HOST_LIMITS;
    this.#afterTurn = options.afterTurn ?? ((callback) => void setImmediate(callback));
    const { policy } = this.#settings();
    this.#state = new ActivationState(EMPTY_SAVED_STATE, policy, this.#expiryClock());
    this.#unsubscribe = this.#store.onHealthChange((health) => {
      if (health.state === "ok") void this.reload();
      else this.#refuseAll(health);
    });
  }

  /** Takes a request (opnum Activate). `deliver` is called once; `octets` are kept until then. */
  activate(octets: Uint8Array, peerAddress: string, deliver: Deliver): void {
    const decoded = decodeRequest(octets);
    const request = decoded.ok ? decoded.value : undefined;
    const detail = decoded.ok ? "" : describe(decoded.error);
    this.#admit({ kind: "request", request, detail, octets, peerAddress, deliver });
  }

  /** Takes what cannot even be an activation request: logged, counted as failed, refused. */
  refuseUnreadable(detail: string, peerAddress: string, deliver: Deliver): void {
    const octets = new Uint8Array();
    this.#admit({ kind: "request", request: undefined, detail, octets, peerAddress, deliver });
  }

  /** What {@link activate} would answer; nothing is counted, cached or logged (opnum Probe). */
  probe(octets: Uint8Array, peerAddress: string): HostAnswer {
    const health = this.#store.health();
    if (health.state === "failed") return refuse(health.hresult);
    if (this.#isLoading || this.#isStopped) return refuse(HRESULT.busy);
    const decoded = decodeRequest(octets);
    if (!decoded.ok) return refuse(HRESULT.malformedRequest);
    const settings = this.#settings();
    const time = this.#time();
    const context = contextOf(settings, time, peerAddress);
    const { hresult, count } = preview(decoded.value, this.#state, context);
    if (hresult !== HRESULT.success) return refuse(hresult);
    return replyWith(count, octets, settings, time.now);
  }

  /** The licence chain of this host (opnum GetHostLicence, HOST-5). */
  hostLicence(): HostAnswer {
    const { licenceChain } = this.#settings().identity;
    if (licenceChain === undefined) return refuse(HRESULT.serviceNotEnabled);
    return { hresult: HRESULT.success, octets: licenceChain };
  }

  /** Keeps what was seen on another interface (RELAY-4); false where there is no room for it. */
  observe(effect: RequestEffect): boolean {
    const hasRoom = this.#queue.length < this.#limits.waiting;
    if (!hasRoom || this.#isStopped || this.#store.health().state === "failed") {
      this.#observationsLost += 1;
      return false;
    }
    this.#push({ kind: "observation", effect });
    return true;
  }

  /** Forgets the clients counted, of one application or of all (COUNT-12); the inventory stays. */
  resetCount(applicationId?: Guid): Promise<Result<readonly Guid[], StoreFailure>> {
    const health = this.#store.health();
    if (health.state === "failed") return Promise.resolve(fail(health));
    if (this.#isStopped) return Promise.resolve(fail(failureOf("fault", "the host has stopped")));
    return new Promise((done) => this.#push({ kind: "reset", applicationId, done }));
  }

  /** Takes up the count from the store again: after it recovered, or for another policy. */
  async reload(): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    this.#isLoading = true;
    const saved = await this.#store.loadState().catch(() => undefined);
    // A later load replaces this one; a store that failed meanwhile starts another when it is back.
    if (load !== this.#loads || saved === undefined) return;
    await this.#untilIdle();
    if (load !== this.#loads) return;
    this.#state = new ActivationState(saved, this.#settings().policy, this.#expiryClock());
    this.#isLoading = false;
    this.#schedule();
  }

  snapshot(): HostSnapshot {
    const { policy, standing, draining } = this.#settings();
    const health = this.#store.health();
    const deadline = recordDeadline(this.#expiryClock(), policy);
    const loadingOrServing = this.#isLoading ? "loading" : "serving";
    return {
      state: health.state === "failed" ? "failed" : loadingOrServing,
      health,
      standing,
      draining,
      applications: [...this.#state.applications].map((application) => {
        const { applicationId, cache, largestRequiredCount } = application;
        const held = cache.countSince(deadline);
        const count = replyCountOf(held, largestRequiredCount, policy);
        const capacity = capacityOf(largestRequiredCount, policy);
        return { applicationId, count, held, capacity, largestRequiredCount };
      }),
      figures: this.#state.figures,
      waiting: this.#queue.length,
      commits: this.#commits,
      largestCommit: this.#largestCommit,
      refusedBusy: this.#refusedBusy,
      refusedByStore: this.#refusedByStore,
      observationsLost: this.#observationsLost,
    };
  }

  /** Refuses what comes from now on and resolves when what came before is answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    if (this.#isLoading) this.#refuseAll(failureOf("fault", "the host has stopped"));
    else if (!this.#isRunning) await this.#run();
    await this.#untilIdle();
  }

  #admit(work: RequestWork): void {
    const health = this.#store.health();
    if (health.state === "failed") {
      this.#refusedByStore += 1;
      work.deliver(refuse(health.hresult));
    } else if (this.#isStopped || this.#queue.length >= this.#limits.waiting) {
      this.#refusedBusy += 1;
      work.deliver(refuse(HRESULT.busy));
    } else {
      this.#push(work);
    }
  }

  #push(work: Work): void {
    this.#queue.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isRunning || this.#isLoading || this.#queue.length === 0) return;
    this.#isScheduled = true;
    this.#afterTurn(() => {
      this.#isScheduled = false;
      if (!this.#isRunning && !this.#isLoading) void this.#run();
    });
  }

  /** Stores group after group until nothing waits. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    let current = this.#begin();
    while (current !== undefined) {
      const { group, stored } = current;
      group.sign();
      const outcome = await stored;
      group.settle(outcome);
      // The next group goes to the medium first; the answers to this one are given meanwhile.
      current = outcome.ok && !this.#isLoading ? this.#begin() : undefined;
      group.deliver(outcome);
      if (!outcome.ok) this.#refuseAll(outcome.error);
    }
    this.#isRunning = false;
    for (const resume of this.#idle.splice(0)) resume();
    this.#schedule();
  }

  #begin() {
    const work = this.#queue.takeGroup(this.#limits.group);
    if (work.length === 0) return undefined;
    this.#commits += 1;
    this.#largestCommit = Math.max(this.#largestCommit, work.length);
    const group = new HostGroup(work, this.#state, this.#settings(), this.#time());
    return { group, stored: this.#store.commit(group.commitGroup()) };
  }

  #time(): HostTime {
    return { now: this.#clock(), expiryNow: this.#expiryClock() };
  }

  #untilIdle(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resume) => this.#idle.push(resume));
  }

  #refuseAll(failure: StoreFailure): void {
    while (this.#queue.length > 0) {
      for (const work of this.#queue.takeGroup(this.#limits.group)) {
        if (work.kind === "observation") this.#observationsLost += 1;
        else if (work.kind === "request") this.#refusedByStore += 1;
        refuseWork(work, failure);
      }
    }
  }
}

/**
 * Starts a host on what its store keeps. Where the store has failed, it serves once that recovers.
 */
export async function createActivationHost(
  options: ActivationHostOptions,
): Promise<ActivationHost> {
  const host = new ActivationHost(options);
  if (options.store.health().state === "ok") await host.reload();
  return host;
}

function describe({
  code,
  field,
  offset,
}: {
  code: string;
  field: string;
  offset: number;
}): string {
  return `${code}: ${field} at octet ${offset}`;
}
