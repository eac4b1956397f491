import { buildCommand } from "@stricli/core";
import { buildInfo } from "../../platform/build-info.ts";
import type { CliContext } from "../context.ts";
import { writeJson, writeLines } from "../output.ts";

type Flags = { readonly json: boolean };

export const versionCommand = buildCommand<Flags, [], CliContext>({
  func({ json }) {
    const { version, commit } = buildInfo;
    const runtime = `bun ${Bun.version}, ${process.platform} ${process.arch}`;
    if (json) {
      writeJson(this, { version, commit, runtime });
    } else {
      writeLines(this.process.stdout, [`muster ${version} (${commit}; ${runtime})`]);
    }
  },
  parameters: {
    flags: { json: { kind: "boolean", default: false, brief: "As a JSON document" } },
  },
  docs: { brief: "Print the version" },
});
