import { buildCommand } from "@stricli/core";
import { activateClient } from "../../client/activate-client.ts";
import { formatClientEvent } from "../../client/events.ts";
import type { HostAddress } from "../../client/host-address.ts";
import type { ActivationOutcome, OutcomeClass } from "../../client/outcome.ts";
import type { ClientProduct } from "../../client/state.ts";
import { ClientStateError } from "../../client/state-error.ts";
import type { Endpoint } from "../../platform/endpoint.ts";
import { sanitise } from "../../platform/text.ts";
import type { Guid } from "../../protocol/types.ts";
import {
  defaultProduct,
  domainOfHostName,
  parseAuthorityKey,
  parseCmid,
  parseDnsServer,
  parseDomain,
  parseProduct,
  parseServer,
  parseThreshold,
  parseTimeoutMs,
} from "../client-flags.ts";
import { clientStatePath } from "../client-state-path.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE, type ExitCode } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { alignColumns, writeJson, writeLines } from "../output.ts";

type Flags = {
  readonly server?: HostAddress;
  readonly domain?: string;
  readonly dns?: Endpoint;
  readonly product?: ClientProduct;
  readonly name?: string;
  readonly cmid?: Guid;
  readonly virtual: boolean;
  readonly threshold?: number;
  readonly state?: string;
  readonly authority?: Uint8Array;
  readonly timeout?: number;
  readonly verbose: boolean;
  readonly json: boolean;
};

const EXIT_CODES: Readonly<Record<OutcomeClass, ExitCode>> = {
  activated: EXIT_CODE.ok,
  countTooLow: EXIT_CODE.countTooLow,
  refused: EXIT_CODE.refused,
  unreachable: EXIT_CODE.unreachable,
  notTrusted: EXIT_CODE.notTrusted,
};

export const clientActivateCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    if (flags.server !== undefined && flags.domain !== undefined) {
      throw new CliFailure(EXIT_CODE.usage, "muster: --server and --domain exclude each other");
    }
    const outcome = await activate(this, flags);
    if (flags.json) writeJson(this, outcome);
    const exitCode = EXIT_CODES[outcome.outcome];
    if (exitCode !== EXIT_CODE.ok) throw failure(outcome, exitCode, flags.json);
    if (!flags.json) writeLines(this.process.stdout, describe(outcome));
  },
  parameters: {
    flags: {
      server: {
        kind: "parsed",
        parse: parseServer,
        optional: true,
        brief: "Ask this host and no other, until --domain is given",
        placeholder: "HOST[:PORT]",
      },
      domain: {
        kind: "parsed",
        parse: parseDomain,
        optional: true,
        brief: "Look hosts up in this domain (this machine's own)",
        placeholder: "ZONE",
      },
      dns: {
        kind: "parsed",
        parse: parseDnsServer,
        optional: true,
        brief: "DNS server to ask, for this run (the system's)",
        placeholder: "ADDRESS[:PORT]",
      },
      product: {
        kind: "parsed",
        parse: parseProduct,
        optional: true,
        brief: "Product of the default catalogue, or APPLICATION-ID/ACTIVATION-ID",
        placeholder: "NAME",
      },
      name: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Name of this machine (the system's)",
        placeholder: "NAME",
      },
      cmid: {
        kind: "parsed",
        parse: parseCmid,
        optional: true,
        brief: "Client machine id (kept, or drawn at random)",
        placeholder: "GUID",
      },
      virtual: { kind: "boolean", default: false, brief: "This is a virtual machine" },
      threshold: {
        kind: "parsed",
        parse: parseThreshold,
        optional: true,
        brief: "Count from which this client activates (the product's)",
        placeholder: "N",
      },
      state: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Where this client is kept between runs (the user's own client.json)",
        placeholder: "FILE",
      },
      authority: {
        kind: "parsed",
        parse: parseAuthorityKey,
        optional: true,
        brief: "Key of the authority to trust (the first one met)",
        placeholder: "HEX",
      },
      timeout: {
        kind: "parsed",
        parse: parseTimeoutMs,
        optional: true,
        brief: "For each look-up, connection and call (5)",
        placeholder: "SECONDS",
      },
      verbose: {
        kind: "boolean",
        default: false,
        brief: "Show the event log's entries (12288, 12289)",
      },
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { v: "verbose" },
  },
  docs: {
    brief: "Activate this machine, or renew its activation",
    customUsage: [
      { input: "--domain lab.example", brief: "Find a host in DNS" },
      { input: "--server 192.0.2.10", brief: "Ask one host" },
      { input: "--server 192.0.2.10 --name pc-7 --json", brief: "As another machine, in a script" },
    ],
    fullDescription:
      "The machine keeps its CMID, its host and the authority it trusts. A machine described by\n" +
      "--cmid, --name, --threshold or --virtual is another one: it is kept only where --state\n" +
      "says so.\n\n" +
      "Ends with 0 where the machine is activated, with 10 where the host's count is too low,\n" +
      "with 11 where the host refused, with 12 where none was reached, and with 13 where the\n" +
      "reply or the host's licence is not to be trusted.",
  },
});

