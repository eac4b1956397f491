import { DEFAULT_POLICY } from "../../src/activation/policy.ts";
import { EMPTY_SAVED_STATE, type SavedState } from "../../src/activation/state.ts";
import type { ActivationHostOptions } from "../../src/host/activation-host.ts";
import type { HostSettings } from "../../src/host/settings.ts";
import type { HostAnswer } from "../../src/host/work.ts";
import { sha256 } from "../../src/platform/hash.ts";
import { ok, type Result } from "../../src/platform/result.ts";
import { signingKeyFromSeed } from "../../src/platform/signature.ts";
import { hostIdOf } from "../../src/protocol/host-id.ts";
import { encodeRequest } from "../../src/protocol/request.ts";
import type { CommitGroup } from "../../src/store/group.ts";
import { failureOf, type StoreFailure, type StoreHealth } from "../../src/store/health.ts";
import type { CommitReceipt } from "../../src/store/writer.ts";
import { CATALOGUE, requestOf } from "../activation/support.ts";

export const KEY = signingKeyFromSeed(new Uint8Array(32).fill(7));
export const PEER = "192.0.2.1";

export const SETTINGS: HostSettings = {
  policy: DEFAULT_POLICY,
  catalogue: CATALOGUE,
  standing: { kind: "licensed", group: "serverC", selfIssued: true },
  draining: false,
  identity: {
    hostId: hostIdOf(KEY.publicKey, sha256),
    sign: KEY.sign,
    licenceChain: new Uint8Array([1, 2, 3]),
  },
  activationIntervalMinutes: 120,
  renewalIntervalMinutes: 10_080,
};

export const FULL = failureOf("full", "database or disk is full");

export function octetsOf(...parameters: Parameters<typeof requestOf>): Uint8Array {
  return encodeRequest(requestOf(...parameters));
}

type Outcome = Result<CommitReceipt, StoreFailure>;
type Pending = { readonly group: CommitGroup; readonly finish: (outcome: Outcome) => void };

/** A store whose commits end when a test says so. */
export class HeldStore {
  readonly pending: Pending[] = [];
  saved: SavedState = EMPTY_SAVED_STATE;
  loads = 0;
  #health: StoreHealth = { state: "ok" };
  readonly #listeners = new Set<(health: StoreHealth) => void>();

  readonly store: ActivationHostOptions["store"] = {
    commit: (group) =>
      new Promise((finish) => {
        this.pending.push({ group, finish });
      }),
    loadState: async () => {
      this.loads += 1;
      return this.saved;
    },
    health: () => this.#health,
    onHealthChange: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
  };

  become(health: StoreHealth): void {
    this.#health = health;
    for (const listener of this.#listeners) listener(health);
  }

  /** Ends the oldest commit and lets everything that waits for it run. */
  async finish(outcome: Outcome = ok({ firstEventId: 1, clients: 1 })): Promise<CommitGroup> {
    const first = this.pending.shift();
    if (first === undefined) throw new Error("no commit is under way");
    if (!outcome.ok) this.become({ state: "failed", since: 0, ...outcome.error });
    first.finish(outcome);
    await settled();
    return first.group;
  }
}

/** When everything that was ready to run has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Collects answers in the order in which they are given. */
export class Answers {
  readonly given: { readonly label: string; readonly answer: HostAnswer }[] = [];

  readonly to =
    (label: string) =>
    (answer: HostAnswer): void => {
      this.given.push({ label, answer });
    };

  get labels(): readonly string[] {
    return this.given.map(({ label }) => label);
  }

  get results(): readonly number[] {
    return this.given.map(({ answer }) => answer.hresult);
  }
}
