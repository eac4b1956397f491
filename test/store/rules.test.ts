import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { decide } from "../../src/activation/decide.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/activation/policy.ts";
import { ActivationState } from "../../src/activation/state.ts";
import { packRequests } from "../../src/store/group.ts";
import { unpackState } from "../../src/store/saved-state.ts";
import { Writer } from "../../src/store/writer.ts";
import {
  CLIENT_PRODUCT,
  contextWith,
  DAY,
  NOW,
  OFFICE_PRODUCT,
  requestOf,
} from "../activation/support.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { QUICK_PROBES } from "./support.ts";

const folder = scratchDirectory("store-rules");
let files = 0;

const request = fc.record({
  machine: fc.nat(30),
  office: fc.boolean(),
  virtual: fc.boolean(),
  required: fc.constantFrom(1, 3, 5, 25),
});
const group = fc.record({
  elapsed: fc.constantFrom(0, 1, DAY, 12 * DAY, 31 * DAY, -DAY, -50 * DAY),
  reset: fc.boolean(),
  requests: fc.array(request, { maxLength: 20 }),
});
const groups = fc.array(
  group.map((one) => ({ ...one, reset: one.reset && one.requests.length === 7 })),
  { maxLength: 12 },
);

/** What of a state must be the same before and after a restart. */
function shown(state: ActivationState) {
  return {
    figures: state.figures,
    applications: [...state.applications]
      .map(({ applicationId, cache, largestRequiredCount }) => ({
        applicationId,
        largestRequiredCount,
        records: [...cache.records()],
      }))
      .sort((one, other) => (one.applicationId < other.applicationId ? -1 : 1)),
  };
}

test("STORE-1: after every commit, what is stored is what the rules have in memory", () => {
  const property = fc.property(
    fc.constantFrom("all" as const, "physical" as const),
    groups,
    (counting, sequence) => {
      const policy: Policy = { ...DEFAULT_POLICY, counting };
      files += 1;
      const path = join(folder, `${files}.db`);
      const writer = new Writer(
        { path, maximumPages: undefined, probeDelays: QUICK_PROBES },
        () => {},
      );
      writer.open();
      let now = NOW;
      const state = new ActivationState(unpackState(writer.loadState()), policy, now);
      for (const { elapsed, reset, requests } of sequence) {
        now += elapsed;
        const resets = reset ? state.reset(undefined) : [];
        const effects = requests.map(({ machine, office, virtual, required }) => {
          const product = office ? OFFICE_PRODUCT : CLIENT_PRODUCT;
          const changes = { virtual, requiredCount: required };
          const one = requestOf(machine, product, changes);
          return decide(one, state, contextWith({ now, policy })).effect;
        });
        const effect = state.groupEffect();
        const packed = packRequests(effects, effect.applications);
        const outcome = writer.commit({ requests: packed, effect, resets, general: [] });
        expect(outcome.ok).toBe(true);
        state.accept();
        // Restored at the beginning of time, so that nothing is left out as expired.
        const restored = new ActivationState(unpackState(writer.loadState()), policy, 0);
        expect(shown(restored)).toEqual(shown(state));
      }
      writer.close();
    },
  );
  fc.assert(property, { numRuns: 60 });
});
