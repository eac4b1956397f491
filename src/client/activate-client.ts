import { type Clock, systemClock } from "../platform/clock.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import { sha256 } from "../platform/hash.ts";
import { type RandomBytes, systemRandomBytes } from "../platform/randomness.ts";
import { verifierFor } from "../platform/signature.ts";
import { fitMachineName } from "../protocol/request.ts";
import type { Guid } from "../protocol/types.ts";
import { runActivation } from "./activation.ts";
import { noLookup } from "./discovery.ts";
import type { ClientEvent } from "./events.ts";
import type { HostAddress } from "./host-address.ts";
import { ClientNetwork } from "./network.ts";
import type { ActivationOutcome } from "./outcome.ts";
import { type ClientProduct, type ClientState, newClientState, withProduct } from "./state.ts";
import { loadClientState, saveClientState } from "./state-file.ts";

/** For one look-up, one connection, one call. */
const DEFAULT_TIMEOUT_MS = 5000;

/** What is given here is kept in the state, and holds until something else is given. */
export type ActivateOptions = {
  /** Kept between runs; without one, this run is a client of its own that nobody sees again. */
  readonly stateFile?: string;
  /** Of a client that has no state yet; changes the product of one that has. */
  readonly product?: ClientProduct;
  /** For a client without state and without `product`. */
  readonly defaultProduct: ClientProduct;
  readonly threshold?: number;
  readonly cmid?: Guid;
  /** The only host to ask (CLIENT-2). Ends discovery until a domain is given. */
  readonly server?: HostAddress;
  /** Look hosts up in this domain. Ends a fixed host. */
  readonly domain?: string;
  /** For a client that knows neither a host nor a domain: usually the machine's own domain. */
  readonly defaultDomain?: string;
  /** For this run; the system's where it is left out. */
  readonly dnsServer?: Endpoint;
  /** 32 octets: the authority to trust from now on, instead of the first one met. */
  readonly trustedAuthorityKey?: Uint8Array;
  readonly hostCaching?: boolean;
  readonly machineName: string;
  readonly virtual?: boolean;
  readonly timeoutMs?: number;
  readonly onEvent?: (event: ClientEvent) => void;
  /** Sentences for the user. */
  readonly onNotice?: (notice: string) => void;
  readonly clock?: Clock;
  readonly randomBytes?: RandomBytes;
};

/**
 * Activates or renews this machine, once: what `muster client activate` does. Resolves with the
 * outcome whatever hosts and network do; throws only `ClientStateError`.
 */
export async function activateClient(options: ActivateOptions): Promise<ActivationOutcome> {
  const { stateFile, clock = systemClock, randomBytes = systemRandomBytes } = options;
  const loaded = stateFile === undefined ? undefined : await loadClientState(stateFile);
  for (const notice of loaded?.notices ?? []) options.onNotice?.(notice);
  const now = clock();
  const product = options.product ?? options.defaultProduct;
  const before = loaded?.state ?? newClientState(product, now, randomBytes);
  const state = withOptions(before, options, now);
  // Before the first request: a CMID that a host has counted must not be lost to a power cut.
  if (stateFile !== undefined) await saveClientState(stateFile, state);
  const network = new ClientNetwork({
    dnsServer: options.dnsServer,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    randomBytes,
  });
  const world = {
    clock,
    randomBytes,
    cryptography: { sha256, verifierFor },
    connect: network.connect,
    onEvent: options.onEvent ?? (() => undefined),
  };
  const machine = {
    name: fitMachineName(options.machineName),
    virtual: options.virtual ?? false,
  };
  const domain = state.domain ?? options.defaultDomain;
  const lookupHosts = domain === undefined ? noLookup : network.lookupHosts(domain);
  const result = await runActivation(world, state, machine, lookupHosts);
  if (stateFile !== undefined) await saveClientState(stateFile, result.state);
  return result.outcome;
}

/** The state with what the user gave this time. */
function withOptions(before: ClientState, options: ActivateOptions, now: number): ClientState {
  const { cmid, domain, server, trustedAuthorityKey: key, hostCaching } = options;
  const product = options.product ?? before.product;
  const threshold = options.threshold ?? product.threshold;
  const state = withProduct(before, { ...product, threshold }, now);
  const discovery =
    server === undefined && domain === undefined
      ? {}
      : { fixedHost: server ?? null, domain: domain ?? state.domain };
  // Another domain has other hosts: the one that answered last is not one of them.
  const isMoved = domain !== undefined && domain !== state.domain;
  return {
    ...state,
    ...discovery,
    cmid: cmid ?? state.cmid,
    hostCaching: hostCaching ?? state.hostCaching,
    cachedHost: isMoved ? null : state.cachedHost,
    trustedAuthorityKey: key?.toHex() ?? state.trustedAuthorityKey,
  };
}
