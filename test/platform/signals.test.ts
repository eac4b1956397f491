import { describe, expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { watchSignals } from "../../src/platform/signals.ts";

function watched(): {
  source: EventEmitter;
  said: string[];
  signals: ReturnType<typeof watchSignals>;
} {
  const source = new EventEmitter();
  const said: string[] = [];
  const signals = watchSignals(source, {
    onSecondStop: (signal) => said.push(`at once ${signal}`),
    onReload: () => said.push("reload"),
  });
  return { source, said, signals };
}

describe("signals of a service", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} asks to stop`, async () => {
      const { source, said, signals } = watched();
      source.emit(signal);
      expect(await signals.stopRequested).toBe(signal);
      expect(said).toEqual([]);
    });
  }

  test("a second one, of either kind, ends at once", async () => {
    const { source, said, signals } = watched();
    source.emit("SIGTERM");
    source.emit("SIGINT");
    expect(await signals.stopRequested).toBe("SIGTERM");
    expect(said).toEqual(["at once SIGINT"]);
  });

  test("SIGHUP reloads, as often as it comes", () => {
    const { source, said } = watched();
    source.emit("SIGHUP");
    source.emit("SIGHUP");
    expect(said).toEqual(["reload", "reload"]);
  });

  test("release leaves nothing behind", () => {
    const { source, signals } = watched();
    signals.release();
    expect(source.eventNames()).toEqual([]);
  });
});
