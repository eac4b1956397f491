import { readFileSync } from "node:fs";
import { buildCommand } from "@stricli/core";
import type { Configuration } from "../../config/configuration.ts";
import { isWildcard } from "../../platform/address.ts";
import { formatEndpoint } from "../../platform/endpoint.ts";
import { sanitise } from "../../platform/text.ts";
import {
  CONFIGURATION_FLAGS,
  type ConfigurationFlags,
  loadCommandConfiguration,
} from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";

type Flags = ConfigurationFlags & {
  readonly url?: string;
  readonly ca?: string;
  readonly json: boolean;
};

/** Where to ask, and what vouches for the certificate met there. */
type Service = { readonly url: string; readonly tls: BunFetchRequestInit["tls"] };

const TIMEOUT_MILLISECONDS = 5000;
/** A status is a page; what claims to be more comes from something else. */
const RESPONSE_SIZE_MAXIMUM = 1024 * 1024;

export const statusCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    const service =
      flags.url === undefined
        ? ownService(this, loadCommandConfiguration(this, flags).configuration)
        : { url: flags.url, tls: vouchedBy(flags.ca) };
    const url = joinUrl(service.url, flags.json ? "status" : "status.txt");
    const text = await fetchText(this, { ...service, url });
    // The appliance escapes what is untrusted; what else may answer at this address does not.
    const lines = text.trimEnd().split("\n");
    this.process.stdout.write(`${lines.map((line) => sanitise(line, line.length)).join("\n")}\n`);
  },
  parameters: {
    flags: {
      ...CONFIGURATION_FLAGS,
      url: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Status service of the appliance (by the configuration)",
        placeholder: "URL",
      },
      ca: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "PEM file that vouches for the certificate at --url https://",
        placeholder: "FILE",
      },
      json: { kind: "boolean", default: false, brief: "As a JSON document" },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Show the state of a running appliance",
    customUsage: [
      { input: "", brief: "The appliance of this machine" },
      { input: "--url http://192.0.2.10:8080 --json", brief: "Another one, for a script" },
    ],
    fullDescription: "Ends with 5 where no appliance answers.",
  },
});

/** The appliance of the configuration: by its first address, by its own certificate. */
function ownService(context: CliContext, { http }: Configuration): Service {
  const [endpoint] = http.listen;
  if (endpoint === undefined) {
    throw new CliFailure(
      EXIT_CODE.notRunning,
      "the status service is switched off: http.listen is empty",
      `name another appliance: ${context.programName} status --url URL`,
    );
  }
  const { address, port } = endpoint;
  const local = address.includes(":") ? "::1" : "127.0.0.1";
  const authority = formatEndpoint({ address: isWildcard(address) ? local : address, port });
  if (http.tls === undefined) return { url: `http://${authority}`, tls: undefined };
  // The certificate is for a name, and this is an address: it has to be this one instead.
  const tls = { ...vouchedBy(http.tls.certificate), checkServerIdentity: () => undefined };
  return { url: `https://${authority}`, tls };
}

function vouchedBy(file: string | undefined): BunFetchRequestInit["tls"] {
  if (file === undefined) return undefined;
  try {
    return { ca: readFileSync(file, "utf8") };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliFailure(EXIT_CODE.failure, `${sanitise(file)} cannot be read: ${code}`);
  }
}

function joinUrl(base: string, path: string): string {
  try {
    const url = new URL(path, base.endsWith("/") ? base : `${base}/`);
    if (url.protocol === "http:" || url.protocol === "https:") return url.href;
  } catch {
    // Said below.
  }
  throw new CliFailure(EXIT_CODE.usage, `"${sanitise(base)}" is no http:// address`);
}

async function fetchText(context: CliContext, { url, tls }: Service): Promise<string> {
  const unreachable = (reason: string): CliFailure =>
    new CliFailure(
      EXIT_CODE.notRunning,
      `no appliance answers at ${url}: ${sanitise(reason)}`,
      `start one with \`${context.programName} serve\`, or name another with --url`,
    );
  let response: Response;
  let text: string;
  try {
    response = await context.fetch(url, {
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      ...(tls === undefined ? {} : { tls }),
    });
    text = await readLimited(response);
  } catch (error) {
    throw unreachable(connectionProblem(error));
  }
  if (!response.ok) throw unreachable(`HTTP ${response.status}`);
  return text;
}

function connectionProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer in ${TIMEOUT_MILLISECONDS / 1000} s`;
  const { code } = error as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" || code === "ConnectionRefused"
    ? "connection refused"
    : error.message;
}

async function readLimited(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > RESPONSE_SIZE_MAXIMUM) throw new Error("the answer is no status");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
