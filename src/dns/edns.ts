/** EDNS(0), RFC 6891: the OPT pseudo-record of queries and replies. */
import { RecordType } from "./codes.ts";

/** Our own payload size, and the most we send by UDP: fits every path (RFC 9715 §3). */
export const UDP_PAYLOAD_OCTETS = 1232;
/** What a client without EDNS takes, RFC 1035 §4.2.1; smaller offers count as this (§6.2.3). */
export const MINIMUM_PAYLOAD_OCTETS = 512;
/** Larger replies by UDP are never sent: they would only go out in fragments. */
export const MAXIMUM_PAYLOAD_OCTETS = 4096;
/** OPT without options: root name, type, class, TTL, RDLENGTH. */
export const OPT_OCTETS = 11;
export const EDNS_VERSION = 0;

export const OptionCode = { COOKIE: 10, TCP_KEEPALIVE: 11 } as const;
/** Code and length before each option's data. */
export const OPTION_HEADER_OCTETS = 4;
export const KEEPALIVE_OPTION_OCTETS = OPTION_HEADER_OCTETS + 2;

const DNSSEC_OK = 0x80;

/** The parts of a query's OPT that we act on; everything else is ignored (§6.1.1, §6.1.4). */
export class EdnsQuery {
  present = false;
  version = 0;
  payloadOctets = MINIMUM_PAYLOAD_OCTETS;
  dnssecOk = false;
  /** Where the first COOKIE option's data begins in the message; -1 without one. */
  cookieOffset = -1;
  cookieLength = 0;
  /** The client asks how long its connection may idle (RFC 7828 §3.2.1). */
  keepalive = false;

  reset(): void {
    this.present = false;
    this.version = 0;
    this.payloadOctets = MINIMUM_PAYLOAD_OCTETS;
    this.dnssecOk = false;
    this.cookieOffset = -1;
    this.cookieLength = 0;
    this.keepalive = false;
  }

  /**
   * Reads an OPT whose TYPE stands at `at` and whose RDATA of `length` octets is known to lie
   * within the message. False where an option runs past it; options of a version that is not
   * ours are not looked at.
   */
  read(message: Uint8Array, at: number, length: number): boolean {
    this.present = true;
    const payload = ((message[at + 2] ?? 0) << 8) | (message[at + 3] ?? 0);
    this.payloadOctets = Math.max(payload, MINIMUM_PAYLOAD_OCTETS);
    this.version = message[at + 5] ?? 0;
    this.dnssecOk = ((message[at + 6] ?? 0) & DNSSEC_OK) !== 0;
    if (this.version !== EDNS_VERSION) return true;
    const end = at + 10 + length;
    let option = at + 10;
    while (option < end) {
      if (option + OPTION_HEADER_OCTETS > end) return false;
      const code = ((message[option] ?? 0) << 8) | (message[option + 1] ?? 0);
      const octets = ((message[option + 2] ?? 0) << 8) | (message[option + 3] ?? 0);
      const data = option + OPTION_HEADER_OCTETS;
      if (data + octets > end) return false;
      // Only the first COOKIE counts, RFC 7873 §5.2.
      if (code === OptionCode.COOKIE && this.cookieOffset < 0) {
        this.cookieOffset = data;
        this.cookieLength = octets;
      } else if (code === OptionCode.TCP_KEEPALIVE) this.keepalive = true;
      option = data + octets;
    }
    return true;
  }
}

/**
 * Writes an OPT without options and gives the offset behind it. The DO bit is echoed (RFC 3225
 * §3), every other flag is zero.
 */
export function writeOpt(
  out: Uint8Array,
  at: number,
  extendedRcode: number,
  dnssecOk: boolean,
  payloadOctets: number,
): number {
  out[at] = 0;
  out[at + 1] = 0;
  out[at + 2] = RecordType.OPT;
  out[at + 3] = payloadOctets >> 8;
  out[at + 4] = payloadOctets & 0xff;
  out[at + 5] = extendedRcode;
  out[at + 6] = EDNS_VERSION;
  out[at + 7] = dnssecOk ? DNSSEC_OK : 0;
  out[at + 8] = 0;
  out[at + 9] = 0;
  out[at + 10] = 0;
  return at + OPT_OCTETS;
}

/** Writes an option's header, and its whole length into the OPT that begins at `optAt`. */
export function writeOptionHeader(
  out: Uint8Array,
  optAt: number,
  at: number,
  code: number,
  octets: number,
): number {
  const total = at + OPTION_HEADER_OCTETS + octets - optAt - OPT_OCTETS;
  out[optAt + 9] = total >> 8;
  out[optAt + 10] = total & 0xff;
  out[at] = code >> 8;
  out[at + 1] = code & 0xff;
  out[at + 2] = octets >> 8;
  out[at + 3] = octets & 0xff;
  return at + OPTION_HEADER_OCTETS;
}
