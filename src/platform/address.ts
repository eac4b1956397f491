import { isIP } from "node:net";

/** 127.0.0.0/8 and ::1, also where IPv4 is written as IPv6 (RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./i.test(address);
}

/** `0.0.0.0`, `::` and its longer forms: all addresses of the family. */
export function isWildcard(address: string): boolean {
  return isIP(address) !== 0 && /^[0.:]+$/.test(address);
}
