/** The shell that reaches a licensed host: its name's addresses, a connection, a bind. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { HostAddress } from "../client/host-address.ts";
import { lookupAddresses } from "../dns/resolver.ts";
import type { Endpoint } from "../platform/endpoint.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import { MICROSOFT_INTERFACE } from "../protocol/interface.ts";
import {
  connectRpc,
  describeCallerError,
  type RpcCaller,
  type RpcCallerError,
} from "../rpc/caller.ts";

/** Addresses of one host that are tried; the time is shared among them. */
const ADDRESSES_MAXIMUM = 4;

export type ConnectorOptions = {
  /** Answers look-ups of names; the system where it is left out. */
  readonly resolver: Endpoint | undefined;
  /** Whether an endpoint is one of this appliance itself. */
  readonly isOwn: (endpoint: Endpoint) => boolean;
  readonly replyOctets: number;
  readonly randomBytes: RandomBytes;
};

/**
 * Connects and binds to a host within the time, in the byte order of the client that is relayed. An
 * error says in words why not; never rejects.
 */
export type Connect = (
  host: HostAddress,
  littleEndian: boolean,
  timeoutMs: number,
) => Promise<Result<RpcCaller, string>>;

export function createConnector(options: ConnectorOptions): Connect {
  return async ({ host, port }, littleEndian, timeoutMs) => {
    const deadline = performance.now() + timeoutMs;
    const found = await addressesOf(host, timeoutMs, options);
    if (!found.ok) return found;
    const others = found.value.filter((address) => !options.isOwn({ address, port }));
    if (others.length < found.value.length) return fail("it is this appliance itself");
    const addresses = others.slice(0, ADDRESSES_MAXIMUM);
    let failure = "its name has no address";
    for (const [index, address] of addresses.entries()) {
      const share = (deadline - performance.now()) / (addresses.length - index);
      if (share <= 0) return fail("no connection in time");
      const connected = await connectRpc({
        host: address,
        port,
        timeoutMs: share,
        interfaceUuid: MICROSOFT_INTERFACE.uuid,
        versionMajor: MICROSOFT_INTERFACE.versionMajor,
        versionMinor: MICROSOFT_INTERFACE.versionMinor,
        littleEndian,
        replyOctetsMax: options.replyOctets,
      });
      if (connected.ok) return connected;
      failure = upstreamErrorWords(connected.error);
    }
    return fail(failure);
  };
}

async function addressesOf(
  host: string,
  timeoutMs: number,
  { resolver, randomBytes }: ConnectorOptions,
): Promise<Result<readonly string[], string>> {
  if (isIP(host) !== 0) return ok([host]);
  if (resolver === undefined) return systemAddresses(host, timeoutMs);
  const found = await lookupAddresses({ server: resolver, name: host, timeoutMs, randomBytes });
  return found.ok ? found : fail(`its name has no address in DNS (${found.error.code})`);
}

/** The system's look-up cannot be given up: what it says after the time is not waited for. */
async function systemAddresses(
  host: string,
  timeoutMs: number,
): Promise<Result<readonly string[], string>> {
  const { promise: tooLate, resolve } = Promise.withResolvers<Result<never, string>>();
  const timer = setTimeout(() => resolve(fail("its name was not looked up in time")), timeoutMs);
  const found = lookup(host, { all: true }).then(
    (entries) => ok(entries.map(({ address }) => address)),
    (error: NodeJS.ErrnoException) => fail(`its name has no address (${error.code ?? error})`),
  );
  const outcome = await Promise.race([found, tooLate]);
  clearTimeout(timer);
  return outcome;
}

/** What went wrong with a licensed host, in a few words. */
export function upstreamErrorWords(error: RpcCallerError): string {
  return describeCallerError(error, "activation of genuine clients");
}
