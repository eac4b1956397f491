import { PRODUCT_KEY_GROUPS, type ProductKeyGroup } from "../protocol/types.ts";

/**
 * The extended PID: what a host is called in reports and replies, in the form of HOST-9.
 *
 *     55041-00168-006-800005-03-1033-7600-0000-2712009     an original's
 *     MUSTR-00003-427-183920-03-1033-0001.0000-2712026     one of ours
 *
 * Ours begins with letters, so that it never passes for an original's. Then: the product key group
 * (0..3), nine digits of the licence's serial, the channel (03 an operator's authority, 04
 * self-issued), the language (1033), the protocol's version, and the day of the year and the year
 * (UTC) of issue.
 */
const ISSUER = "MUSTR";
const LANGUAGE = "1033";
const PROTOCOL_VERSION = "0001.0000";
const CHANNEL_AUTHORITY = "03";
const CHANNEL_SELF_ISSUED = "04";
const DAY_MS = 86_400_000;
const SERIAL_MODULUS = 1_000_000_000;

export function formatExtendedPid(
  group: ProductKeyGroup,
  serial: string,
  selfIssued: boolean,
  issuedAt: number,
): string {
  const groupDigits = String(PRODUCT_KEY_GROUPS.indexOf(group)).padStart(5, "0");
  const number = Number.parseInt(serial.slice(0, 8), 16) % SERIAL_MODULUS;
  const digits = String(number).padStart(9, "0");
  const channel = selfIssued ? CHANNEL_SELF_ISSUED : CHANNEL_AUTHORITY;
  const year = new Date(issuedAt).getUTCFullYear();
  const day = Math.floor((issuedAt - Date.UTC(year, 0, 1)) / DAY_MS) + 1;
  const date = `${String(day).padStart(3, "0")}${String(year).padStart(4, "0")}`;
  return [
    ISSUER,
    groupDigits,
    digits.slice(0, 3),
    digits.slice(3),
    channel,
    LANGUAGE,
    PROTOCOL_VERSION,
    date,
  ].join("-");
}
