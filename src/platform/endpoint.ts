import { isIP } from "node:net";

/** An address to listen on. Port 0 means any free port. */
export type Endpoint = {
  /** Numeric IPv4 or IPv6 address, without brackets. */
  readonly address: string;
  readonly port: number;
};

/** `192.0.2.1:1688` or `[2001:db8::1]:1688`. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

const ENDPOINT_FORM = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/;

/** Reads the text form of {@link formatEndpoint}; undefined where it is not one. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = ENDPOINT_FORM.exec(text);
  if (match === null) return undefined;
  const [, six, four, portText] = match;
  const port = Number(portText);
  if (port > 65535) return undefined;
  if (six !== undefined && isIP(six) === 6) return { address: six, port };
  if (four !== undefined && isIP(four) === 4) return { address: four, port };
  return undefined;
}

/**
 * A listener could not be opened: which part, where, and the system's code (EADDRINUSE, EACCES...).
 */
export class BindError extends Error {
  readonly part: "rpc" | "dns" | "http";
  readonly endpoint: Endpoint;
  readonly code: string;

  constructor(part: "rpc" | "dns" | "http", endpoint: Endpoint, code: string) {
    super(`${part}: cannot listen on ${formatEndpoint(endpoint)}: ${code}`);
    this.name = "BindError";
    this.part = part;
    this.endpoint = endpoint;
    this.code = code;
  }
}
