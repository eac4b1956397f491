import { networkInterfaces } from "node:os";
import { buildCommand } from "@stricli/core";
import { publishedAddresses } from "../../config/addresses.ts";
import type { Configuration } from "../../config/configuration.ts";
import { checkRogues, type RogueCheck } from "../../dns/rogue-check.ts";
import { describeRogue, knownHosts, ROGUE_TIMEOUT_MS } from "../../dns/rogue-watch.ts";
import type { Endpoint } from "../../platform/endpoint.ts";
import { systemRandomBytes } from "../../platform/randomness.ts";
import { sanitise } from "../../platform/text.ts";
import { parseDnsServer } from "../client-flags.ts";
import {
  CONFIGURATION_FLAGS,
  type ConfigurationFlags,
  loadCommandConfiguration,
} from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { writeJson, writeLines } from "../output.ts";

type Flags = ConfigurationFlags & {
  readonly resolver?: readonly Endpoint[];
  readonly json: boolean;
};

export const dnsRoguesCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    const { configuration } = loadCommandConfiguration(this, flags);
    const { rogueCheck } = configuration.dns;
    const resolvers = flags.resolver ?? rogueCheck.resolvers;
    if (resolvers.length === 0) {
      const hint = "name it in dns.rogue_check.resolvers, or with --resolver";
      return new CliFailure(EXIT_CODE.usage, "there is no DNS server to ask", hint);
    }
    const check = await checkRogues({
      resolvers,
      zones: rogueCheck.zones,
      known: knownOf(configuration),
      timeoutMs: ROGUE_TIMEOUT_MS,
      randomBytes: systemRandomBytes,
    });
    if (flags.json) writeJson(this, { ...check });
    else writeLines(this.process.stdout, describe(check));
    // Everything is said.
    if (check.rogues.length > 0) return new CliFailure(EXIT_CODE.failure, "");
    return check.unanswered.length > 0 ? new CliFailure(EXIT_CODE.unreachable, "") : undefined;
  },
  parameters: {
    flags: {
      ...CONFIGURATION_FLAGS,
      resolver: {
        kind: "parsed",
        parse: parseDnsServer,
        optional: true,
        variadic: true,
        brief: "DNS server that clients use (by the configuration); may be repeated",
        placeholder: "ADDRESS",
      },
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Look for activation hosts that nobody meant",
    fullDescription:
      "Asks the DNS servers that clients use for _vlmcs._tcp in each zone. Hosts are known where\n" +
      "they are this one or a [[dns.other_host]].\n" +
      "Ends with 1 where another is found, with 12 where a server does not answer.",
  },
});

function knownOf({ dns, rpc }: Configuration) {
  const machine = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const addresses = dns.addresses ?? publishedAddresses(rpc.listen, machine);
  const place = { kind: "key", path: ["dns", "other_host"] } as const;
  const hosts = dns.otherHosts.map((other) => ({ ...other, place }));
  return knownHosts({ host: dns.host, addresses, zones: dns.zones, hosts });
}

function describe({ rogues, unanswered }: RogueCheck): readonly string[] {
  const lines = [
    ...rogues.map(describeRogue),
    ...unanswered.map(({ zone, resolver, reason }) => `${zone}, by ${resolver}: ${reason}`),
  ];
  return lines.length === 0 ? ["no unknown activation host"] : lines.map((line) => sanitise(line));
}
