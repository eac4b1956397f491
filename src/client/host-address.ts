import { isIP } from "node:net";

/** Where a host is said to be: a name or a numeric address (no brackets), and a port. */
export type HostAddress = { readonly host: string; readonly port: number };

/** TCP port of the activation interface (HOST-1). */
const DEFAULT_PORT = 1688;

const BRACKETED_FORM = /^\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?$/;
const PLAIN_FORM = /^([^\s:[\]/]{1,253})(?::(\d{1,5}))?$/;

/**
 * Reads `host`, `host:port`, an IPv4 or IPv6 address, or `[address]:port`. An IPv6 address without
 * brackets has no port. undefined where it is none of these.
 */
export function parseHostAddress(text: string): HostAddress | undefined {
  if (isIP(text) === 6) return { host: text, port: DEFAULT_PORT };
  const bracketed = BRACKETED_FORM.exec(text);
  const [, host, portText] = bracketed ?? PLAIN_FORM.exec(text) ?? [];
  if (host === undefined) return undefined;
  if (bracketed !== null && isIP(host) !== 6) return undefined;
  const port = portText === undefined ? DEFAULT_PORT : Number(portText);
  return port >= 1 && port <= 65535 ? { host, port } : undefined;
}

/** `name:port` or `[address]:port`; what {@link parseHostAddress} reads. */
export function formatHostAddress({ host, port }: HostAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

export function sameHost(one: HostAddress, other: HostAddress): boolean {
  return one.port === other.port && canonicalName(one.host) === canonicalName(other.host);
}

/** DNS names are the same in either case, and with or without the root's dot (RFC 4343). */
function canonicalName(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}
