/** Names for addresses: `in-addr.arpa` (RFC 1035 §3.5) and `ip6.arpa` (RFC 3596 §2.5). */

/** One site's share of the reverse tree: labels below the zone, for a /24 and a /64. */
const IPV4_HOST_LABELS = 1;
const IPV6_HOST_LABELS = 16;

function labels(address: Uint8Array): string[] {
  if (address.length === 4) return [...address].reverse().map(String);
  return [...address].reverse().flatMap((octet) => [octet & 15, octet >> 4].map(hexDigit));
}

function hexDigit(value: number): string {
  return value.toString(16);
}

function suffix(address: Uint8Array): string {
  return address.length === 4 ? "in-addr.arpa." : "ip6.arpa.";
}

/** The name that holds the PTR of an address of four or sixteen octets. */
export function reverseName(address: Uint8Array): string {
  return [...labels(address), suffix(address)].join(".");
}

/** The zone that such a name belongs to: its /24 or /64. */
export function reverseZone(address: Uint8Array): string {
  const hostLabels = address.length === 4 ? IPV4_HOST_LABELS : IPV6_HOST_LABELS;
  return [...labels(address).slice(hostLabels), suffix(address)].join(".");
}
