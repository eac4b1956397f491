/**
 * HRESULTs of the activation protocol (protocol.md; the documented meanings of the originals [E]).
 */
export const HRESULT = {
  success: 0x00000000,
  /** The count on the host does not reach the client's threshold yet (client side). */
  countInsufficient: 0xc004f038,
  /** The host's activation service is not enabled. */
  serviceNotEnabled: 0xc004f039,
  /** The host itself is not activated (HOST-7). */
  hostNotActivated: 0xc004f041,
  /** This host cannot serve this product (HOST-6). */
  productNotServed: 0xc004f042,
  /** The client's time stamp is out of range; only where the operator asked for the check. */
  timeStampOutOfRange: 0xc004f06c,
  /** No host could be reached (client side). */
  noHostReachable: 0xc004f074,
  /** Malformed request or unknown version. */
  malformedRequest: 0x8007000d,
  /** The store cannot commit: disk full. */
  storeFull: 0x80070070,
  /** The store cannot commit: write fault (ERROR_WRITE_FAULT). */
  storeFault: 0x8007001d,
  /** The store cannot commit: medium is write-protected (ERROR_WRITE_PROTECT). */
  storeReadOnly: 0x80070013,
  /** The host is draining or overloaded (ERROR_BUSY). */
  busy: 0x800700aa,
} as const;

/** `0x` and eight lower-case hexadecimal digits. */
export function formatHresult(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
}
