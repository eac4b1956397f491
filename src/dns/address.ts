/** IPv4 and IPv6 addresses between text and network octets (RFC 4291 §2.2, RFC 5952). */

/** Four octets; undefined where the text is not exactly four decimal numbers of 0 to 255. */
export function ipv4FromText(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const octets = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part)) return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    octets[index] = value;
  }
  return octets;
}

/** The groups of one side of `::`; the last may be an IPv4 address. */
function groupsFromText(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    if (!mayEndInIpv4 || index !== parts.length - 1) return undefined;
    const [first, second, third, fourth] = ipv4FromText(part) ?? [];
    if (first === undefined || second === undefined) return undefined;
    if (third === undefined || fourth === undefined) return undefined;
    groups.push((first << 8) | second, (third << 8) | fourth);
  }
  return groups;
}

/** Sixteen octets; undefined where the text is not an IPv6 address. No zone index. */
export function ipv6FromText(text: string): Uint8Array | undefined {
  const sides = text.split("::");
  if (sides.length > 2) return undefined;
  const [headText = "", tailText] = sides;
  const head = groupsFromText(headText, tailText === undefined);
  const tail = tailText === undefined ? [] : groupsFromText(tailText, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (tailText === undefined ? missing !== 0 : missing < 1) return undefined;
  const octets = new Uint8Array(16);
  for (const [index, group] of [
    ...head,
    ...new Array<number>(missing).fill(0),
    ...tail,
  ].entries()) {
    octets[index * 2] = group >> 8;
    octets[index * 2 + 1] = group & 0xff;
  }
  return octets;
}

/** Four or sixteen octets, or undefined. An IPv4-mapped address gives its four. */
export function addressFromText(text: string): Uint8Array | undefined {
  if (!text.includes(":")) return ipv4FromText(text);
  const zoneAt = text.indexOf("%");
  const octets = ipv6FromText(zoneAt < 0 ? text : text.slice(0, zoneAt));
  return octets !== undefined && isMapped(octets) ? octets.subarray(12) : octets;
}

/** `::ffff:0:0/96`, RFC 4291 §2.5.5.2. */
function isMapped(octets: Uint8Array): boolean {
  return (
    octets.subarray(0, 10).every((octet) => octet === 0) && octets[10] === 255 && octets[11] === 255
  );
}

/** Canonical text of four or sixteen octets (RFC 5952 §4: lower case, longest zero run as `::`). */
export function addressToText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0));
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > bestLength) {
      bestStart = start;
      bestLength = length;
    }
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (bestStart < 0) return text(groups);
  return `${text(groups.slice(0, bestStart))}::${text(groups.slice(bestStart + bestLength))}`;
}
