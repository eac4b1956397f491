import { writeFileSync } from "node:fs";
import { buildCommand } from "@stricli/core";
import { DEFAULT_FILE_NAME } from "../../config/file.ts";
import { renderTemplate } from "../../config/template.ts";
import { sanitise } from "../../platform/text.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { writeLines } from "../output.ts";

type Flags = { readonly stdout: boolean; readonly force: boolean };

export const initCommand = buildCommand<Flags, [file?: string], CliContext>({
  func({ stdout, force }, file = DEFAULT_FILE_NAME) {
    if (stdout) {
      this.process.stdout.write(renderTemplate());
      return undefined;
    }
    const shown = sanitise(file);
    try {
      writeFileSync(file, renderTemplate(), { flag: force ? "w" : "wx" });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === "EEXIST"
        ? new CliFailure(EXIT_CODE.failure, `${shown} is there already`, "--force replaces it")
        : new CliFailure(EXIT_CODE.failure, `${shown} cannot be written: ${code}`);
    }
    writeLines(this.process.stderr, [
      `${shown} written. Every key is in it, with what holds without it.`,
      `Next: ${this.programName} serve --config ${shown}`,
    ]);
    return undefined;
  },
  parameters: {
    flags: {
      stdout: { kind: "boolean", default: false, brief: "Write to standard output instead" },
      force: { kind: "boolean", default: false, brief: "Replace a file that is there" },
    },
    positional: {
      kind: "tuple",
      parameters: [{ parse: String, optional: true, placeholder: "FILE", brief: "File to write" }],
    },
  },
  docs: {
    brief: "Write a commented configuration file",
    customUsage: [
      { input: "", brief: "Write ./appliance.toml" },
      { input: "--stdout", brief: "Look at it" },
    ],
  },
});
