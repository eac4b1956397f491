/**
 * Address lists: who may connect. CIDR notation, IPv4 and IPv6 alike; IPv4-mapped IPv6 counts as
 * IPv4.
 */
import { fail, ok, type Result } from "../platform/result.ts";

/**
 * A block of addresses: the first `prefixLength` bits of `octets`. 4 octets for IPv4, 16 for IPv6.
 */
export type AddressBlock = {
  readonly octets: Uint8Array;
  readonly prefixLength: number;
};

/**
 * What an entry of a list may say instead of a block: the networks that are not routed on the
 * internet.
 */
export const PRIVATE_KEYWORD = "private";

/** Loopback, RFC 1918, link-local and unique local addresses (RFC 6890, RFC 4193). */
const PRIVATE_BLOCKS: readonly string[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "::1/128",
  "fe80::/10",
  "fc00::/7",
];

export type AddressListError = {
  readonly code: "notAnAddress" | "prefixTooLong" | "hostBitsSet";
  /** The entry, as it stands in the list. */
  readonly text: string;
};

/** `::ffff:192.0.2.1` as `192.0.2.1`; every other text as it is. A zone (`%eth0`) is cut off. */
export function foldMappedAddress(address: string): string {
  const zone = address.indexOf("%");
  const plain = zone < 0 ? address : address.slice(0, zone);
  if (!plain.startsWith("::ffff:")) return plain;
  const rest = plain.slice("::ffff:".length);
  return parseIPv4(rest) === undefined ? plain : rest;
}

/** The octets of an address: 4 or 16, undefined where the text is neither. */
export function parseAddress(text: string): Uint8Array | undefined {
  const folded = foldMappedAddress(text);
  if (!folded.includes(":")) return parseIPv4(folded);
  const octets = parseIPv6(folded);
  return octets !== undefined && isMapped(octets) ? octets.slice(12) : octets;
}

/**
 * Reads `192.0.2.0/24`, `2001:db8::/32` or a single address. Bits behind the prefix must be zero.
 */
export function parseAddressBlock(text: string): Result<AddressBlock, AddressListError> {
  const slash = text.indexOf("/");
  const octets = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (octets === undefined) return fail({ code: "notAnAddress", text });
  const bits = octets.length * 8;
  if (slash < 0) return ok({ octets, prefixLength: bits });
  const lengthText = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(lengthText)) return fail({ code: "notAnAddress", text });
  // A mapped block was written with the 96 bits of its prefix.
  const mapped = octets.length === 4 && text.includes(":");
  const prefixLength = Number(lengthText) - (mapped ? 96 : 0);
  if (prefixLength < 0 || prefixLength > bits) return fail({ code: "prefixTooLong", text });
  for (let bit = prefixLength; bit < bits; bit += 1) {
    if (((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) {
      return fail({ code: "hostBitsSet", text });
    }
  }
  return ok({ octets, prefixLength });
}

/**
 * Reads a list of blocks, with `private` for {@link PRIVATE_BLOCKS}. The first bad entry fails it.
 */
export function parseAddressList(
  entries: readonly string[],
): Result<readonly AddressBlock[], AddressListError> {
  const blocks: AddressBlock[] = [];
  for (const entry of entries) {
    for (const text of entry === PRIVATE_KEYWORD ? PRIVATE_BLOCKS : [entry]) {
      const block = parseAddressBlock(text);
      if (!block.ok) return block;
      blocks.push(block.value);
    }
  }
  return ok(blocks);
}

/** Whether an address lies in one of the blocks. Text that is no address lies in none. */
export function addressInBlocks(address: string, blocks: readonly AddressBlock[]): boolean {
  const octets = parseAddress(address);
  return octets !== undefined && blocks.some((block) => contains(block, octets));
}

/**
 * What a listener's `admit` asks: an address must be in `allow`, and not in `deny`. An empty
 * `allow` lets everybody in.
 */
export function addressAdmission(
  allow: readonly AddressBlock[],
  deny: readonly AddressBlock[],
): (address: string) => boolean {
  return (address) => {
    const octets = parseAddress(address);
    if (octets === undefined) return false;
    if (deny.some((block) => contains(block, octets))) return false;
    return allow.length === 0 || allow.some((block) => contains(block, octets));
  };
}

function contains(block: AddressBlock, octets: Uint8Array): boolean {
  if (block.octets.length !== octets.length) return false;
  const whole = block.prefixLength >> 3;
  for (let index = 0; index < whole; index += 1) {
    if (block.octets[index] !== octets[index]) return false;
  }
  const rest = block.prefixLength & 7;
  if (rest === 0) return true;
  const difference = (block.octets[whole] ?? 0) ^ (octets[whole] ?? 0);
  return difference >> (8 - rest) === 0;
}

const IPV4_PART = /^(?:0|[1-9]\d{0,2})$/;

function parseIPv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const octets = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!IPV4_PART.test(part) || Number(part) > 255) return undefined;
    octets[index] = Number(part);
  }
  return octets;
}

const IPV6_GROUP = /^[0-9a-fA-F]{1,4}$/;
const IPV6_GROUPS = 8;

/**
 * RFC 4291 2.2: eight groups, one run of zeros as `::`, the last two groups as IPv4 where wanted.
 */
function parseIPv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = IPV6_GROUPS - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const octets = new Uint8Array(IPV6_GROUPS * 2);
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  for (const [index, group] of groups.entries()) {
    octets[index * 2] = group >> 8;
    octets[index * 2 + 1] = group & 0xff;
  }
  return octets;
}

function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (IPV6_GROUP.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const four = last && index === parts.length - 1 ? parseIPv4(part) : undefined;
    if (four === undefined) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = four;
    groups.push((a << 8) | b, (c << 8) | d);
  }
  return groups;
}

function isMapped(octets: Uint8Array): boolean {
  for (let index = 0; index < 10; index += 1) if (octets[index] !== 0) return false;
  return octets[10] === 0xff && octets[11] === 0xff;
}
