/** Mistakes in the zones' data, as commands say them. */
import { type ConfigurationProblem, formatProblem } from "../config/problem.ts";
import { readZonePlan } from "../config/zone-data.ts";
import { buildApplianceZones } from "../dns/appliance-zones.ts";
import type { Zone } from "../dns/zone.ts";
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

/** Any port will do where only the mistakes count. */
const SERVICE_PORT = 1688;

/**
 * The zones as the appliance would put them together, without what it only knows while it runs.
 * Throws a {@link CliFailure} with all that is wrong.
 */
export function composeZonesOf(
  loaded: CommandConfiguration,
  addresses: readonly string[] = [],
): readonly Zone[] {
  const { dns } = loaded.configuration;
  if (!dns.enabled) return [];
  const plan = finish(readZonePlan(dns));
  if (!plan.ok) throw zoneDataFailure(plan.error, loaded);
  const { priority, weight } = dns;
  const ports = loaded.configuration.rpc.listen.map(({ port }) => port || SERVICE_PORT);
  const zones = buildApplianceZones({
    ...plan.value,
    addresses: dns.addresses ?? addresses,
    publish: dns.publish ? { priority, weight, ports: [...new Set(ports)] } : undefined,
    serial: 1,
  });
  if (!zones.ok) throw zoneDataFailure(zones.error, loaded);
  return zones.value;
}

function finish<Value>(steps: Generator<undefined, Value>): Value {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
