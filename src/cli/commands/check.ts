import { buildCommand } from "@stricli/core";
import type { ExplainedKey } from "../../config/load.ts";
import type { Origin } from "../../config/problem.ts";
import { sanitise } from "../../platform/text.ts";
import {
  CONFIGURATION_FLAGS,
  type ConfigurationFlags,
  loadCommandConfiguration,
} from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { alignColumns, writeJson, writeLines } from "../output.ts";
import { composeZonesOf } from "../zone-data.ts";

type Flags = ConfigurationFlags & { readonly explain: boolean; readonly json: boolean };

export const checkCommand = buildCommand<Flags, [], CliContext>({
  func(flags) {
    const loaded = loadCommandConfiguration(this, flags);
    const { fileName, explain } = loaded;
    composeZonesOf(loaded);
    const name = fileName ?? "defaults";
    if (flags.json) {
      const keys = explain().map(({ key, value, origin }) => ({ key, value, ...origin }));
      writeJson(this, { file: fileName ?? null, keys });
    } else if (flags.explain) {
      writeLines(this.process.stdout, alignColumns(explain().map((key) => explainRow(key, name))));
    } else {
      const text = fileName === undefined ? "no file, the defaults hold" : "no mistakes";
      writeLines(this.process.stdout, [`${sanitise(name)}: ${text}`]);
    }
  },
  parameters: {
    flags: {
      ...CONFIGURATION_FLAGS,
      explain: {
        kind: "boolean",
        default: false,
        brief: "Show every key, its value, and where that came from",
      },
      json: { kind: "boolean", default: false, brief: "The same as a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Check the configuration without starting anything",
    customUsage: [
      { input: "", brief: "Check ./appliance.toml" },
      {
        input: "--config lab.toml --explain",
        brief: "Show every key and where its value came from",
      },
    ],
    fullDescription:
      "Says everything that is wrong, one line each, as FILE:LINE:COLUMN: KEY: WHAT; HINT.\n" +
      "Ends with 0 where nothing is, with 3 otherwise.\n" +
      "Flags win over MUSTER_ variables, those over the file, the file over the defaults.",
  },
});

function explainRow({ key, value, origin }: ExplainedKey, fileName: string): readonly string[] {
  const shown = value === undefined ? "(by the machine)" : JSON.stringify(value);
  return [key, `= ${sanitise(shown)}`, `# ${formatOrigin(origin, fileName)}`];
}

function formatOrigin(origin: Origin, fileName: string): string {
  switch (origin.kind) {
    case "file":
      return sanitise(`${fileName}:${origin.line}`);
    case "environment":
      return origin.variable;
    case "flag":
      return "--set";
    case "default":
      return "default";
  }
}
