/** What must hold between keys. One rule per function; each says everything it finds. */
import { PRODUCTS_MAXIMUM } from "../activation/catalogue.ts";
import { DEFAULT_CATALOGUE } from "../activation/default-catalogue.ts";
import { formatHostAddress } from "../client/host-address.ts";
import { isLoopback, isWildcard } from "../platform/address.ts";
import { type Endpoint, formatEndpoint } from "../platform/endpoint.ts";
import { isOwnEndpoint } from "../relay/own-endpoints.ts";
import { parseAddress } from "../rpc/addresses.ts";
import { qualifyHost } from "./configuration.ts";
import { recordsOf } from "./dns-records.ts";
import { type KeyPath, nodeAt } from "./outline.ts";
import type { Finding } from "./problem.ts";
import type { ParsedConfiguration } from "./schema.ts";
import { readSecret } from "./values.ts";

const MINUTES_PER_DAY = 1440;

/**
 * `restsOn`: the other keys that the finding speaks of; it says nothing while one of them is
 * broken.
 */
export type RuleFinding = Finding & { readonly restsOn?: readonly KeyPath[] };

type Rule = (configuration: ParsedConfiguration) => Iterable<RuleFinding>;

/** Every finding of every rule; paths count elements as in `configuration`. */
export function checkRules(configuration: ParsedConfiguration): readonly RuleFinding[] {
  return RULES.flatMap((rule) => [...rule(configuration)]);
}

function error(path: KeyPath, what: string, hint?: string): Finding {
  return { severity: "error", path, what, hint };
}

function warning(path: KeyPath, what: string, hint?: string): Finding {
  return { severity: "warning", path, what, hint };
}

/** COUNT-6: a client must come back before its record goes, or the count falls between renewals. */
function* renewalWithinRecord({ activation }: ParsedConfiguration): Iterable<RuleFinding> {
  const renewal = activation.renewal_interval_minutes;
  for (const key of ["record_days", "validity_days"] as const) {
    const life = activation[key] * MINUTES_PER_DAY;
    if (renewal < life) continue;
    yield {
      ...error(
        ["activation", "renewal_interval_minutes"],
        `${renewal} minutes is not below activation.${key} (${life} minutes)`,
        "clients would be forgotten before they renew",
      ),
      restsOn: [["activation", key]],
    };
  }
}

function* unusedActivationKeys({ activation }: ParsedConfiguration): Iterable<RuleFinding> {
  if (activation.cache.reply_count === "true" && activation.cache.capacity === "bounded") {
    yield {
      ...error(
        ["activation", "cache", "reply_count"],
        "the true count is not known with a bounded cache",
        'set activation.cache.capacity = "unbounded"',
      ),
      restsOn: [["activation", "cache", "capacity"]],
    };
  }
}

/** DNS-1, DNS-5. */
function* publicationHasZones({ dns }: ParsedConfiguration): Iterable<RuleFinding> {
  if (dns.enabled && dns.publish && dns.zones.length === 0) {
    yield error(
      ["dns", "zones"],
      "there is no zone to publish in",
      "name one, or set dns.publish = false",
    );
  }
}

/** RFC 2782: the target must have an address record; within our zones only we can give it one. */
function* hostHasAddress({ appliance, dns }: ParsedConfiguration): Iterable<RuleFinding> {
  if (!dns.enabled || !dns.publish || dns.zones.length === 0) return;
  const host = qualifyHost(dns.host ?? appliance.name ?? "muster", dns.zones);
  const own = dns.zones.some((zone) => host === zone || host.endsWith(`.${zone}`));
  if (own && dns.addresses?.length === 0) {
    yield {
      ...error(
        ["dns", "addresses"],
        `${host} is in a zone of this host and would have no address`,
        "name one, or leave the key out to use the machine's own",
      ),
      restsOn: [
        ["dns", "host"],
        ["dns", "zones"],
      ],
    };
  }
  if (!own && dns.addresses !== undefined && dns.addresses.length > 0) {
    yield warning(
      ["dns", "addresses"],
      `not used: ${host} is in none of dns.zones`,
      "its addresses come from the server of its zone",
    );
  }
}

