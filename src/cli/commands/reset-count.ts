import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { sanitise } from "../../platform/text.ts";
import { parseCmid as parseGuidFlag } from "../client-flags.ts";
import { CONFIGURATION_FLAGS, type ConfigurationFlags } from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { control } from "../control.ts";
import { writeJson, writeLines } from "../output.ts";

type Flags = ConfigurationFlags & { readonly application?: string; readonly json: boolean };

const resetSchema = z.object({ applications: z.array(z.string()) });

export const resetCountCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    const { application: applicationId } = flags;
    const content = applicationId === undefined ? {} : { applicationId };
    const call = { method: "POST", path: "/reset-count", content } as const;
    const report = await control(this, flags, call, resetSchema);
    if (flags.json) return writeJson(this, report);
    const { applications } = report;
    const lines = applications.map((id) => `the count of application ${sanitise(id)} is 0`);
    writeLines(this.process.stdout, lines.length > 0 ? lines : ["there was no count to reset"]);
  },
  parameters: {
    flags: {
      ...CONFIGURATION_FLAGS,
      application: {
        kind: "parsed",
        parse: parseGuidFlag,
        optional: true,
        brief: "Of this application alone, by its id",
        placeholder: "GUID",
      },
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Start counting from zero again",
    customUsage: [{ input: "", brief: "Every application" }],
    fullDescription:
      "Forgets the clients that make up the count; they count again when they next ask.\n" +
      "The inventory, the event log and the cumulative figures stay.",
  },
});
