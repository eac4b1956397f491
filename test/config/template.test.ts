import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfiguration } from "../../src/config/load.ts";
import { formatPath, keyDefinitions } from "../../src/config/outline.ts";
import { variableName } from "../../src/config/overrides.ts";
import { renderTemplate } from "../../src/config/template.ts";

function load(text: string): ReturnType<typeof loadConfiguration> {
  const surroundings = { hostName: "box", baseDirectory: "/srv" };
  return loadConfiguration({ text, environment: {}, settings: [], ...surroundings });
}

const template = renderTemplate();
/** Every key live: `#key = value` without its mark. */
const live = template.replaceAll(/^#(?=\S)/gm, "");

describe("the commented configuration file", () => {
  test("appliance.toml is what the schema gives; `muster init --force` writes it anew", () => {
    const file = readFileSync(join(import.meta.dir, "../../appliance.toml"), "utf8");
    expect(file).toBe(template);
  });

  test("changes nothing as it is", () => {
    const [asIs, empty] = [load(template), load("")];
    if (!asIs.ok || !empty.ok) throw new Error("refused");
    expect(asIs.value.configuration).toEqual(empty.value.configuration);
  });

  test("is accepted with every key live, and says every key", () => {
    const loaded = load(live);
    if (!loaded.ok) throw new Error(loaded.error.map(({ what }) => what).join("; "));
    const fromFile = loaded.value.explain().filter(({ origin }) => origin.kind === "file");
    const keys = keyDefinitions.map(({ path }) => formatPath(path));
    expect(fromFile.map(({ key }) => key).filter((key) => !key.includes("["))).toEqual(keys);
  });

  test("explains every key and fits a terminal", () => {
    const lines = template.split("\n");
    for (const [index, line] of lines.entries()) {
      if (/^#\w+ = /.test(line)) expect(lines[index - 1]).toMatch(/^# \S.*\S$/);
      expect(line.length).toBeLessThanOrEqual(100);
    }
    expect(template).not.toContain("undefined");
  });
});

test("no two keys share a variable", () => {
  const variables = keyDefinitions.map(({ path }) => variableName(path));
  expect(new Set(variables).size).toBe(variables.length);
});
