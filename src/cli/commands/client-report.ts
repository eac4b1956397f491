import { buildCommand } from "@stricli/core";
import { clientReport, formatClientReport } from "../../client/report.ts";
import { ClientStateError } from "../../client/state-error.ts";
import { loadClientState } from "../../client/state-file.ts";
import { buildInfo } from "../../platform/build-info.ts";
import { systemClock } from "../../platform/clock.ts";
import { sha256 } from "../../platform/hash.ts";
import { sanitise } from "../../platform/text.ts";
import { CLIENT_STATE_VARIABLE, clientStatePath } from "../client-state-path.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { writeJson, writeLines } from "../output.ts";

type Flags = { readonly state?: string; readonly json: boolean };

const LINE_LENGTH = 1024;

export const clientReportCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    const path = clientStatePath(this, flags.state);
    if (path === undefined) {
      const hint = `give --state FILE, or set ${CLIENT_STATE_VARIABLE}`;
      throw new CliFailure(EXIT_CODE.failure, "muster: this user has no home for a state", hint);
    }
    const loaded = await load(path, this.programName);
    writeLines(
      this.process.stderr,
      loaded.notices.map((notice) => sanitise(notice, LINE_LENGTH)),
    );
    const report = clientReport(loaded.state, systemClock(), buildInfo.version, sha256);
    if (flags.json) writeJson(this, report);
    else {
      const lines = formatClientReport(report).map((line) => sanitise(line, LINE_LENGTH));
      writeLines(this.process.stdout, lines);
    }
  },
  parameters: {
    flags: {
      state: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Where the client is kept (the user's own client.json)",
        placeholder: "FILE",
      },
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
  },
  docs: {
    brief: "Show this machine's licence, host and intervals",
    customUsage: [{ input: "", brief: "In the form of slmgr.vbs /dlv" }],
  },
});

async function load(path: string, programName: string) {
  try {
    const loaded = await loadClientState(path);
    if (loaded !== undefined) return loaded;
  } catch (error) {
    if (!(error instanceof ClientStateError)) throw error;
    throw new CliFailure(EXIT_CODE.failure, `muster: ${error.message}`, error.hint);
  }
  throw new CliFailure(
    EXIT_CODE.failure,
    `muster: ${path}: there is no client's state`,
    `\`${programName} client activate\` begins one`,
  );
}
