/** Which zone a name is in, and which server takes updates of it (RFC 2136 §4.2 to §4.4). */
import { type Endpoint, formatEndpoint } from "../../platform/endpoint.ts";
import type { RandomBytes } from "../../platform/randomness.ts";
import { fail, ok, type Result } from "../../platform/result.ts";
import { askAddresses, askServer } from "../ask.ts";
import { Rcode, RecordType } from "../codes.ts";
import { isWithin, type Name, nameToText } from "../name.ts";
import { type Answer, rcodeText } from "../question.ts";
import { readSoa } from "../rdata.ts";
import { dnsHresult, NO_ANSWER, NO_RECORDS } from "./result-code.ts";
import type { PublicationFailure } from "./schedule.ts";

export type LocateOptions = {
  readonly name: Name;
  /** Takes the updates, whatever the SOA says. */
  readonly server: Endpoint | undefined;
  /** Who is asked, in this order; not looked at where `server` is given. */
  readonly resolvers: readonly Endpoint[];
  readonly updatePort: number;
  readonly timeoutMs: number;
  readonly randomBytes: RandomBytes;
};

export type Location = { readonly apex: Name; readonly servers: readonly Endpoint[] };

type Located<Value> = Result<Value, PublicationFailure>;

export async function locate(options: LocateOptions): Promise<Located<Location>> {
  const { server, resolvers } = options;
  if (server !== undefined) {
    const zone = await findZone(options, server, false);
    return zone.ok ? ok({ apex: zone.value.apex, servers: [server] }) : zone;
  }
  let failure: PublicationFailure = {
    zone: undefined,
    server: undefined,
    reason: "there is no DNS server to ask for the zone",
    hresult: NO_ANSWER,
  };
  for (const resolver of resolvers) {
    const zone = await findZone(options, resolver, true);
    if (zone.ok) return findServers(options, resolver, zone.value);
    failure = zone.error;
  }
  return fail(failure);
}

type FoundZone = { readonly apex: Name; readonly primary: Name };

async function findZone(
  { name, timeoutMs, randomBytes }: LocateOptions,
  server: Endpoint,
  recursive: boolean,
): Promise<Located<FoundZone>> {
  const type = RecordType.SOA;
  const answer = await askServer({ server, name, type, recursive, timeoutMs, randomBytes });
  const failed = (why: string, hresult: number) => {
    const reason = `no SOA of ${nameToText(name)}: ${why}`;
    return fail({ zone: undefined, server: formatEndpoint(server), reason, hresult });
  };
  if (!answer.ok) return failed(answer.error, NO_ANSWER);
  const found = enclosingZone(answer.value, name);
  if (found !== undefined) return ok(found);
  const { rcode } = answer.value;
  return failed(rcodeText(rcode), dnsHresult(rcode));
}

/** The zone as an answer about a name in it shows: in the answer, or beside a negative one. */
function enclosingZone({ rcode, answers, authorities }: Answer, name: Name): FoundZone | undefined {
  if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) return undefined;
  const soa = [...answers, ...authorities].find(
    (record) => record.type === RecordType.SOA && isWithin(name, record.name),
  );
  return soa && { apex: soa.name, primary: readSoa(soa.rdata).primary };
}

async function findServers(
  { updatePort: port, timeoutMs, randomBytes }: LocateOptions,
  resolver: Endpoint,
  { apex, primary }: FoundZone,
): Promise<Located<Location>> {
  const asked = { server: resolver, name: primary, recursive: true, timeoutMs, randomBytes };
  const addresses = await askAddresses(asked);
  if (addresses.ok && addresses.value.length > 0) {
    return ok({ apex, servers: addresses.value.map((address) => ({ address, port })) });
  }
  const why = addresses.ok ? "it has no address" : addresses.error;
  return fail({
    zone: nameToText(apex),
    server: formatEndpoint(resolver),
    reason: `the zone's server ${nameToText(primary)} is not found: ${why}`,
    hresult: addresses.ok ? NO_RECORDS : NO_ANSWER,
  });
}
