/**
 * Looks for activation hosts that nobody meant: asks the resolvers that clients use for the service
 * record, and reports what is not ours.
 */
import { type Endpoint, formatEndpoint } from "../platform/endpoint.ts";
import type { RandomBytes } from "../platform/randomness.ts";
import type { Result } from "../platform/result.ts";
import { addressFromText, addressToText } from "./address.ts";
import { SERVICE_LABELS } from "./appliance-zones.ts";
import { askAddresses, askServer, servicesOf } from "./ask.ts";
import { Rcode, RecordType } from "./codes.ts";
import { literalName, type Name, nameToText, sameName } from "./name.ts";
import { rcodeText } from "./question.ts";

/** A host that may be found. */
export type KnownHost = {
  readonly name: Name;
  /** Undefined: any, for nobody knows them here. */
  readonly addresses: readonly string[] | undefined;
};

export type Rogue = {
  readonly zone: string;
  readonly resolver: string;
  /** As the record says. Untrusted text. */
  readonly host: string;
  readonly port: number;
  /** The host is not ours; or it is called as ours, and leads to another machine. */
  readonly kind: "unknown-host" | "unknown-address";
  readonly addresses: readonly string[];
};

export type RogueCheck = {
  readonly rogues: readonly Rogue[];
  /** Questions without an answer: nothing is known about these. */
  readonly unanswered: readonly {
    readonly zone: string;
    readonly resolver: string;
    readonly reason: string;
  }[];
};

export type RogueCheckOptions = {
  readonly resolvers: readonly Endpoint[];
  readonly zones: readonly string[];
  readonly known: readonly KnownHost[];
  readonly timeoutMs: number;
  readonly randomBytes: RandomBytes;
};

/** Hosts of one record set whose addresses are looked up. */
const MAX_HOSTS = 32;

/** What a resolver says: the hosts of the record, with the addresses found. */
export type FoundHost = {
  readonly name: Name;
  readonly port: number;
  readonly addresses: readonly string[];
};

/** Those of the found that are not known. Addresses that nobody gave prove nothing. */
export function roguesAmong(
  found: readonly FoundHost[],
  known: readonly KnownHost[],
): readonly (FoundHost & Pick<Rogue, "kind">)[] {
  return found.flatMap((host): (FoundHost & Pick<Rogue, "kind">)[] => {
    const own = known.find(({ name }) => sameName(name, host.name));
    if (own === undefined) return [{ ...host, kind: "unknown-host" }];
    const expected = own.addresses?.map(canonical);
    const strange = host.addresses.filter(
      (address) => expected !== undefined && !expected.includes(canonical(address)),
    );
    return strange.length === 0 ? [] : [{ ...host, addresses: strange, kind: "unknown-address" }];
  });
}

function canonical(address: string): string {
  const octets = addressFromText(address);
  return octets === undefined ? address : addressToText(octets);
}

/** Asks every resolver for every zone. */
export async function checkRogues(options: RogueCheckOptions): Promise<RogueCheck> {
  const questions = options.zones.flatMap((zone) =>
    options.resolvers.map((server) => ({ zone, server })),
  );
  const rogues: Rogue[] = [];
  const unanswered: RogueCheck["unanswered"][number][] = [];
  for (const { zone, server } of questions) {
    const resolver = formatEndpoint(server);
    const found = await findHosts(options, zone, server);
    if (!found.ok) {
      unanswered.push({ zone, resolver, reason: found.error });
      continue;
    }
    for (const { name, port, kind, addresses } of roguesAmong(found.value, options.known)) {
      rogues.push({ zone, resolver, host: nameToText(name), port, kind, addresses });
    }
  }
  return { rogues, unanswered };
}

async function findHosts(
  { timeoutMs, randomBytes }: RogueCheckOptions,
  zone: string,
  server: Endpoint,
): Promise<Result<readonly FoundHost[], string>> {
  const name = literalName(SERVICE_LABELS, literalName(zone));
  const common = { server, recursive: true, timeoutMs, randomBytes };
  const answer = await askServer({ ...common, name, type: RecordType.SRV });
  if (!answer.ok) return answer;
  const { rcode } = answer.value;
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) {
    return { ok: false, error: rcodeText(rcode) };
  }
  const services = servicesOf(answer.value, name).slice(0, MAX_HOSTS);
  const hosts = services.filter(({ target }) => target.length > 1);
  const found = hosts.map(async ({ target, port }) => {
    const addresses = await askAddresses({ ...common, name: target });
    return { name: target, port, addresses: addresses.ok ? addresses.value : [] };
  });
  return { ok: true, value: await Promise.all(found) };
}
