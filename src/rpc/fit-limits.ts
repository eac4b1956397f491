import type { RpcLimits } from "./limits.ts";

/** Limits that the descriptors of this process allow. */
export type FittedLimits = {
  readonly limits: RpcLimits;
  /** Descriptors that the limits as they were asked for need. */
  readonly descriptorsNeeded: number;
};

/**
 * Cuts the connections to what there are descriptors for; undefined descriptors are enough. A
 * process without descriptors left cannot even accept a connection in order to close it: it would
 * leave the clients waiting, and the rest of the appliance without files.
 */
export function fitLimits(limits: RpcLimits, descriptors: number | undefined): FittedLimits {
  // One for the connection that is accepted in order to be refused.
  const descriptorsNeeded = limits.connections + limits.sparedDescriptors + 1;
  if (descriptors === undefined || descriptors >= descriptorsNeeded) {
    return { limits, descriptorsNeeded };
  }
  const spared = Math.min(limits.sparedDescriptors, Math.floor(descriptors / 2));
  const connections = Math.max(1, Math.min(limits.connections, descriptors - spared - 1));
  // One address must not take all that is left.
  const most = Math.max(1, Math.floor(connections / 2));
  const connectionsPerAddress = Math.min(limits.connectionsPerAddress, most);
  return { limits: { ...limits, connections, connectionsPerAddress }, descriptorsNeeded };
}
