import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decide } from "../../src/activation/decide.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/activation/policy.ts";
import type { Guid } from "../../src/protocol/types.ts";
import {
  CATALOGUE,
  CLIENT_PRODUCT,
  contextWith,
  DAY,
  freshState,
  NOW,
  OFFICE_PRODUCT,
  requestOf,
} from "./support.ts";

type ModelRecord = { cmid: Guid; time: number };
type ModelApplication = { records: ModelRecord[]; largest: number };
type ModelState = Record<Guid, ModelApplication>;

/** COUNT-3 to COUNT-8 as the sentences read: lists that are filtered, copied and searched. */
class Model {
  state: ModelState = {};
  #accepted: ModelState = {};

  ask(
    id: Guid,
    application: Guid,
    virtual: boolean,
    required: number,
    now: number,
    policy: Policy,
  ) {
    const known = this.state[application] ?? { records: [], largest: 0 };
    const largest = Math.max(known.largest, Math.min(Math.max(required, 1), 25));
    let records = known.records
      .filter((record) => now - record.time < policy.recordDays * DAY)
      .filter((record) => record.cmid !== id);
    if (!virtual || policy.counting === "all") {
      // Whatever is later than now was made by a clock that has been set back.
      records = records.map(({ cmid, time }) => ({ cmid, time: Math.min(time, now) }));
      records.push({ cmid: id, time: now });
      if (policy.capacity === "bounded") records = records.slice(-2 * largest);
    }
    this.state = { ...this.state, [application]: { records, largest } };
    const count = records.length;
    return policy.replyCount === "capped" ? Math.min(count, 2 * largest) : count;
  }

  reset() {
    const empty = (): ModelApplication => ({ records: [], largest: 0 });
    this.state = Object.fromEntries(Object.keys(this.state).map((id) => [id, empty()]));
  }

  accept() {
    this.#accepted = structuredClone(this.state);
  }

  rollback() {
    this.state = structuredClone(this.#accepted);
  }
}

const askStep = fc.record({
  kind: fc.constant("ask" as const),
  machine: fc.nat(70),
  office: fc.boolean(),
  virtual: fc.boolean(),
  required: fc.constantFrom(0, 1, 2, 5, 25, 26, 0xffffffff),
  elapsed: fc.constantFrom(0, 0, 0, 1, DAY, 7 * DAY, 29 * DAY, 31 * DAY, -1, -DAY, -40 * DAY),
});
const step = fc.oneof(
  { weight: 40, arbitrary: askStep },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("accept" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("rollback" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reset" as const) }) },
);
const policies = fc.record({
  counting: fc.constantFrom("all" as const, "physical" as const),
  capacity: fc.constantFrom("bounded" as const, "bounded" as const, "unbounded" as const),
  replyCount: fc.constantFrom("capped" as const, "true" as const),
});

/** What {@link Model} would show of the state. */
function shown(state: ReturnType<typeof freshState>): ModelState {
  return Object.fromEntries(
    [...state.applications].map(({ applicationId, cache, largestRequiredCount }) => [
      applicationId,
      {
        largest: largestRequiredCount,
        records: [...cache.records()].map(({ cmid, time }) => ({ cmid, time })),
      },
    ]),
  );
}

describe("COUNT-1 to COUNT-8 and COUNT-12 against a naive model", () => {
  test("counts, records, and what a failed commit leaves behind", () => {
    const property = fc.property(
      policies,
      fc.array(step, { maxLength: 160, size: "max" }),
      (choice, steps) => {
        const policy: Policy = { ...DEFAULT_POLICY, ...choice };
        const state = freshState(policy);
        const model = new Model();
        let now = NOW;
        for (const one of steps) {
          if (one.kind === "ask") {
            now += one.elapsed;
            const product = one.office ? OFFICE_PRODUCT : CLIENT_PRODUCT;
            const { virtual, required } = one;
            const request = requestOf(one.machine, product, { virtual, requiredCount: required });
            const context = contextWith({ now, policy, catalogue: CATALOGUE });
            const { count } = decide(request, state, context);
            const { cmid, applicationId } = request;
            expect(count).toBe(model.ask(cmid, applicationId, virtual, required, now, policy));
          } else if (one.kind === "reset") {
            state.reset(undefined);
            model.reset();
          } else {
            state[one.kind]();
            model[one.kind]();
          }
          expect(shown(state)).toEqual(model.state);
        }
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  test("figures go back with a failed commit too (HOST-8)", () => {
    const state = freshState();
    decide(requestOf(0), state, contextWith());
    state.accept();
    decide(requestOf(1), state, contextWith());
    decide(requestOf(2, CLIENT_PRODUCT, { virtual: true, licenceState: 1 }), state, contextWith());
    state.rollback();
    expect(state.figures).toMatchObject({ total: 1, failed: 0, initialGrace: 1, licensed: 0 });
    expect(state.groupEffect().applications).toEqual([]);
  });
});
