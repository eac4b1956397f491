import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  type LogLevelName,
  openLog,
  sampleLog,
  startLog,
  stopLog,
} from "../../src/platform/log.ts";

let lines: string[] = [];

function start(form: "people" | "json", level: LogLevelName = "debug"): void {
  startLog({ write: (line) => lines.push(line), form, level });
}

beforeEach(() => {
  lines = [];
});
afterEach(stopLog);

describe("the log", () => {
  test("is silent until it is started", () => {
    openLog("rpc").error("nobody listens");
    expect(lines).toEqual([]);
  });

  test("for people: time, level, part, message, fields", () => {
    start("people");
    openLog("rpc").warning("connection refused", { address: "192.0.2.7", reason: "not admitted" });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z warning rpc: connection refused {2}address=192\.0\.2\.7 reason="not admitted"\n$/,
    );
  });

  test("for programs: one JSON document a line, our own keys first and never replaced", () => {
    start("json");
    openLog("dns").info("answered", { name: "a.lab", message: "forged", level: "forged" });
    const [line = ""] = lines;
    expect(Object.keys(JSON.parse(line)).slice(0, 4)).toEqual(["time", "level", "part", "message"]);
    expect(JSON.parse(line)).toMatchObject({
      level: "info",
      part: "dns",
      message: "answered",
      name: "a.lab",
    });
  });

  test("what came from outside can neither forge lines nor move the cursor", () => {
    const name = 'evil"\n2026-01-01T00:00:00Z info rpc: forged\u001b[2J\u202e {0} {name}';
    for (const form of ["people", "json"] as const) {
      start(form);
      openLog("rpc").info("client", { name });
    }
    for (const line of lines) {
      expect(line.indexOf("\n")).toBe(line.length - 1);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
      expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u202e]/);
    }
    expect(JSON.parse(lines[1] ?? "").name).toBe(name);
  });

  test("braces in a message are no places for fields", () => {
    start("people");
    openLog("rpc").info("set {a, b}", { a: 1 });
    expect(lines[0]).toContain("rpc: set {a, b}  a=1");
  });

  test("errors give their message, not their stack; big numbers are numbers", () => {
    start("json");
    openLog("store").error("commit failed", { error: new Error("disk full"), octets: 2n ** 60n });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      error: "disk full",
      octets: "1152921504606846976",
    });
  });

  test("lines below the level are left out", () => {
    start("people", "warning");
    const log = openLog("rpc");
    log.debug("one");
    log.info("two");
    log.warning("three");
    log.error("four");
    expect(lines.map((line) => line.split(" ").at(-1))).toEqual(["three\n", "four\n"]);
  });
});

describe("lines that a stranger can cause", () => {
  test("are bounded in each second, and what was left out is counted", () => {
    start("json");
    let now = 1_000_000;
    const log = sampleLog(openLog("rpc"), 2, () => now);
    for (let line = 0; line < 100; line += 1) log.info("refused", { line });
    now += 1000;
    log.warning("refused", { line: 100 });
    log.info("refused", { line: 101 });
    const seen = lines.map((line) => JSON.parse(line));
    expect(seen.map(({ line }) => line)).toEqual([0, 1, 100, 101]);
    expect(seen.map(({ suppressed }) => suppressed)).toEqual([undefined, undefined, 98, undefined]);
  });
});
