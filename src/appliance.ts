/** Composition: from a configuration to running parts, and back. */
import type { Configuration } from "./config/configuration.ts";
import type { Endpoint } from "./platform/endpoint.ts";

/** A running appliance. */
export type Appliance = {
  /** Where each part listens in truth: ports are never 0. */
  readonly listening: {
    readonly rpc: readonly Endpoint[];
    readonly dns: readonly Endpoint[];
    readonly http: readonly Endpoint[];
  };
  /** What the operator should know at start, one line each ("the host's licence is self-issued"). */
  readonly notices: readonly string[];
  /** Asks the appliance something from outside; the watchdog is only fed while this is true. */
  readonly isHealthy: () => Promise<boolean>;
  /** Called on SIGHUP. */
  readonly reload: () => Promise<void>;
  /** Lets running requests finish, writes what is unwritten, closes everything. Called once. */
  readonly stop: () => Promise<void>;
};

/**
 * Opens the store, then every listener. Rejects with a `BindError` where a listener cannot be opened
 * (nothing is left open then), with another error where the appliance cannot run at all.
 */
export async function startAppliance(_configuration: Configuration): Promise<Appliance> {
  return {
    listening: { rpc: [], dns: [], http: [] },
    notices: [],
    isHealthy: async () => true,
    reload: async () => {},
    stop: async () => {},
  };
}
