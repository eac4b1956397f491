/** What `serve` says once it runs: where, on what, and what to try next. */
import type { Appliance } from "../appliance.ts";
import type { Configuration } from "../config/configuration.ts";
import { buildInfo } from "../platform/build-info.ts";
import { type Endpoint, formatEndpoint } from "../platform/endpoint.ts";
import { sanitise } from "../platform/text.ts";

export type BannerFacts = {
  readonly appliance: Appliance;
  readonly configuration: Configuration;
  /** File name, `trial`, or undefined for the defaults. */
  readonly source: string | undefined;
  readonly programName: string;
};

export function renderBanner(facts: BannerFacts): readonly string[] {
  const { appliance, configuration, source } = facts;
  const { rpc, dns, http } = appliance.listening;
  const { name } = configuration.appliance;
  const urls = http.map((endpoint) => `${schemeOf(configuration)}://${formatEndpoint(endpoint)}`);
  const from = source === undefined ? "no file: the defaults hold" : sanitise(source);
  return [
    `muster ${buildInfo.version}: volume activation for this network, as ${name}`,
    `  activation     ${list(rpc)}`,
    `  DNS            ${list(dns)}  zones ${configuration.dns.zones.join(", ") || "none"}`,
    `  status         ${urls.join("  ") || "off"}`,
    `  database       ${sanitise(configuration.store.file)}`,
    `  configuration  ${from}`,
    ...appliance.notices.map((notice) => `  note: ${notice}`),
    "Try next:",
    ...nextCommands(facts).map((command) => `  ${command}`),
  ];
}

function schemeOf({ http }: Configuration): "http" | "https" {
  return http.tls === undefined ? "http" : "https";
}

/** With TLS the certificate has to be vouched for; the configuration knows by which file. */
function statusCommandLine(
  { configuration, source, programName }: BannerFacts,
  endpoint: Endpoint,
): string {
  if (schemeOf(configuration) === "http") {
    return `${programName} status --url http://${formatEndpoint(endpoint)}`;
  }
  return `${programName} status${source === undefined ? "" : ` --config ${sanitise(source)}`}`;
}

function list(endpoints: readonly Endpoint[]): string {
  return endpoints.map(formatEndpoint).join("  ") || "off";
}

function nextCommands(facts: BannerFacts): readonly string[] {
  const { appliance, configuration, programName } = facts;
  const { rpc, dns, http } = appliance.listening;
  const commands: string[] = [];
  const [activation] = rpc;
  const [discovery] = dns;
  const [status] = http;
  if (status !== undefined) commands.push(statusCommandLine(facts, status));
  if (activation !== undefined) {
    const server = formatEndpoint(activation);
    commands.push(`${programName} client activate --server ${server} --name pc-1 --threshold 1`);
  }
  const [zone] = configuration.dns.zones;
  if (discovery !== undefined && zone !== undefined) {
    const { address, port } = discovery;
    commands.push(`dig @${address} -p ${port} _vlmcs._tcp.${zone} SRV`);
  }
  return commands.length > 0 ? commands : [`${programName} check --explain`];
}
