/** From arguments to an exit code: the one way into every command. */
import {
  type ApplicationText,
  buildApplication,
  buildRouteMap,
  ExitCode as FrameworkCode,
  run,
  text_en,
} from "@stricli/core";
import { buildInfo } from "../platform/build-info.ts";
import { nearest } from "../platform/nearest.ts";
import { sanitise } from "../platform/text.ts";
import type { CliContext } from "./context.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CliFailure } from "./failure.ts";
import { writeLines } from "./output.ts";
import { renderOverview } from "./overview.ts";
import { routes } from "./routes.ts";

/** Runs one command; everything it has to say is said when this resolves. */
export async function runCli(context: CliContext, parameters: readonly string[]): Promise<number> {
  const { stdout } = context.process;
  const words = rewrite(parameters);
  if (words.length === 0) {
    writeLines(stdout, renderOverview(context.programName));
    return EXIT_CODE.ok;
  }
  const application = buildApplication(
    buildRouteMap({ routes, docs: { brief: "Volume activation for isolated networks" } }),
    {
      name: context.programName,
      scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
      documentation: { disableAnsiColor: stdout.getColorDepth() === 1 },
      localization: { text: wording(context.programName) },
      determineExitCode: (error) =>
        error instanceof CliFailure ? error.exitCode : EXIT_CODE.failure,
    },
  );
  await run(application, words, context);
  return translateCode(Number(context.process.exitCode));
}

/** `help`, `help serve`, `--help` and `--version` as people write them. */
function rewrite(parameters: readonly string[]): readonly string[] {
  const [first, ...rest] = parameters;
  switch (first) {
    case "help":
      return rest.length === 0 ? [] : [...rest, "--help"];
    case "--help":
    case "-h":
      return [];
    case "--version":
    case "-V":
      return ["version", ...rest];
    default:
      return parameters;
  }
}

/** The framework's codes for its own errors are negative. */
function translateCode(code: number): number {
  if (code === FrameworkCode.UnknownCommand || code === FrameworkCode.InvalidArgument) {
    return EXIT_CODE.usage;
  }
  return code < 0 ? EXIT_CODE.failure : code;
}

function wording(programName: string): ApplicationText {
  return {
    ...text_en,
    noCommandRegisteredForInput: ({ input }) => {
      // The framework's own suggestions are too far-fetched: everything is near `serve`.
      const meant = nearest(input, Object.keys(routes));
      const hint =
        meant === undefined ? `\`${programName}\` lists all` : `did you mean "${meant}"?`;
      return `muster: unknown command "${sanitise(input)}"; ${hint}`;
    },
    exceptionWhileParsingArguments: (error) =>
      `muster: ${sanitise(lowerFirst(describe(error)))}; see \`${programName} help COMMAND\``,
    commandErrorResult: describeFailure,
    exceptionWhileRunningCommand: describeFailure,
    exceptionWhileLoadingCommandFunction: describeFailure,
    exceptionWhileLoadingCommandContext: describeFailure,
  };
}

/** Without a stack: it says nothing to a user. */
function describeFailure(error: unknown): string {
  if (!(error instanceof CliFailure)) {
    return `muster: ${sanitise(describe(error))}; this is a mistake in muster ${buildInfo.version}`;
  }
  const lines = error.message.split("\n").map((line) => sanitise(line, 1024));
  const hint = error.hint === undefined ? "" : `; ${sanitise(error.hint)}`;
  return `${lines.join("\n")}${hint}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
