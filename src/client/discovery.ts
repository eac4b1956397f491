import { fail, type Result } from "../platform/result.ts";
import { type HostAddress, sameHost } from "./host-address.ts";

/** Why a domain gave no host. The codes are those of a Windows client's resolver. */
export const LOOKUP_HRESULT = {
  /** DNS_ERROR_RCODE_NAME_ERROR: the name does not exist. */
  noSuchName: 0x8007232b,
  /** DNS_INFO_NO_RECORDS: the name exists and has no SRV records, or says that there is no host. */
  noRecords: 0x8007251d,
  /** DNS_ERROR_RCODE_SERVER_FAILURE: no DNS server answered, or none that could. */
  failure: 0x8007232a,
} as const;

export type LookupFailure = {
  readonly kind: keyof typeof LOOKUP_HRESULT;
  readonly detail: string;
};

/**
 * Finds a domain's hosts and gives them in the order in which to try them (RFC 2782). Never
 * rejects.
 */
export type LookupHosts = () => Promise<Result<readonly HostAddress[], LookupFailure>>;

export type DiscoveryOptions = {
  /** CLIENT-2: the only host to ask; DNS is not. */
  readonly fixedHost: HostAddress | undefined;
  /** The host that answered last; undefined where there is none, or caching is off. */
  readonly cachedHost: HostAddress | undefined;
  readonly lookupHosts: LookupHosts;
};

/**
 * The hosts to try, one after another, until the caller has its answer and stops (CLIENT-1): the
 * cached one first; when that one fails, those that DNS names, drawn by priority and weight, none
 * twice. Returns why DNS gave none, where it was asked.
 */
export async function* hostsToTry(
  options: DiscoveryOptions,
): AsyncGenerator<HostAddress, LookupFailure | undefined, void> {
  const { fixedHost, cachedHost, lookupHosts } = options;
  if (fixedHost !== undefined) {
    yield fixedHost;
    return undefined;
  }
  if (cachedHost !== undefined) yield cachedHost;
  const found = await lookupHosts();
  if (!found.ok) return found.error;
  for (const host of found.value) {
    // It failed a moment ago; DNS naming it still does not make it answer.
    if (cachedHost === undefined || !sameHost(host, cachedHost)) yield host;
  }
  return undefined;
}

/** For a client that has neither a host nor a domain. */
export const noLookup: LookupHosts = async () =>
  fail({ kind: "noRecords", detail: "no domain to look hosts up in" });
