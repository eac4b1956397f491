/**
 * Leaf types of the configuration: text forms that stand for something, with a hint for each
 * mistake.
 */
import { isAbsolute } from "node:path";
import { z } from "zod";
import { ZERO_GUID } from "../activation/catalogue.ts";
import { type HostAddress, parseHostAddress } from "../client/host-address.ts";
import { isMetaType } from "../dns/codes.ts";
import { nameFromText } from "../dns/name.ts";
import { typeFromText } from "../dns/rdata.ts";
import { parseGrant } from "../dns/update/policy.ts";
import { isToken, TOKEN_FORM_WORDS } from "../http/token.ts";
import { isWildcard } from "../platform/address.ts";
import { type Endpoint, parseEndpoint } from "../platform/endpoint.ts";
import { parseAddress, parseAddressBlock } from "../rpc/addresses.ts";

/** A text that `read` understands; what it refuses is reported as `expected ...` with the hint. */
function textForm<Value>(
  expected: string,
  hint: string,
  read: (text: string) => Value | undefined,
): z.ZodPipe<z.ZodString, z.ZodTransform<Value, string>> {
  return z.string().transform((text, context): Value => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `expected ${expected}`, params: { hint } });
    return z.NEVER;
  });
}

const ENDPOINT_HINT =
  'write "192.0.2.1:1688" or "[2001:db8::1]:1688"; "0.0.0.0" and "[::]" mean all';

export const endpoint = (): z.ZodType<Endpoint, string> =>
  textForm("a numeric address and a port", ENDPOINT_HINT, parseEndpoint);

const HOST_AND_PORT_HINT = 'write "10.0.0.5:1688", "[2001:db8::5]:1688" or "kms.corp.example:1688"';

/** A host elsewhere: a name in lower case, or a numeric address that is no wildcard. */
export const hostAndPort = (): z.ZodType<HostAddress, string> =>
  textForm("a name or an address, and a port", HOST_AND_PORT_HINT, (text) => {
    const address = parseHostAddress(text);
    if (address === undefined) return undefined;
    const host = isMachineAddress(address.host) ? address.host : domain(HOST_NAME, address.host);
    // No top-level domain is a number: what ends in one is an address that was mistyped.
    const isName = host !== undefined && !/(^|\.)\d+$/.test(host);
    if (host === undefined || !(isName || isMachineAddress(host))) return undefined;
    return { ...address, host: host.toLowerCase() };
  });

const BLOCK_HINT = 'write "10.0.0.0/8" or "fd00::/8"; bits behind the length must be zero';

/** A block of addresses, in its text form still. */
export const addressBlock = (): z.ZodType<string, string> =>
  textForm("an address or a block of addresses", BLOCK_HINT, (text) =>
    parseAddressBlock(text).ok ? text : undefined,
  );

/** The numeric address of a machine: not a wildcard. */
export const hostAddress = (): z.ZodType<string, string> =>
  textForm("the numeric address of a machine", 'write "192.0.2.1" or "2001:db8::1"', (text) =>
    isMachineAddress(text) ? text.toLowerCase() : undefined,
  );

function isMachineAddress(text: string): boolean {
  return parseAddress(text) !== undefined && !text.includes("%") && !isWildcard(text);
}

const GUID_FORM = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/** Lower case without braces. */
export const guid = (): z.ZodType<string, string> =>
  textForm(
    "a GUID",
    'write "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", hexadecimal and not all zero',
    (text) => (text.includes(ZERO_GUID) ? undefined : GUID_FORM.exec(text)?.[1]?.toLowerCase()),
  );

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const HOST_LABEL = new RegExp(`^${LABEL}$`, "i");
/**
 * Labels may begin with an underscore in a zone's name (RFC 8552), not in a host's (RFC 1123 2.1).
 */
