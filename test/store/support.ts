import { ZERO_GUID } from "../../src/activation/catalogue.ts";
import { decide, type RequestEffect } from "../../src/activation/decide.ts";
import type { RequestEvent } from "../../src/activation/events.ts";
import { DEFAULT_POLICY } from "../../src/activation/policy.ts";
import { ActivationState } from "../../src/activation/state.ts";
import type { ActivationRequest } from "../../src/protocol/types.ts";
import type { CommitGroup } from "../../src/store/group.ts";
import type { StoreHealth } from "../../src/store/health.ts";
import type { Store } from "../../src/store/store.ts";
import type { CommitReceipt, ProbeDelays } from "../../src/store/writer.ts";
import { CLIENT_PRODUCT, cmid, contextWith, NOW, requestOf } from "../activation/support.ts";

/** As short as a test wants to wait, and no shorter than what a probe takes. */
export const QUICK_PROBES: ProbeDelays = { firstMilliseconds: 5, longestMilliseconds: 20 };

/** A request's effect as `decide` would make it, in the parts that a test names. */
export function effectOf(
  index: number,
  event: Partial<RequestEvent> = {},
  rest: Partial<RequestEffect> = {},
): RequestEffect {
  return {
    event: {
      time: NOW + index,
      hresult: 0,
      requiredCount: 25,
      machineName: `MACHINE-${index}`,
      cmid: cmid(index),
      clientTime: NOW,
      virtual: false,
      licenceState: 2,
      minutesToExpiration: 43_200,
      activationId: CLIENT_PRODUCT.activationId,
      applicationId: CLIENT_PRODUCT.applicationId,
      count: 1,
      peerAddress: "192.0.2.1",
      detail: "",
      ...event,
    },
    source: "own",
    inInventory: event.cmid !== ZERO_GUID,
    replacedSequence: undefined,
    recordSequence: undefined,
    ...rest,
  };
}

export function groupOf(requests: readonly RequestEffect[]): CommitGroup {
  return { requests, effect: undefined, resets: [], general: [] };
}

/** Commits, and throws where the store refuses. */
export async function commit(store: Store, group: CommitGroup): Promise<CommitReceipt> {
  const outcome = await store.commit(group);
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
}

/** A host without a network: rules and store, one group after another. */
export class Ledger {
  readonly store: Store;
  state: ActivationState;

  private constructor(store: Store, state: ActivationState) {
    this.store = store;
    this.state = state;
  }

  static async of(store: Store): Promise<Ledger> {
    const saved = await store.loadState();
    return new Ledger(store, new ActivationState(saved, DEFAULT_POLICY, NOW));
  }

  async ask(requests: readonly ActivationRequest[], now = NOW): Promise<readonly number[]> {
    const decisions = requests.map((one) => decide(one, this.state, contextWith({ now })));
    const effect = this.state.groupEffect();
    const effects = decisions.map((decision) => decision.effect);
    await commit(this.store, { requests: effects, effect, resets: [], general: [] });
    this.state.accept();
    return decisions.map((decision) => decision.count);
  }

  askMachines(...machines: readonly number[]): Promise<readonly number[]> {
    return this.ask(machines.map((machine) => requestOf(machine)));
  }
}

/** Resolves when the store's health is of that state; at once where it is. */
export function healthBecomes(store: Store, state: StoreHealth["state"]): Promise<StoreHealth> {
  const health = store.health();
  if (health.state === state) return Promise.resolve(health);
  return new Promise((resolve) => {
    const end = store.onHealthChange((changed) => {
      if (changed.state !== state) return;
      end();
      resolve(changed);
    });
  });
}

/** What a promise is rejected with: `expect().rejects` blocks the loop that a thread answers on. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}