function* zonesDiffer({ dns }: ParsedConfiguration): Iterable<RuleFinding> {
  yield* duplicates(["dns", "zones"], dns.zones, (zone) => zone);
  yield* duplicates(["dns", "addresses"], dns.addresses ?? [], (address) => address);
}

function* productsDiffer({ product }: ParsedConfiguration): Iterable<RuleFinding> {
  for (const key of ["activation_id", "name"] as const) {
    const seen = new Set<string>();
    for (const [index, entry] of product.entries()) {
      const known = seen.has(entry[key]);
      seen.add(entry[key]);
      if (!known) continue;
      yield error(
        ["product", index, key],
        `${JSON.stringify(entry[key])} is already that of a product above`,
        "each product has its own",
      );
    }
  }
}

function* duplicates<Value>(
  path: KeyPath,
  values: readonly Value[],
  identity: (value: Value) => string,
): Iterable<RuleFinding> {
  const seen = new Set<string>();
  for (const [index, value] of values.entries()) {
    const key = identity(value);
    if (seen.has(key)) yield error([...path, index], `${key} is named twice`);
    seen.add(key);
  }
}

type Listener = { readonly part: string; readonly path: KeyPath; readonly endpoint: Endpoint };

/** Two TCP listeners cannot share a port; DNS listens on TCP as well as on UDP. */
function* listenersDiffer({ rpc, dns, http }: ParsedConfiguration): Iterable<RuleFinding> {
  const listeners = [
    ...listenersOf("rpc", rpc.listen),
    ...listenersOf("dns", dns.enabled ? dns.listen : []),
    ...listenersOf("http", http.listen),
  ];
  for (const [index, listener] of listeners.entries()) {
    const other = listeners.slice(0, index).find((earlier) => collide(earlier, listener));
    if (other === undefined) continue;
    const [own, taken] = [formatEndpoint(listener.endpoint), formatEndpoint(other.endpoint)];
    const what = `${own} collides with ${other.part}'s ${taken}`;
    yield error(listener.path, what, "give it another port");
  }
}

function listenersOf(section: string, endpoints: readonly Endpoint[]): Listener[] {
  return endpoints.map((endpoint, index) => ({
    part: section,
    path: [section, "listen", index],
    endpoint,
  }));
}

function collide(left: Listener, right: Listener): boolean {
  if (left.endpoint.port !== right.endpoint.port || left.endpoint.port === 0) return false;
  const leftOctets = parseAddress(left.endpoint.address);
  const rightOctets = parseAddress(right.endpoint.address);
  if (leftOctets?.length !== rightOctets?.length) return false;
  if (isWildcard(left.endpoint.address) || isWildcard(right.endpoint.address)) return true;
  return leftOctets?.every((octet, index) => octet === rightOctets?.[index]) === true;
}

function* exposureIsMeant({ rpc, http }: ParsedConfiguration): Iterable<RuleFinding> {
  if (rpc.admit === "any" && rpc.allow.length > 0) {
    yield warning(["rpc", "allow"], 'not used: rpc.admit = "any" admits everyone');
  }
  for (const [index, { address }] of http.listen.entries()) {
    if (isLoopback(address)) continue;
    const [what, hint] = http.open_details
      ? ["status, client names and events", "http.open_details = false asks for a token"]
      : ["status and figures", "client names and events ask for http.token"];
    yield warning(
      ["http", "listen", index],
      `${address} shows ${what} to whoever reaches it`,
      hint,
    );
  }
}

/** RFC 6750 section 5.3: a token that everybody knows is none. */
function* tokenIsSecret({ http }: ParsedConfiguration): Iterable<RuleFinding> {
  if (http.token_file !== undefined) {
    if (http.token !== undefined) {
      yield warning(["http", "token"], "not used: http.token_file goes before it");
    }
  } else if (http.token === nodeAt(["http", "token"])?.example) {
    yield warning(["http", "token"], "is the example that everybody can read", "choose another");
  }
}

/** RFC 8945 section 8: a secret is as long as the hash, at best. */
const SHORT_SECRET_OCTETS = 16;

