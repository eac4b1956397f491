import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Forecast,
  type ForecastFrame,
  type ForecastRecord,
  forecast,
} from "../../src/analysis/forecast.ts";
import { CLIENT_PRODUCT, cmid } from "../activation/support.ts";
import { DAY, HOUR, INTERVALS, NOW } from "./support.ts";

const LIFE = 30 * DAY;

function frameWith(changes: Partial<ForecastFrame> = {}): ForecastFrame {
  return {
    applicationId: CLIENT_PRODUCT.applicationId,
    now: NOW,
    intervals: INTERVALS,
    recordMilliseconds: LIFE,
    capacity: 50,
    reserve: 0,
    thresholds: [5, 25],
    ...changes,
  };
}

function recordOf(index: number, age: number, isActivated = true): ForecastRecord {
  const machineName = `MACHINE-${index}`;
  return { cmid: cmid(index), time: NOW - age, machineName, address: "192.0.2.1", isActivated };
}

function recordsOf(...ages: readonly number[]): readonly ForecastRecord[] {
  return ages.map((age, index) => recordOf(index, age));
}

function outlookOf({ thresholds }: Forecast, threshold: number) {
  return thresholds.find((one) => one.threshold === threshold);
}

describe("COUNT-11: the forecast", () => {
  test("says when the count falls below a threshold, and who has gone by then", () => {
    const fresh = Array.from({ length: 3 }, () => HOUR);
    const result = forecast(frameWith(), recordsOf(...fresh, 20 * DAY, 25 * DAY, 10 * DAY));
    expect(result).toMatchObject({ count: 6, silent: 3 });
    expect(outlookOf(result, 5)).toMatchObject({
      outlook: "falls",
      at: NOW + 10 * DAY,
      leavingTotal: 2,
      leaving: [{ machineName: "MACHINE-4" }, { machineName: "MACHINE-3" }],
    });
    expect(outlookOf(result, 25)).toMatchObject({ outlook: "below", at: undefined });
  });

  test("holds where enough clients ask regularly", () => {
    const ages = [...Array.from({ length: 5 }, () => DAY), 29 * DAY, 29 * DAY];
    expect(outlookOf(forecast(frameWith(), recordsOf(...ages)), 5)?.outlook).toBe("holds");
  });

  test("holds where others wait for the room that silent clients leave (COUNT-7)", () => {
    const ages = Array.from({ length: 10 }, () => 20 * DAY);
    const records = recordsOf(...ages);
    const frame = { capacity: 10, thresholds: [5] };
    expect(forecast(frameWith(frame), records).thresholds[0]?.outlook).toBe("falls");
    const reserve = { ...frame, reserve: 5 };
    expect(forecast(frameWith(reserve), records).thresholds[0]?.outlook).toBe("holds");
  });

  test("a client below its threshold is silent after hours, an activated one after a week", () => {
    const ages = (isActivated: boolean) =>
      [5, 7, 100, 167, 173].map((hours, index) => recordOf(index, hours * HOUR, isActivated));
    expect(forecast(frameWith(), ages(false)).silent).toBe(4);
    expect(forecast(frameWith(), ages(true)).silent).toBe(1);
  });

  test("thresholds are named once, the largest first", () => {
    const { thresholds } = forecast(frameWith({ thresholds: [5, 25, 5] }), []);
    expect(thresholds.map(({ threshold }) => threshold)).toEqual([25, 5]);
  });
});

/** Whoever asked in the interval renews for ever, the others never: the count at a time. */
function naiveCount(records: readonly ForecastRecord[], frame: ForecastFrame, time: number) {
  const { activationMinutes, renewalMinutes } = frame.intervals;
  const isAlive = ({ time: asked, isActivated }: ForecastRecord): boolean => {
    const interval = isActivated ? renewalMinutes : activationMinutes;
    return asked + (interval + 2 * activationMinutes) * 60_000 > frame.now;
  };
  const counted = records.filter(
    (record) => isAlive(record) || record.time + frame.recordMilliseconds > time,
  );
  return counted.length + frame.reserve;
}

test("COUNT-11: agrees with a naive model that looks at every moment", () => {
  const record = fc.record({
    // Hours, so that several go at the same moment.
    age: fc.integer({ min: 0, max: 31 * 24 }).map((hours) => hours * HOUR),
    isActivated: fc.boolean(),
  });
  const scene = fc.record({
    records: fc.array(record, { maxLength: 40 }),
    reserve: fc.nat(3),
    threshold: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(
    fc.property(scene, ({ records: drawn, reserve, threshold }) => {
      const records = drawn.map(({ age, isActivated }, index) => recordOf(index, age, isActivated));
      const frame = frameWith({ reserve, thresholds: [threshold], capacity: 50 });
      const [outlook] = forecast(frame, records).thresholds;
      const countNow = records.filter(({ time }) => time + LIFE > NOW).length;
      const moments = records
        .map(({ time }) => time + LIFE)
        .filter((time) => time > NOW)
        .sort((one, other) => one - other);
      const firstBelow = moments.find((time) => naiveCount(records, frame, time) < threshold);
      if (countNow < threshold) expect(outlook?.outlook).toBe("below");
      else if (firstBelow === undefined) expect(outlook?.outlook).toBe("holds");
      else expect(outlook).toMatchObject({ outlook: "falls", at: firstBelow });
    }),
    { numRuns: 300 },
  );
});
