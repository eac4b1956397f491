import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { CONFIGURATION_FLAGS, type ConfigurationFlags } from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { control } from "../control.ts";
import { writeLines } from "../output.ts";

export const reloadCommand = buildCommand<ConfigurationFlags, [], CliContext>({
  async func(flags) {
    const call = { method: "POST", path: "/reload" } as const;
    await control(this, flags, call, z.object({ reloaded: z.literal(true) }));
    writeLines(this.process.stdout, ["reloaded"]);
  },
  parameters: { flags: CONFIGURATION_FLAGS, aliases: { c: "config" } },
  docs: {
    brief: "Have the appliance read its files again, as SIGHUP does",
    customUsage: [{ input: "", brief: "The appliance of this machine" }],
    fullDescription: "Ends with 1 and what holds stays where something cannot be used.",
  },
});