function* keysAreSound({ dns }: ParsedConfiguration): Iterable<RuleFinding> {
  const names = new Set<string>();
  const example = nodeAt(["dns", "key", 0, "secret"])?.example;
  for (const [index, { name, secret, secret_file }] of dns.key.entries()) {
    const path = ["dns", "key", index] as const;
    if (names.has(name)) yield error([...path, "name"], `${name} is already a key above`);
    names.add(name);
    if (secret_file !== undefined) {
      if (secret === undefined) continue;
      yield warning([...path, "secret"], "not used: secret_file goes before it");
    } else if (secret === undefined) {
      yield error(path, "a key without a secret", "give it secret or secret_file");
    } else if (secret === example) {
      yield warning([...path, "secret"], "is the example that everybody can read");
    } else if ((readSecret(secret)?.length ?? 0) < SHORT_SECRET_OCTETS) {
      const hint = "make one with `openssl rand -base64 32`";
      yield warning([...path, "secret"], "is short enough to be guessed", hint);
    }
  }
}

/** DNS-9. What contradicts other records only shows once the zones are put together. */
function* recordsAreSound({ dns }: ParsedConfiguration): Iterable<RuleFinding> {
  for (const [index, record] of dns.record.entries()) {
    const records = recordsOf(record, index, dns.zones[0], dns.ttl);
    if (records.ok) continue;
    const { path, what } = records.error;
    yield { ...error(["dns", "record", index, ...path], what), restsOn: [["dns", "zones"]] };
  }
}

/** DNS-3, DNS-9. */
function* zoneDataIsUsed({ dns }: ParsedConfiguration): Iterable<RuleFinding> {
  const isOurs = (name: string): boolean =>
    dns.zones.some((zone) => name === zone || name.endsWith(`.${zone}`));
  for (const [index, { name, addresses }] of dns.other_host.entries()) {
    if (addresses.length === 0 || isOurs(qualifyHost(name, dns.zones))) continue;
    const path = ["dns", "other_host", index, "addresses"] as const;
    const what = `not used: ${name} is in none of dns.zones`;
    yield { ...warning(path, what), restsOn: [["dns", "zones"]] };
  }
  for (const key of ["record", "zone_file", "other_host"] as const) {
    if (dns.enabled || dns[key].length === 0) continue;
    yield warning(["dns", key], "not used: dns.enabled is false");
  }
  yield* duplicates(["dns", "zone_file"], dns.zone_file, ({ zone }) => zone);
}

/** DNS-6. */
function* publicationIsPossible({ dns }: ParsedConfiguration): Iterable<RuleFinding> {
  const { enabled, zones, key, server } = dns.publish_to;
  if (!enabled) return;
  if ((zones ?? dns.zones).length === 0) {
    yield error(["dns", "publish_to", "enabled"], "there is no zone to publish in", "name one");
  }
  if (key !== undefined && !dns.key.some(({ name }) => name === key)) {
    const hint = "add a [[dns.key]] of that name";
    const restsOn = [["dns", "key"]];
    yield { ...error(["dns", "publish_to", "key"], `there is no key ${key}`, hint), restsOn };
  }
  if (dns.enabled && server !== undefined && isOwnEndpoint(server, dns.listen, [])) {
    const what = `${formatEndpoint(server)} is this appliance's own DNS server`;
    const hint = "it serves the record already; name another";
    yield { ...error(["dns", "publish_to", "server"], what, hint), restsOn: [["dns", "listen"]] };
  }
}

function* tlsIsComplete({ http }: ParsedConfiguration): Iterable<RuleFinding> {
  const pair = ["tls_certificate", "tls_key"] as const;
  for (const [key, other] of [pair, pair.toReversed()] as readonly (typeof pair)[]) {
    if (http[key] === undefined || http[other] !== undefined) continue;
    yield error(["http", key], `is of no use without http.${other}`, "name both, or neither");
  }
}

function* httpLimitsFit({ http: { limits } }: ParsedConfiguration): Iterable<RuleFinding> {
  if (limits.connections_per_address <= limits.connections) return;
  yield {
    ...error(
      ["http", "limits", "connections_per_address"],
      `${limits.connections_per_address} is above http.limits.connections (${limits.connections})`,
      "one address could take all of them",
    ),
    restsOn: [["http", "limits", "connections"]],
  };
}

