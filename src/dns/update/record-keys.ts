/** Names and RDATA as map keys: what DNS holds to be equal has one key. */
import { lowerName, lowerOctet, type Name, skipName } from "../name.ts";
import { rdataLayout, skipField } from "../rdata.ts";

export function nameKey(name: Name): string {
  return String.fromCharCode(...lowerName(name));
}

/** Names within the data count without regard to case (RFC 2136 §1.1.1, RFC 4343). */
export function rdataKey(type: number, rdata: Uint8Array): string {
  const layout = rdataLayout(type);
  let key = "";
  let at = 0;
  for (const field of layout?.fields ?? ["octets" as const]) {
    const isName = field === "name" || field === "plain-name";
    const end = isName
      ? skipName(rdata, at, rdata.length)
      : skipField(field, rdata, at, rdata.length);
    for (; at < end; at += 1) {
      const octet = rdata[at] ?? 0;
      key += String.fromCharCode(isName ? lowerOctet(octet) : octet);
    }
  }
  return key;
}
