import { isLoopback, isWildcard } from "../platform/address.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import { parseAddress } from "../rpc/addresses.ts";

/**
 * Whether who connects to `target` reaches one of `listeners`: a relay that did would call itself
 * without end. `machineAddresses`: what a wildcard listens on besides loopback.
 */
export function isOwnEndpoint(
  target: Endpoint,
  listeners: readonly Endpoint[],
  machineAddresses: readonly string[],
): boolean {
  return listeners.some(({ address, port }) => {
    if (port !== target.port) return false;
    if (!isWildcard(address)) return sameAddress(address, target.address);
    // A connection to the wildcard itself goes to loopback.
    const isHere = isLoopback(target.address) || isWildcard(target.address);
    if (familyOf(address) !== familyOf(target.address)) return false;
    return isHere || machineAddresses.some((own) => sameAddress(own, target.address));
  });
}

function familyOf(address: string): number | undefined {
  return parseAddress(address)?.length;
}

function sameAddress(one: string, other: string): boolean {
  const [left, right] = [parseAddress(one), parseAddress(other)];
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  return left.every((octet, index) => octet === right[index]);
}