const ZONE_NAME = new RegExp(`^_?${LABEL}(?:\\._?${LABEL})*\\.?$`, "i");
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.?$`, "i");
/** RFC 1035 2.3.4, without the root's octet and the first length. */
const NAME_LENGTH_MAXIMUM = 253;

export function isHostLabel(text: string): boolean {
  return HOST_LABEL.test(text);
}

/** One label: letters, digits and hyphens. Lower case. */
export const hostLabel = (): z.ZodType<string, string> =>
  textForm("a host name of one label", "letters, digits and hyphens, at most 63", (text) =>
    isHostLabel(text) ? text.toLowerCase() : undefined,
  );

/** A DNS zone's name in lower case, without the dot at the end. */
export const zoneName = (): z.ZodType<string, string> =>
  textForm("the name of a DNS zone", 'write "lab.internal"', (text) => domain(ZONE_NAME, text));

/**
 * A host's name in lower case, without the dot at the end; one label stands for a host of the first
 * zone.
 */
export const hostName = (): z.ZodType<string, string> =>
  textForm("a host name", 'write "kms.lab.internal", or "kms" for the first zone', (text) =>
    domain(HOST_NAME, text),
  );

function domain(form: RegExp, text: string): string | undefined {
  const name = text.replace(/\.$/, "").toLowerCase();
  return form.test(text) && name.length <= NAME_LENGTH_MAXIMUM ? name : undefined;
}

const PATH_LENGTH_MAXIMUM = 4096;

/** A path as written; `load` makes it absolute. */
export const filePath = (): z.ZodType<string, string> =>
  textForm("a path", "it may not be empty nor hold a NUL", (text) =>
    text !== "" && !text.includes("\0") && text.length <= PATH_LENGTH_MAXIMUM ? text : undefined,
  );

/** What opens client details to other machines. */
export const token = (): z.ZodType<string, string> =>
  textForm("a token", TOKEN_FORM_WORDS, (text) => (isToken(text) ? text : undefined));

/** A path from the root on. */
export const absolutePath = (): z.ZodType<string, string> =>
  textForm("an absolute path", "from the root on, without a NUL", (text) =>
    isAbsolute(text) && !text.includes("\0") && text.length <= PATH_LENGTH_MAXIMUM
      ? text
      : undefined,
  );

/** Where something is sent by HTTP. */
export const webAddress = (): z.ZodType<string, string> =>
  textForm("a web address", 'write "http://192.0.2.20/alerts" or "https://..."', (text) =>
    /^https?:\/\//i.test(text) && text.length <= PATH_LENGTH_MAXIMUM && URL.canParse(text)
      ? text
      : undefined,
  );

/** The name of a DNS record as zone files write it; wildcards and service labels among them. */
export const recordName = (): z.ZodType<string, string> =>
  textForm("the name of a record", 'write "printer" or "printer.lab.internal"', (text) =>
    nameFromText(text).ok ? text : undefined,
  );

/** A record type that zones hold. */
export const recordType = (): z.ZodType<string, string> =>
  textForm("a record type", 'write "A" or "TYPE65280"', (text) => {
    const type = typeFromText(text);
    return type === undefined || isMetaType(type) ? undefined : text.toUpperCase();
  });

/** The name of a TSIG key in lower case, without the dot at the end. */
export const keyName = (): z.ZodType<string, string> =>
  textForm("the name of a key", 'write "pc7.lab.internal"', (text) => domain(ZONE_NAME, text));

const BASE64_FORM = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The octets of a secret in base64 (RFC 4648 4); undefined where it is none, or is empty. */
export function readSecret(text: string): Uint8Array | undefined {
  return text !== "" && BASE64_FORM.test(text) ? Uint8Array.fromBase64(text) : undefined;
}

/** In its text form still. */
export const keySecret = (): z.ZodType<string, string> =>
  textForm("a secret in base64", "make one with `openssl rand -base64 32`", (text) =>
    readSecret(text) === undefined ? undefined : text,
  );

/** What may be written by dynamic update, in its text form still. */
export const updateGrant = ({ mayBeSelf }: { mayBeSelf: boolean }): z.ZodType<string, string> =>
  textForm(
    "names and types",
    mayBeSelf ? 'write "self A AAAA" or "*.lab.internal"' : 'write "*.lab.internal A AAAA"',
    (text) => {
      const grant = parseGrant(text);
      const isFit = grant.ok && (mayBeSelf || grant.value.names.kind !== "self");
      return isFit ? text : undefined;
    },
  );

/** A whole number within bounds that are part of the documentation. */
export const whole = (minimum: number, maximum: number): z.ZodInt =>
  z.int().min(minimum).max(maximum);
