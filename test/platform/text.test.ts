import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { csvCell, csvLines, escapeUnsafe, sanitise } from "../../src/platform/text.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may be left
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;

describe("untrusted text for a terminal", () => {
  const cases: readonly (readonly [text: string, shown: string])[] = [
    ["KMS-01", "KMS-01"],
    ["Büro ☕ 日本", "Büro ☕ 日本"],
    ["a\nb\tc\r", "a\\nb\\tc\\r"],
    ["\u001b[2J\u0007", "\\x1b[2J\\x07"],
    ["\u009b31m", "\\x9b31m"],
    ["abc\u202etxt", "abc\\u202etxt"],
    ["\ud83d\ude00 \ud83d", "😀 \\ud83d"],
  ];
  for (const [text, shown] of cases) {
    test(JSON.stringify(text), () => expect(sanitise(text)).toBe(shown));
  }

  test("is cut", () => expect(sanitise("x".repeat(300))).toBe(`${"x".repeat(256)}…`));

  test("never holds what moves a cursor", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !UNSAFE.test(sanitise(text))));
  });

  test("as JSON it means the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = escapeUnsafe(JSON.stringify(text));
        return !UNSAFE.test(json) && JSON.parse(json) === text;
      }),
    );
  });
});

describe("CSV (RFC 4180)", () => {
  const cases: readonly (readonly [value: Parameters<typeof csvCell>[0], cell: string])[] = [
    ["plain", "plain"],
    ["a,b", '"a,b"'],
    ['say "no"', '"say ""no"""'],
    ["line\nbreak", "line\\nbreak"],
    [12.5, "12.5"],
    [-3, "-3"],
    [true, "true"],
    [undefined, ""],
    [null, ""],
    ["=1+1", "'=1+1"],
    ["+cmd", "'+cmd"],
    ["-2+3", "'-2+3"],
    ["-7", "-7"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["  =1", "'  =1"],
    ["\t=1", "'\\t=1"],
    ['=HYPERLINK("x",1)', '"\'=HYPERLINK(""x"",1)"'],
  ];
  for (const [value, cell] of cases) {
    test(JSON.stringify(value) ?? "undefined", () => expect(csvCell(value)).toBe(cell));
  }

  test("no text starts as a formula", () => {
    const start = fc.constantFrom("=", "+", "-", "@", "\t", "\r", " =");
    fc.assert(
      fc.property(start, fc.string(), (first, rest) => {
        const cell = csvCell(first + rest).replace(/^"/, "");
        return /^'/.test(cell) || /^-?\d+(\.\d+)?$/.test(cell);
      }),
    );
  });

  test("rows end as the RFC says", () => {
    expect(
      csvLines([
        ["name", "count"],
        ["a", 1],
      ]),
    ).toBe("name,count\r\na,1\r\n");
  });
});
