import { isIP } from "node:net";

/**
 * Whether a Host field names this service. A browser sends the name it was led to: a page of
 * another site that lets its own name point at this machine (DNS rebinding) is told by it. Numeric
 * addresses and localhost cannot be led elsewhere and pass.
 *
 * `allowed`: further names in lower case, without port and without the dot at the end.
 * No Host field (HTTP/1.0) passes: no browser leaves it out.
 */
export function isAllowedHost(host: string | undefined, allowed: ReadonlySet<string>): boolean {
  if (host === undefined) return true;
  const name = hostName(host);
  if (name === undefined) return false;
  return isIP(name) !== 0 || isLocalhost(name) || allowed.has(name);
}

/** RFC 9110 section 7.2: uri-host, and a port that does not matter here. */
const HOST_FORM = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{0,5})?$/;

/** The name or address in lower case, without brackets; undefined where the field is not valid. */
function hostName(host: string): string | undefined {
  const match = HOST_FORM.exec(host.toLowerCase());
  const bracketed = match?.[1];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed : undefined;
  return match?.[2]?.replace(/\.$/, "");
}

/** RFC 6761 section 6.3: the names under localhost are loopback as well. */
function isLocalhost(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}
