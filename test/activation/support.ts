import { type Catalogue, createCatalogue, type Product } from "../../src/activation/catalogue.ts";
import { type Decision, type DecisionContext, decide } from "../../src/activation/decide.ts";
import { DEFAULT_CATALOGUE } from "../../src/activation/default-catalogue.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/activation/policy.ts";
import { ActivationState, EMPTY_SAVED_STATE } from "../../src/activation/state.ts";
import type { ActivationRequest, Guid } from "../../src/protocol/types.ts";

export const NOW = Date.UTC(2026, 0, 15, 12);
export const DAY = 24 * 60 * 60 * 1000;

export function catalogueOf(products: readonly Product[]): Catalogue {
  const created = createCatalogue(products);
  if (!created.ok) throw new Error(JSON.stringify(created.error));
  return created.value;
}

export const CATALOGUE = catalogueOf(DEFAULT_CATALOGUE);

export function productNamed(name: string): Product {
  const product = DEFAULT_CATALOGUE.find((one) => one.name === name);
  if (product === undefined) throw new Error(`no product ${name}`);
  return product;
}

export const CLIENT_PRODUCT = productNamed("Lab Client Business");
export const SERVER_PRODUCT = productNamed("Lab Server Standard");
export const OFFICE_PRODUCT = productNamed("Lab Office Standard");

/** Client machine id number `index`; never the zero GUID. */
export function cmid(index: number): Guid {
  return `${(index + 1).toString(16).padStart(8, "0")}-aaaa-4aaa-8aaa-000000000000`;
}

/** A request of machine `index` with `product`. */
export function requestOf(
  index: number,
  product: Product = CLIENT_PRODUCT,
  changes: Partial<ActivationRequest> = {},
): ActivationRequest {
  return {
    virtual: false,
    licenceState: 2,
    minutesToExpiration: 43_200,
    requiredCount: product.threshold,
    applicationId: product.applicationId,
    activationId: product.activationId,
    cmid: cmid(index),
    clientTime: NOW,
    nonce: new Uint8Array(16),
    machineName: `MACHINE-${index}`,
    ...changes,
  };
}

export function contextWith(changes: Partial<DecisionContext> = {}): DecisionContext {
  return {
    now: NOW,
    policy: DEFAULT_POLICY,
    catalogue: CATALOGUE,
    standing: { kind: "licensed", group: "serverC", selfIssued: true },
    draining: false,
    peerAddress: "192.0.2.1",
    ...changes,
  };
}

export function freshState(policy: Policy = DEFAULT_POLICY): ActivationState {
  return new ActivationState(EMPTY_SAVED_STATE, policy, NOW);
}

/** A host with a state and a clock that a test turns. */
export class Bench {
  now = NOW;
  readonly policy: Policy;
  readonly state: ActivationState;
  readonly #changes: Partial<DecisionContext>;

  constructor(policy: Partial<Policy> = {}, changes: Partial<DecisionContext> = {}) {
    this.policy = { ...DEFAULT_POLICY, ...policy };
    this.state = freshState(this.policy);
    this.#changes = changes;
  }

  /** Decides and keeps. */
  ask(request: ActivationRequest): Decision {
    const { now, policy } = this;
    const decision = decide(request, this.state, contextWith({ now, policy, ...this.#changes }));
    this.state.accept();
    return decision;
  }

  count(request: ActivationRequest): number {
    return this.ask(request).count;
  }

  /** Client machine ids in the cache of an application, oldest first. */
  held(applicationId: Guid = CLIENT_PRODUCT.applicationId): readonly Guid[] {
    const cache = this.state.application(applicationId)?.cache;
    return cache === undefined ? [] : [...cache.records()].map((record) => record.cmid);
  }
}
