import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { countEdits, nearest } from "../../src/platform/nearest.ts";

describe("did you mean", () => {
  const keys = ["listen", "zones", "host", "addresses", "priority", "weight", "ttl"];
  const cases: readonly (readonly [written: string, meant: string | undefined])[] = [
    ["lisen", "listen"],
    ["Listen", "listen"],
    ["hsot", "host"],
    ["tttl", "ttl"],
    ["adress", "addresses"],
    ["prot", undefined],
    ["qq", undefined],
    ["", undefined],
    ["listen".repeat(100), undefined],
  ];
  for (const [written, meant] of cases) {
    test(`${written.slice(0, 20)}: ${meant}`, () => expect(nearest(written, keys)).toBe(meant));
  }
});

describe("edits", () => {
  test("of known pairs", () => {
    expect(countEdits("kitten", "sitting")).toBe(3);
    expect(countEdits("ab", "ba")).toBe(1);
    expect(countEdits("", "abc")).toBe(3);
  });

  test("are the same both ways, and none only where nothing differs", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (left, right) => {
        const edits = countEdits(left, right);
        return edits === countEdits(right, left) && (edits === 0) === (left === right);
      }),
    );
  });
});
