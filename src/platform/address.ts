import { isIP } from "node:net";

/** A block of addresses, `10.0.0.0/8` or `fd00::/8`. */
export type AddressBlock = {
  readonly family: 4 | 6;
  /** 4 or 16 octets, bits beyond the prefix zero. */
  readonly octets: Uint8Array;
  /** 0..32 or 0..128. */
  readonly prefixLength: number;
};

/** Octets of a numeric address: 4 or 16; undefined where the text is none. Zones (`%eth0`) are not read. */
export function parseAddress(text: string): Uint8Array | undefined {
  const family = text.includes("%") ? 0 : isIP(text);
  if (family === 4) return Uint8Array.from(text.split("."), Number);
  return family === 6 ? parseSix(text) : undefined;
}

/** RFC 4291 2.2; the text is already known to be valid. */
function parseSix(text: string): Uint8Array {
  const octets = new Uint8Array(16);
  const [head = "", tail] = text.split("::");
  const front = groupOctets(head);
  const back = groupOctets(tail ?? "");
  octets.set(front, 0);
  octets.set(back, 16 - back.length);
  return octets;
}

function groupOctets(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Reads `ADDRESS/LENGTH`, or an address alone as a block of one; undefined where it is neither. */
export function parseAddressBlock(text: string): AddressBlock | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = parseAddress(match?.[1] ?? "");
  if (address === undefined) return undefined;
  const bits = address.length * 8;
  const prefixLength = match?.[2] === undefined ? bits : Number(match[2]);
  if (prefixLength > bits) return undefined;
  return {
    family: address.length === 4 ? 4 : 6,
    octets: address.map((octet, index) => octet & octetMask(prefixLength - index * 8)),
    prefixLength,
  };
}

function octetMask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 8 ? 0xff : (0xff << (8 - bits)) & 0xff;
}

/** Whether the block holds the address (octets as of {@link parseAddress}). */
export function blockContains(block: AddressBlock, address: Uint8Array): boolean {
  if (address.length !== block.octets.length) return false;
  return block.octets.every((octet, index) => {
    return octet === ((address[index] ?? 0) & octetMask(block.prefixLength - index * 8));
  });
}

export function isLoopback(address: string): boolean {
  return address === "::1" || /^127\./.test(address) || /^::ffff:127\./i.test(address);
}

export function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || parseAddress(address)?.every((octet) => octet === 0) === true;
}
