import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type ClockGuardState,
  type ClockReading,
  type ClockRules,
  confirmClock,
  expiryTime,
  readClock,
  startGuard,
} from "../../src/analysis/clock-guard.ts";
import { DAY, HOUR, MINUTE, NOW } from "./support.ts";

const RULES: ClockRules = { jumpMilliseconds: 4 * HOUR, settleMilliseconds: DAY };
const MANUAL: ClockRules = { ...RULES, settleMilliseconds: 0 };

/** A machine whose wall clock a test sets, and whose other clock goes on. */
class Machine {
  monotonic = 1000;
  offset = NOW - 1000;
  readonly rules: ClockRules;
  state: ClockGuardState;

  constructor(rules: ClockRules = RULES, mark?: number) {
    this.rules = rules;
    this.state = startGuard(mark, this.reading(), rules);
  }

  reading(): ClockReading {
    return { wall: this.monotonic + this.offset, monotonic: this.monotonic };
  }

  wait(milliseconds: number, steps = 1): void {
    for (let step = 0; step < steps; step += 1) {
      this.monotonic += milliseconds / steps;
      this.state = readClock(this.state, this.reading(), this.rules);
    }
  }

  jump(milliseconds: number): void {
    this.offset += milliseconds;
    this.wait(0);
  }

  get believed(): number {
    return expiryTime(this.state);
  }
}

describe("REPORT-3: a clock that goes as time passes", () => {
  test("is believed, with what a time server corrects", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -4 * HOUR, max: 4 * HOUR })), (corrections) => {
        const machine = new Machine();
        for (const correction of corrections) {
          machine.jump(correction);
          expect(machine.state.doubt).toBeUndefined();
          expect(machine.believed).toBe(machine.reading().wall);
        }
      }),
    );
  });

  test("is believed at the first start of all, and at a start close to the last stop", () => {
    expect(new Machine(RULES, undefined).state.doubt).toBeUndefined();
    expect(new Machine(RULES, NOW - HOUR).state.doubt).toBeUndefined();
  });
});

describe.each([
  ["forward", 400 * DAY],
  ["backward", -400 * DAY],
] as const)("REPORT-3: a clock that jumps %s", (kind, distance) => {
  test("is doubted, and believed time goes on at its pace", () => {
    const machine = new Machine();
    machine.jump(distance);
    machine.wait(HOUR, 5);
    expect(machine.state.doubt).toMatchObject({ kind, noticedAt: NOW, wall: NOW + distance });
    expect(machine.believed).toBe(NOW + HOUR);
  });

  test("is believed again when it comes back", () => {
    const machine = new Machine(MANUAL);
    machine.jump(distance);
    machine.wait(3 * DAY - HOUR);
    machine.jump(-distance);
    expect(machine.state.doubt).toBeUndefined();
    expect(machine.believed).toBe(NOW + 3 * DAY - HOUR);
  });

  test("is believed once it is confirmed", () => {
    const machine = new Machine(MANUAL);
    machine.jump(distance);
    machine.wait(30 * DAY, 3);
    expect(machine.state.doubt).toBeDefined();
    machine.state = confirmClock(machine.reading());
    machine.wait(HOUR);
    expect(machine.state.doubt).toBeUndefined();
    expect(machine.believed).toBe(NOW + distance + 30 * DAY + HOUR);
  });

  test("is believed after it has gone steadily for long enough, and not a minute before", () => {
    const machine = new Machine();
    machine.jump(distance);
    machine.wait(DAY - MINUTE, 7);
    expect(machine.state.doubt).toBeDefined();
    machine.wait(MINUTE);
    expect(machine.state.doubt).toBeUndefined();
    expect(machine.believed).toBe(machine.reading().wall);
  });

  test("begins its time anew with each further jump", () => {
    const machine = new Machine();
    machine.jump(distance);
    machine.wait(DAY - HOUR);
    machine.jump(distance);
    machine.wait(DAY - HOUR);
    expect(machine.state.doubt).toBeDefined();
    machine.wait(HOUR);
    expect(machine.state.doubt).toBeUndefined();
  });

  test("is doubted at a start as well, however often that is", () => {
    const mark = NOW - distance;
    const first = new Machine(RULES, mark);
    expect(first.state.doubt?.kind).toBe(kind);
    first.wait(HOUR);
    expect(first.believed).toBe(mark + HOUR);
    expect(new Machine(RULES, first.believed).state.doubt?.kind).toBe(kind);
  });
});

test("REPORT-3: believed time never jumps without a confirmation, whatever the clock does", () => {
  const step = fc.record({
    jump: fc.integer({ min: -3000 * DAY, max: 3000 * DAY }),
    wait: fc.integer({ min: 0, max: DAY }),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const machine = new Machine(MANUAL);
      for (const { jump, wait } of steps) {
        const before = machine.believed;
        machine.offset += jump;
        machine.wait(wait);
        const moved = machine.believed - before - wait;
        expect(Math.abs(moved)).toBeLessThanOrEqual(RULES.jumpMilliseconds);
      }
    }),
  );
});
