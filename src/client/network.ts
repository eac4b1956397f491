import { getServers } from "node:dns";
import { isIP } from "node:net";
import { type LookupError, lookupAddresses, lookupSrv } from "../dns/resolver.ts";
import { orderByPriorityAndWeight } from "../dns/srv-order.ts";
import { type Endpoint, parseEndpoint } from "../platform/endpoint.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import { ACTIVATION_INTERFACE } from "../protocol/interface.ts";
import { connectRpc, type RpcCaller } from "../rpc/caller.ts";
import type { LookupFailure, LookupHosts } from "./discovery.ts";
import { callerErrorWords } from "./exchange.ts";
import type { HostAddress } from "./host-address.ts";

/** The shell of a client: DNS and RPC over the network. */

const DNS_PORT = 53;
/** Addresses of one host that are tried, each with the whole time for a connection. */
const ADDRESSES_MAXIMUM = 4;

export type NetworkOptions = {
  /** Answers look-ups of hosts and of their names; the system's first one where it is left out. */
  readonly dnsServer: Endpoint | undefined;
  /** For one look-up, one connection, one call. */
  readonly timeoutMs: number;
  readonly randomBytes: RandomBytes;
};

export class ClientNetwork {
  readonly #options: NetworkOptions;
  /** Addresses that came along with SRV records, by name. */
  readonly #addresses = new Map<string, readonly string[]>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Looks up `_vlmcs._tcp` in a domain (CLIENT-1, RFC 2782). */
  lookupHosts(domain: string): LookupHosts {
    return async () => {
      const { timeoutMs, randomBytes } = this.#options;
      const server = this.#options.dnsServer ?? systemDnsServer();
      if (server === undefined) {
        return fail({ kind: "failure", detail: "this system has no DNS server set" });
      }
      const name = `_vlmcs._tcp.${domain}`;
      const found = await lookupSrv({ server, name, timeoutMs, randomBytes });
      if (!found.ok) return fail(lookupFailure(found.error, name));
      for (const { target, addresses } of found.value) this.#addresses.set(target, addresses);
      const ordered = orderByPriorityAndWeight(found.value, randomBytes);
      return ok(ordered.map(({ target, port }) => ({ host: target, port })));
    };
  }

  /** Connects to the first address of a host that takes the connection. Never rejects. */
  readonly connect = async ({ host, port }: HostAddress): Promise<Result<RpcCaller, string>> => {
    const addresses = await this.#addressesOf(host);
    if (!addresses.ok) return addresses;
    let failure = "has no address";
    for (const address of addresses.value.slice(0, ADDRESSES_MAXIMUM)) {
      const connected = await connectRpc({
        host: address,
        port,
        timeoutMs: this.#options.timeoutMs,
        interfaceUuid: ACTIVATION_INTERFACE.uuid,
        versionMajor: ACTIVATION_INTERFACE.versionMajor,
        versionMinor: ACTIVATION_INTERFACE.versionMinor,
      });
      if (connected.ok) return connected;
      failure = callerErrorWords(connected.error);
    }
    return fail(failure);
  };

  async #addressesOf(host: string): Promise<Result<readonly string[], string>> {
    if (isIP(host) !== 0) return ok([host]);
    const known = this.#addresses.get(host) ?? [];
    if (known.length > 0) return ok(known);
    const { dnsServer: server, timeoutMs, randomBytes } = this.#options;
    // Without a server of our own the system knows names better: hosts files, search lists.
    if (server === undefined) return ok([host]);
    const found = await lookupAddresses({ server, name: host, timeoutMs, randomBytes });
    return found.ok ? found : fail(`its name has no address in DNS (${found.error.code})`);
  }
}

function lookupFailure({ code }: LookupError, name: string): LookupFailure {
  switch (code) {
    case "nxdomain":
      return { kind: "noSuchName", detail: `${name} does not exist` };
    case "nodata":
      return { kind: "noRecords", detail: `${name} has no SRV records` };
    case "unavailable":
      return { kind: "noRecords", detail: `${name} says that there is no host in this domain` };
    default:
      return { kind: "failure", detail: `${name}: ${code}` };
  }
}

/** The first DNS server that the system is set to use. */
function systemDnsServer(): Endpoint | undefined {
  const [first] = getServers();
  if (first === undefined) return undefined;
  return isIP(first) === 0 ? parseEndpoint(first) : { address: first, port: DNS_PORT };
}
