/** Mistakes in the zones' data, as commands say them. */
import { type ConfigurationProblem, formatProblem } from "../config/problem.ts";
import type { ZoneMistake } from "../dns/zone-sources.ts";
import { sanitise } from "../platform/text.ts";
import type { CommandConfiguration } from "./configuration.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CliFailure } from "./failure.ts";

const LINE_LENGTH_MAXIMUM = 1024;

/** `lab.zone:3:1: WHAT`, or as mistakes of the configuration itself. */
export function formatZoneMistake(
  { place, what }: ZoneMistake,
  { originOf, fileName = "defaults" }: CommandConfiguration,
): string {
  if (place?.kind === "file") {
    const { file, line, column } = place;
    return sanitise(`${file}:${line}:${column}: ${what}`, LINE_LENGTH_MAXIMUM);
  }
  const path = place?.path ?? ["dns"];
  const problem: ConfigurationProblem = {
    severity: "error",
    path,
    origin: originOf(path),
    what,
    hint: undefined,
  };
  return formatProblem(problem, fileName);
}

export function zoneDataFailure(
  mistakes: readonly ZoneMistake[],
  loaded: CommandConfiguration,
): CliFailure {
  const lines = mistakes.map((mistake) => formatZoneMistake(mistake, loaded));
  return new CliFailure(EXIT_CODE.configuration, lines.join("\n"));
}