function* limitsFit({ rpc: { limits } }: ParsedConfiguration): Iterable<RuleFinding> {
  if (limits.connections_per_address <= limits.connections) return;
  yield {
    ...error(
      ["rpc", "limits", "connections_per_address"],
      `${limits.connections_per_address} is above rpc.limits.connections (${limits.connections})`,
      "one address could take all of them",
    ),
    restsOn: [["rpc", "limits", "connections"]],
  };
}

/** RELAY-1, RELAY-3. */
function* relayHasHosts({ relay }: ParsedConfiguration): Iterable<RuleFinding> {
  const { mode, upstreams, discover, resolver } = relay;
  if (mode !== "relay") {
    if (upstreams.length === 0 && discover === undefined) return;
    const key = upstreams.length > 0 ? "upstreams" : "discover";
    yield warning(["relay", key], `not used: relay.mode is "${mode}"`);
    return;
  }
  if (upstreams.length === 0 && discover === undefined) {
    yield {
      ...error(
        ["relay", "mode"],
        "there is no licensed host to relay to",
        "name yours in relay.upstreams, or their domain in relay.discover",
      ),
      restsOn: [
        ["relay", "upstreams"],
        ["relay", "discover"],
      ],
    };
  }
  if (discover !== undefined && resolver === undefined) {
    const hint = "name the DNS server that answers for it in relay.resolver";
    const restsOn = [["relay", "resolver"]];
    yield { ...error(["relay", "discover"], "nobody is named to ask", hint), restsOn };
  }
  yield* duplicates(["relay", "upstreams"], upstreams, formatHostAddress);
}

const LOOP_HINT = "a relay that calls itself never ends; name your licensed host";

/** As far as the configuration shows it; what is behind a name is looked at when it is called. */
function* relayCallsOthers(configuration: ParsedConfiguration): Iterable<RuleFinding> {
  const { appliance, rpc, relay, dns } = configuration;
  if (relay.mode !== "relay") return;
  const ownName = qualifyHost(dns.host ?? appliance.name ?? "muster", dns.zones);
  const ownPorts = rpc.listen.map(({ port }) => port);
  for (const [index, { host, port }] of relay.upstreams.entries()) {
    const isOwnName = host === ownName && ownPorts.includes(port);
    if (!isOwnName && !isOwnEndpoint({ address: host, port }, rpc.listen, [])) continue;
    const what = `${formatHostAddress({ host, port })} is this appliance itself`;
    const restsOn = [["rpc", "listen"]];
    yield { ...error(["relay", "upstreams", index], what, LOOP_HINT), restsOn };
  }
  const { discover, resolver } = relay;
  if (dns.enabled && discover !== undefined && dns.zones.includes(discover)) {
    const what = `${discover} is a zone of this appliance, which would find itself`;
    yield { ...error(["relay", "discover"], what, LOOP_HINT), restsOn: [["dns", "zones"]] };
  }
  if (dns.enabled && resolver !== undefined && isOwnEndpoint(resolver, dns.listen, [])) {
    const what = `${formatEndpoint(resolver)} is this appliance's own DNS server`;
    const hint = "it knows its own zones alone; name another";
    yield { ...error(["relay", "resolver"], what, hint), restsOn: [["dns", "listen"]] };
  }
}

/** A catalogue has a bound of its own, and something in it. */
function* productsAreFew({ product, activation }: ParsedConfiguration): Iterable<RuleFinding> {
  if (product.length === 0 && !activation.built_in_products) {
    const hint = "add a [[product]], or leave the key out";
    yield error(["activation", "built_in_products"], "false leaves no product to serve", hint);
  }
  const most = PRODUCTS_MAXIMUM - DEFAULT_CATALOGUE.length;
  if (product.length <= most) return;
  yield error(["product"], `${product.length} products, at most ${most} can be added`);
}

const RULES: readonly Rule[] = [
  limitsFit,
  relayHasHosts,
  relayCallsOthers,
  productsAreFew,
  listenersDiffer,
  exposureIsMeant,
  tokenIsSecret,
  keysAreSound,
  recordsAreSound,
  zoneDataIsUsed,
  publicationIsPossible,
  tlsIsComplete,
  httpLimitsFit,
  renewalWithinRecord,
  unusedActivationKeys,
  publicationHasZones,
  zonesDiffer,
  hostHasAddress,
  productsDiffer,
];
