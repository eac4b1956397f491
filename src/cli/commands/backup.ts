import { resolve } from "node:path";
import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { sanitise } from "../../platform/text.ts";
import { CONFIGURATION_FLAGS, type ConfigurationFlags } from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { control } from "../control.ts";
import { writeJson, writeLines } from "../output.ts";

type Flags = ConfigurationFlags & { readonly json: boolean };

const backupSchema = z.object({ path: z.string(), octets: z.number() });

export const backupCommand = buildCommand<Flags, [path: string], CliContext>({
  async func(flags, path) {
    const call = { method: "POST", path: "/backup", content: { path: resolve(path) } } as const;
    const report = await control(this, flags, call, backupSchema);
    if (flags.json) return writeJson(this, report);
    const mebioctets = (report.octets / 1024 / 1024).toFixed(1);
    writeLines(this.process.stdout, [`${sanitise(report.path)}: ${mebioctets} MiB, verified`]);
  },
  parameters: {
    flags: {
      ...CONFIGURATION_FLAGS,
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    positional: {
      kind: "tuple",
      parameters: [{ parse: String, placeholder: "PATH", brief: "File to write" }],
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Copy the database of the running appliance",
    customUsage: [{ input: "/mnt/stick/muster.db", brief: "While it serves" }],
    fullDescription:
      "The appliance writes the copy, as its own user; the copy is checked before it takes the\n" +
      "place of a file of that name. The host's key and licence (identity/) are not in it.",
  },
});