async function activate(context: CliContext, flags: Flags): Promise<ActivationOutcome> {
  const { stderr } = context.process;
  const { server, domain, dns, product, cmid, threshold, authority, timeout } = flags;
  const stateFile = stateFileOf(context, flags);
  const defaultDomain = domainOfHostName(context.hostName);
  const say = (line: string) => writeLines(stderr, [sanitise(line, LINE_LENGTH)]);
  try {
    return await activateClient({
      defaultProduct: defaultProduct(),
      machineName: flags.name ?? context.hostName,
      virtual: flags.virtual,
      onNotice: say,
      ...(flags.verbose ? { onEvent: (event) => say(formatClientEvent(event)) } : {}),
      ...(server === undefined ? {} : { server }),
      ...(domain === undefined ? {} : { domain }),
      ...(defaultDomain === undefined ? {} : { defaultDomain }),
      ...(dns === undefined ? {} : { dnsServer: dns }),
      ...(product === undefined ? {} : { product }),
      ...(cmid === undefined ? {} : { cmid }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(stateFile === undefined ? {} : { stateFile }),
      ...(authority === undefined ? {} : { trustedAuthorityKey: authority }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    });
  } catch (error) {
    if (!(error instanceof ClientStateError)) throw error;
    throw new CliFailure(EXIT_CODE.failure, `muster: ${error.message}`, error.hint);
  }
}

/** A machine that only the command line describes is a trial or a test: none of the user's own. */
function stateFileOf(context: CliContext, flags: Flags): string | undefined {
  const { state, cmid, name, virtual, threshold } = flags;
  const isAnother = (cmid ?? name ?? threshold) !== undefined || virtual;
  return isAnother && state === undefined ? undefined : clientStatePath(context, state);
}

const LINE_LENGTH = 1024;

/** With `--json` everything has been said on standard output. */
function failure(outcome: ActivationOutcome, exitCode: ExitCode, said: boolean): CliFailure {
  if (said) return new CliFailure(exitCode, "");
  const { reason, result, help } = outcome;
  const others = outcome.attempts.length > 1 ? outcome.attempts.map(attemptLine) : [];
  const lines = [`muster: not activated (${result}): ${reason}`, ...others];
  return new CliFailure(exitCode, lines.join("\n"), help === "" ? undefined : help);
}

function attemptLine({ server, reason }: ActivationOutcome["attempts"][number]): string {
  return `  ${server}: ${reason}`;
}

function describe(outcome: ActivationOutcome): readonly string[] {
  const { server, count, threshold, expiresAt, nextAttemptAt, authority, extendedPid } = outcome;
  const rows = [
    ["activated by", `${server}`],
    ["count", `${count}, ${threshold} needed`],
    ["valid until", `${expiresAt}`],
    ["next renewal", nextAttemptAt],
    ["host", `${extendedPid}`],
    ["licensed by", outcome.selfIssued === true ? `${authority}, self-issued` : `${authority}`],
    ["CMID", outcome.cmid],
  ];
  return alignColumns(rows).map((line) => sanitise(line, LINE_LENGTH));
}
