import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Admission, CircuitBreaker } from "../../src/relay/circuit-breaker.ts";

const SETTINGS = { failures: 3, retryMilliseconds: 100 };

function failedTimes(breaker: CircuitBreaker, times: number, now: number): void {
  for (let failure = 0; failure < times; failure += 1) breaker.failed(breaker.admit(now), now);
}

function opened(now = 0): CircuitBreaker {
  const breaker = new CircuitBreaker(SETTINGS);
  failedTimes(breaker, SETTINGS.failures, now);
  return breaker;
}

describe("RELAY-3: the circuit breaker", () => {
  test("lets everything through until so many failures in a row", () => {
    const breaker = new CircuitBreaker(SETTINGS);
    failedTimes(breaker, 2, 0);
    expect([breaker.state(0), breaker.admit(0)]).toEqual(["closed", "attempt"]);
    failedTimes(breaker, 1, 0);
    expect([breaker.state(0), breaker.admit(0)]).toEqual(["open", "refused"]);
  });

  test("an answer between failures starts the count anew", () => {
    const breaker = new CircuitBreaker(SETTINGS);
    for (let round = 0; round < 10; round += 1) {
      failedTimes(breaker, 2, round);
      breaker.succeeded();
    }
    expect(breaker.state(10)).toBe("closed");
  });

  test("stays open for its time and no longer", () => {
    const breaker = opened(1000);
    const waits = [1000, 1099, 1100, 5000].map((now) => breaker.waitMilliseconds(now));
    expect(waits).toEqual([100, 1, 0, 0]);
    const states = [1000, 1099, 1100].map((now) => breaker.state(now));
    expect(states).toEqual(["open", "open", "halfOpen"]);
    expect(breaker.admit(1099)).toBe("refused");
  });

  test("half open it lets one probe through", () => {
    const breaker = opened();
    const admissions = [100, 100, 1000].map((now) => breaker.admit(now));
    expect(admissions).toEqual(["probe", "refused", "refused"]);
  });

  test("a probe that fails opens it again, one that succeeds closes it", () => {
    const breaker = opened();
    breaker.failed(breaker.admit(100), 150);
    expect([breaker.state(249), breaker.state(250)]).toEqual(["open", "halfOpen"]);
    expect(breaker.admit(250)).toBe("probe");
    breaker.succeeded();
    expect([breaker.state(250), breaker.admit(250)]).toEqual(["closed", "attempt"]);
    failedTimes(breaker, 2, 250);
    expect(breaker.state(250)).toBe("closed");
  });

  test("attempts from before it opened neither lengthen its time nor end the probe", () => {
    const breaker = opened();
    breaker.failed("attempt", 90);
    expect(breaker.admit(100)).toBe("probe");
    breaker.failed("attempt", 101);
    expect([breaker.state(101), breaker.admit(101)]).toEqual(["halfOpen", "refused"]);
  });

  test("and an old one that succeeds closes it: an answer is an answer", () => {
    const breaker = opened();
    breaker.succeeded();
    expect(breaker.state(0)).toBe("closed");
  });

  test("whatever happens: never two probes at once, never stuck", () => {
    const step = fc.record({
      passes: fc.integer({ min: 0, max: 120 }),
      act: fc.constantFrom("admit", "fail", "succeed"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const breaker = new CircuitBreaker(SETTINGS);
        const running: Admission[] = [];
        let now = 0;
        for (const { passes, act } of steps) {
          now += passes;
          const [oldest] = running;
          if (act === "admit") {
            const admission = breaker.admit(now);
            if (admission !== "refused") running.push(admission);
          } else if (oldest !== undefined) {
            running.shift();
            if (act === "fail") breaker.failed(oldest, now);
            else {
              breaker.succeeded();
              // Closed: a probe that is still out is an attempt like others.
              running.fill("attempt");
            }
          }
          expect(running.filter((one) => one === "probe").length).toBeLessThanOrEqual(1);
        }
        while (running.length > 0) breaker.failed(running.shift() ?? "attempt", now);
        expect(breaker.admit(now + SETTINGS.retryMilliseconds)).not.toBe("refused");
      }),
    );
  });
});
