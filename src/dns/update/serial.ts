/** Zone serials: RFC 1982 arithmetic over 32 bits. */

export function serialAfter(serial: number, steps = 1): number {
  const next = (serial + steps) >>> 0;
  // Zero is a serial like any other (RFC 1982), but to some tools it means "none".
  return next === 0 ? 1 : next;
}

/** Whether `serial` comes after `other`; false where the standard leaves it open (§3.2). */
export function serialIsLater(serial: number, other: number): boolean {
  return ((serial - other) | 0) > 0;
}

export function laterSerial(first: number, second: number): number {
  return serialIsLater(second, first) ? second : first;
}
