/** The configuration for a command: found, read and checked, or the command ends with code 3. */
import { type ConfigurationFile, findConfigurationFile } from "../config/file.ts";
import { type LoadedConfiguration, loadConfiguration } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { sanitise } from "../platform/text.ts";
import type { CliContext } from "./context.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CliFailure } from "./failure.ts";

export type ConfigurationFlags = {
  readonly config?: string;
  readonly set?: readonly string[];
};

/** The flags of every command that reads the configuration. */
export const CONFIGURATION_FLAGS = {
  config: {
    kind: "parsed",
    parse: String,
    optional: true,
    brief: "Configuration file (appliance.toml, then /etc/muster/appliance.toml)",
    placeholder: "FILE",
  },
  set: {
    kind: "parsed",
    parse: String,
    optional: true,
    variadic: true,
    brief: "Set one key, such as rpc.listen=127.0.0.1:1688; may be repeated",
    placeholder: "KEY=VALUE",
  },
} as const;

export type CommandConfiguration = LoadedConfiguration & {
  /** As named; undefined where the defaults hold. */
  readonly fileName: string | undefined;
};

/** Throws a {@link CliFailure} with everything that is wrong. Warnings go to standard error. */
export function loadCommandConfiguration(
  context: CliContext,
  flags: ConfigurationFlags,
): CommandConfiguration {
  const found = findConfigurationFile(flags.config ?? context.process.env["MUSTER_CONFIG"]);
  if (!found.ok) {
    throw new CliFailure(
      EXIT_CODE.configuration,
      `${sanitise(found.error.name)}: ${found.error.what}`,
      found.error.kind === "missing" ? `\`${context.programName} init\` writes one` : undefined,
    );
  }
  return loadFrom(context, found.value, flags.set ?? []);
}

/** As {@link loadCommandConfiguration}, for a file that is at hand. */
export function loadFrom(
  context: CliContext,
  file: ConfigurationFile | undefined,
  settings: readonly string[],
): CommandConfiguration {
  const loaded = loadConfiguration({
    text: file?.text,
    environment: context.process.env,
    settings,
    hostName: context.hostName,
    baseDirectory: file?.directory ?? context.baseDirectory,
  });
  const name = file?.name ?? "defaults";
  if (!loaded.ok) {
    const lines = loaded.error.map((problem) => formatProblem(problem, name));
    throw new CliFailure(EXIT_CODE.configuration, lines.join("\n"));
  }
  for (const warning of loaded.value.warnings) {
    context.process.stderr.write(`${formatProblem(warning, name)}\n`);
  }
  return { ...loaded.value, fileName: file?.name };
}
