import { buildCommand } from "@stricli/core";
import type { Configuration } from "../../config/configuration.ts";
import { askServer } from "../../dns/ask.ts";
import { Rcode } from "../../dns/codes.ts";
import { type Name, nameFromText, nameToText } from "../../dns/name.ts";
import { type Answer, rcodeText } from "../../dns/question.ts";
import { typeFromText, typeToText } from "../../dns/rdata.ts";
import { rdataToText } from "../../dns/record-text.ts";
import type { ZoneRecord } from "../../dns/zone.ts";
import { isWildcard } from "../../platform/address.ts";
import { type Endpoint, formatEndpoint } from "../../platform/endpoint.ts";
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
  readonly server?: Endpoint;
  readonly tcp: boolean;
  readonly recursive: boolean;
  readonly json: boolean;
};

const TIMEOUT_MS = 3000;

export const dnsQueryCommand = buildCommand<Flags, [Name, number?], CliContext>({
  async func(flags, name, type = 33) {
    const server = flags.server ?? ownServer(loadCommandConfiguration(this, flags).configuration);
    const { recursive, tcp: byTcp } = flags;
    const options = { server, name, type, recursive, byTcp, timeoutMs: TIMEOUT_MS };
    const answer = await askServer({ ...options, randomBytes: systemRandomBytes });
    if (!answer.ok) {
      const reason = answer.error === "timeout" ? "no answer" : answer.error;
      return new CliFailure(EXIT_CODE.notRunning, `${formatEndpoint(server)}: ${reason}`);
    }
    if (flags.json) writeJson(this, documentOf(server, answer.value));
    else writeLines(this.process.stdout, describe(answer.value));
    const { rcode } = answer.value;
    if (rcode === Rcode.NOERROR) return undefined;
    return new CliFailure(EXIT_CODE.failure, `${nameToText(name)}: ${rcodeText(rcode)}`);
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        { parse: parseName, brief: "Name to ask for", placeholder: "NAME" },
        {
          parse: parseType,
          brief: "Type of record: SRV, A, TXT, TYPE65280 ... (SRV)",
          placeholder: "TYPE",
          optional: true,
        },
      ],
    },
    flags: {
      ...CONFIGURATION_FLAGS,
      server: {
        kind: "parsed",
        parse: parseDnsServer,
        optional: true,
        brief: "Server to ask (this machine's appliance, by the configuration)",
        placeholder: "ADDRESS",
      },
      tcp: { kind: "boolean", default: false, brief: "By TCP at once" },
      recursive: { kind: "boolean", default: true, brief: "Let a resolver find out" },
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Ask a name server",
    customUsage: [
      { input: "_vlmcs._tcp.lab.internal SRV", brief: "What clients ask first" },
      { input: "kms.lab.internal A --server 192.0.2.53", brief: "Another server" },
    ],
    fullDescription:
      "Prints the records of the answer as a zone file writes them.\n" +
      "Ends with 1 where the answer is an error such as NXDOMAIN, with 5 where none comes.",
  },
});

function parseName(text: string): Name {
  const name = nameFromText(text);
  if (!name.ok) throw new Error(`"${sanitise(text)}" is no name: ${name.error.code}`);
  return name.value;
}

function parseType(text: string): number {
  const type = typeFromText(text);
  if (type === undefined) throw new Error(`"${sanitise(text)}" is no record type`);
  return type;
}

function ownServer({ dns }: Configuration): Endpoint {
  const [endpoint] = dns.enabled ? dns.listen : [];
  if (endpoint === undefined) {
    const hint = "name a server with --server";
    throw new CliFailure(EXIT_CODE.notRunning, "dns.enabled is false", hint);
  }
  const { address, port } = endpoint;
  const local = address.includes(":") ? "::1" : "127.0.0.1";
  return { address: isWildcard(address) ? local : address, port };
}

function describe({ rcode, authoritative, answers, authorities, additionals }: Answer) {
  const sections = { answer: answers, authority: authorities, additional: additionals };
  const source = authoritative ? ", by the zone's own server" : "";
  const lines = [`; ${rcodeText(rcode)}${source}`];
  for (const [section, records] of Object.entries(sections)) {
    if (records.length > 0) lines.push(`; ${section}`, ...records.map(recordLine));
  }
  return lines;
}

function recordLine({ name, type, ttl, rdata }: ZoneRecord): string {
  return `${nameToText(name)} ${ttl} IN ${typeToText(type)} ${rdataToText(type, rdata)}`;
}

function documentOf(server: Endpoint, answer: Answer) {
  const records = (section: readonly ZoneRecord[]) =>
    section.map(({ name, type, ttl, rdata }) => ({
      name: nameToText(name),
      type: typeToText(type),
      ttlSeconds: ttl,
      data: rdataToText(type, rdata),
    }));
  return {
    server: formatEndpoint(server),
    rcode: rcodeText(answer.rcode),
    authoritative: answer.authoritative,
    answers: records(answer.answers),
    authorities: records(answer.authorities),
    additionals: records(answer.additionals),
  };
}
