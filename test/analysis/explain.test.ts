import { describe, expect, test } from "bun:test";
import {
  type ExplainContext,
  type ExplainedClient,
  explainClient,
} from "../../src/analysis/explain.ts";
import { HRESULT } from "../../src/protocol/hresult.ts";
import { clientOf, DAY, HOUR, NOW, RULES } from "./support.ts";

const CONTEXT: ExplainContext = {
  rules: RULES,
  now: NOW + HOUR,
  count: 30,
  productName: "Lab Client",
  counting: "all",
  duplicate: undefined,
};

function explain(changes: Partial<ExplainedClient>, context: Partial<ExplainContext> = {}) {
  return explainClient({ ...clientOf(7), virtual: false, ...changes }, { ...CONTEXT, ...context });
}

describe("explain", () => {
  test("an activated machine", () => {
    const result = explain({});
    expect(result).toMatchObject({
      verdict: "activated",
      code: 0,
      state: "licensed",
      isOverdue: false,
      advice: ["nothing has to be done"],
    });
    expect(result.reason).toBe(
      "MACHINE-7 (192.0.2.1) is activated: when it asked 60 minutes ago, the count was 30 and it " +
        "needs 25; valid until 2026-07-14T12:00Z",
    );
  });

  test("one that waits: the count then, its threshold, the shortfall, its code, when it asks again", () => {
    expect(explain({ lastCount: 20 }, { count: 23 })).toMatchObject({
      verdict: "waiting",
      code: HRESULT.countInsufficient,
      asked: { at: NOW, count: 20, threshold: 25, shortfall: 5, reportedState: 2 },
      countNow: 23,
      shortfallNow: 2,
      state: "initialGrace",
      asksAgainAt: NOW + 2 * HOUR,
      advice: ["let 2 more machines with ids of their own ask this host"],
    });
  });

  test("one that may activate by now", () => {
    const { advice } = explain({ lastCount: 20 }, { count: 25 });
    expect(advice[0]).toStartWith("the count is 25 by now: it activates when it asks again");
  });

  test("one that shares its id hears so first", () => {
    const { advice } = explain({ lastCount: 20 }, { duplicate: "shared by A and B" });
    expect(advice[0]).toBe("shared by A and B");
  });

  test("a virtual one where physical machines count", () => {
    const { advice } = explain(
      { lastCount: 20, virtual: true },
      { counting: "physical", count: 20 },
    );
    expect(advice).toContain("virtual machines do not raise the count here (activation.counting)");
  });

  test("one that was refused: the host's code and what helps", () => {
    const { productNotServed } = HRESULT;
    const result = explain({ lastResult: productNotServed, lastCount: 0 });
    expect(result).toMatchObject({ verdict: "refused", code: productNotServed });
    expect(result.reason).toContain("this host cannot serve this product");
    expect(result.advice[0]).toContain("catalogue");
  });

  test("one that was activated and never came back", () => {
    const result = explain({}, { now: NOW + 200 * DAY });
    expect(result).toMatchObject({
      verdict: "lapsed",
      code: HRESULT.noHostReachable,
      state: "outOfTolerance",
      isOverdue: true,
    });
    expect(result.advice[0]).toContain("was to ask again at 2026-01-22T12:00Z and has not");
  });

  test("one that is late is told of, although it is activated still", () => {
    expect(explain({}, { now: NOW + 8 * DAY })).toMatchObject({
      verdict: "activated",
      isOverdue: true,
    });
  });

  test("a genuine client is a licensed host's business", () => {
    const result = explain({ source: "observed", lastResult: HRESULT.productNotServed });
    expect(result).toMatchObject({ verdict: "elsewhere", code: HRESULT.productNotServed });
  });

  test("what it called itself cannot play with a terminal", () => {
    const { reason } = explain({ machineName: "\u001b[2J\u202e" });
    expect(reason).toStartWith("\\x1b[2J\\u202e (192.0.2.1)");
  });
});
