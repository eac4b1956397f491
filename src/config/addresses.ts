import { isLoopback, isWildcard } from "../platform/address.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import { parseAddress } from "../rpc/addresses.ts";

/** A part of what `os.networkInterfaces()` gives. */
export type MachineAddress = {
  readonly address: string;
  readonly internal: boolean;
};

/** fe80::/10 means nothing without an interface, 169.254/16 nothing beyond its link. */
const LINK_LOCAL = /^(fe[89ab][0-9a-f]:|169\.254\.)/i;

/**
 * The addresses to publish for listeners: those named, and for a wildcard the machine's own of its
 * family. Loopback addresses are among them only where nothing else is listened on (trials, tests).
 */
export function publishedAddresses(
  listeners: readonly Endpoint[],
  machine: readonly MachineAddress[],
): readonly string[] {
  const found = new Set<string>();
  for (const { address } of listeners) {
    const family = parseAddress(address)?.length;
    if (!isWildcard(address)) {
      found.add(address);
      continue;
    }
    for (const own of machine) {
      const usable = !own.internal && !LINK_LOCAL.test(own.address);
      if (usable && parseAddress(own.address)?.length === family) found.add(own.address);
    }
  }
  const reachable = [...found].filter((address) => !isLoopback(address));
  return reachable.length > 0 ? reachable : [...found];
}
