import { type ActivationResult, runActivation } from "../../src/client/activation.ts";
import type { Machine } from "../../src/client/attempt.ts";
import type { LookupFailure } from "../../src/client/discovery.ts";
import type { ClientEvent } from "../../src/client/events.ts";
import { type ClientProduct, type ClientState, newClientState } from "../../src/client/state.ts";
import { sha256 } from "../../src/platform/hash.ts";
import { fail, ok } from "../../src/platform/result.ts";
import { verifierFor } from "../../src/platform/signature.ts";
import { type FakeHost, NOW, RANDOM } from "./fake-host.ts";

export const PRODUCT: ClientProduct = {
  name: "Lab Client Enterprise",
  applicationId: "ce3c57d6-da5b-412d-bdb2-b2aeba932841",
  activationId: "0c3b32aa-5919-466a-abf3-90b7c506aaf2",
  kind: "client",
  group: "clientVolume",
  threshold: 25,
};

/** A network of hosts by name; a name without a host does not answer. */
export class Harness {
  readonly hosts: Record<string, FakeHost>;
  /** In the order in which DNS gives them. */
  names: readonly string[];
  lookupFailure: LookupFailure | undefined;
  now = NOW;
  state: ClientState;
  readonly asked: string[] = [];
  readonly events: ClientEvent[] = [];
  lookups = 0;

  constructor(hosts: Record<string, FakeHost>, state: Partial<ClientState> = {}) {
    this.hosts = hosts;
    this.names = Object.keys(hosts);
    this.state = { ...newClientState(PRODUCT, NOW, RANDOM), ...state };
  }

  /** One run; the state is carried on to the next. */
  async run(machine: Machine = { name: "PC-1", virtual: false }): Promise<ActivationResult> {
    const result = await runActivation(
      {
        clock: () => this.now,
        randomBytes: RANDOM,
        cryptography: { sha256, verifierFor },
        connect: async ({ host }) => {
          this.asked.push(host);
          const found = this.hosts[host];
          return found === undefined ? fail("cannot connect: ECONNREFUSED") : ok(found.connect());
        },
        onEvent: (event) => this.events.push(event),
      },
      this.state,
      machine,
      async () => {
        this.lookups += 1;
        if (this.lookupFailure !== undefined) return fail(this.lookupFailure);
        return ok(this.names.map((host) => ({ host, port: 1688 })));
      },
    );
    this.state = result.state;
    return result;
  }
}
