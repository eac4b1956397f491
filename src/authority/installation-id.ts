import type { Sha256 } from "../platform/hash.ts";
import { encodeText } from "../protocol/octets.ts";

/**
 * The installation id: 54 decimal digits, in print nine groups of six (HOST-9). It names a host key
 * on a machine, so that a licence for the one is none for a copy on another (TRUST-2).
 *
 * Each group is five digits of SHA-256 over the label `muster/installation-id/1`, the host's public
 * key (32 octets) and the machine's own id (any octets, none for a host that may move), then a
 * check digit. People read these numbers aloud and type them.
 */
const GROUPS = 9;
const GROUP_DIGITS = 6;
/** Three octets of the digest give the five digits of a group: 2^24 is 167 times 10^5. */
const GROUP_OCTETS = 3;
const GROUP_MODULUS = 100_000;

const LABEL = encodeText("muster/installation-id/1");

/**
 * A totally anti-symmetric quasigroup of order 10 (H. M. Damm, 2004): the check digit that it gives
 * catches every single wrong digit and every swap of two neighbours.
 */
const DAMM = [
  "0317598642",
  "7092154863",
  "4206871359",
  "1750983426",
  "6123045978",
  "3674209581",
  "5869720134",
  "8945362017",
  "9438617205",
  "2581436790",
] as const;

export function installationIdOf(
  hostPublicKey: Uint8Array,
  machineId: Uint8Array,
  sha256: Sha256,
): string {
  const message = new Uint8Array(LABEL.length + hostPublicKey.length + machineId.length);
  message.set(LABEL);
  message.set(hostPublicKey, LABEL.length);
  message.set(machineId, LABEL.length + hostPublicKey.length);
  const digest = sha256(message);
  let id = "";
  for (let group = 0; group < GROUPS; group += 1) {
    let value = 0;
    for (let index = 0; index < GROUP_OCTETS; index += 1) {
      value = value * 256 + (digest[group * GROUP_OCTETS + index] as number);
    }
    const digits = String(value % GROUP_MODULUS).padStart(GROUP_DIGITS - 1, "0");
    id += digits + checkDigit(digits, group);
  }
  return id;
}

/**
 * The number (from 1) of the first group that was mistyped; 0 where the length is wrong, undefined
 * where the id is well-formed. Blanks and hyphens between the digits do not count.
 */
export function mistypedGroup(installationId: string): number | undefined {
  const digits = installationId.replaceAll(/[\s-]/g, "");
  if (!/^\d{54}$/.test(digits)) return 0;
  for (let group = 0; group < GROUPS; group += 1) {
    const text = digits.slice(group * GROUP_DIGITS, (group + 1) * GROUP_DIGITS);
    if (checkDigit(text.slice(0, -1), group) !== text.at(-1)) return group + 1;
  }
  return undefined;
}

/** The calculation starts from the group's index, so that two swapped groups are caught as well. */
function checkDigit(digits: string, group: number): string {
  let interim = group;
  for (const digit of digits) interim = Number(DAMM[interim]?.[Number(digit)]);
  return String(interim);
}
