import { buildCommand } from "@stricli/core";
import { z } from "zod";
import { sanitise } from "../../platform/text.ts";
import { CONFIGURATION_FLAGS, type ConfigurationFlags } from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { control } from "../control.ts";
import { parseDurationSeconds } from "../duration.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { alignColumns, writeJson, writeLines } from "../output.ts";

type Flags = ConfigurationFlags & {
  readonly for?: number;
  readonly end: boolean;
  readonly show: boolean;
  readonly json: boolean;
};

const drainSchema = z.object({
  draining: z.boolean(),
  since: z.string().nullable(),
  until: z.string().nullable(),
  clientsToMove: z.number().nullable(),
});

export const drainCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    const { for: seconds, end, show, json } = flags;
    if ([seconds !== undefined, end, show].filter(Boolean).length > 1) {
      return new CliFailure(EXIT_CODE.usage, "--for, --end and --show do not go together");
    }
    const method = end ? "DELETE" : show ? "GET" : "POST";
    const content = seconds === undefined ? {} : { seconds };
    const call = { method, path: "/drain", ...(method === "POST" ? { content } : {}) } as const;
    const report = await control(this, flags, call, drainSchema);
    if (json) writeJson(this, report);
    else writeLines(this.process.stdout, drainLines(report, this.programName));
    return undefined;
  },
  parameters: {
    flags: {
      ...CONFIGURATION_FLAGS,
      for: {
        kind: "parsed",
        parse: parseDurationSeconds,
        optional: true,
        brief: "Take clients back after this time: 7d, 12h, 30m",
        placeholder: "TIME",
      },
      end: { kind: "boolean", default: false, brief: "Take clients back now" },
      show: { kind: "boolean", default: false, brief: "Change nothing" },
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Send the clients to other hosts",
    customUsage: [
      { input: "--for 7d", brief: "For a whole renewal interval: every client moves" },
      { input: "--show", brief: "How many are still to move" },
      { input: "--end", brief: "Serve them again" },
    ],
    fullDescription:
      "The SRV records go and activations are refused, so that clients look for another host at\n" +
      "their next renewal. DNS and status go on. It outlives a restart of the appliance.",
  },
});

function drainLines(
  { draining, since, until, clientsToMove }: z.output<typeof drainSchema>,
  programName: string,
): readonly string[] {
  if (!draining) return ["not draining: activations are served"];
  return alignColumns([
    ["draining since", sanitise(since ?? "")],
    ["until", sanitise(until ?? `ended by ${programName} drain --end`)],
    ["still to move", clientsToMove === null ? "unknown" : `${clientsToMove} clients`],
  ]);
}
