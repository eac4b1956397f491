/** Why a publication failed, in the codes that the originals' event 12293 has [E]. */

/** DNS_ERROR_RCODE_NO_ERROR (9000) as an HRESULT of FACILITY_WIN32; rcodes count on from it. */
const DNS_ERRORS = 0x8007_2328;
/** DNS_INFO_NO_RECORDS (9501). */
export const NO_RECORDS = 0x8007_251d;
/** ERROR_TIMEOUT (1460). */
export const NO_ANSWER = 0x8007_05b4;
/** DNS_ERROR_BAD_PACKET (9502). */
export const BAD_PACKET = 0x8007_251e;

/** Of an rcode or, from 16 on, a TSIG error; NOERROR is no error, but an answer without records. */
export function dnsHresult(rcode: number): number {
  return rcode === 0 ? NO_RECORDS : DNS_ERRORS + rcode;
}
