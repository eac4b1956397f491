import type { Clock } from "../../platform/clock.ts";
import type { Name } from "../name.ts";
import { nameKey } from "./record-keys.ts";
import { laterSerial, serialAfter, serialIsLater } from "./serial.ts";

/** What is kept of a zone over restarts: no serial after this one was ever served. */
export type SerialReservation = { readonly apex: Name; readonly serial: number };

/** Serials reserved at a time: so many changes need no word with the store. */
const RESERVED_SERIALS = 1024;

/**
 * The serials of the zones, which never go back: not over a restart, not with the clock, not while
 * the store is down. A block of them is reserved in the store before they are served.
 */
export class ZoneSerials {
  readonly #clock: Clock;
  readonly #current = new Map<string, SerialReservation>();
  readonly #reserved = new Map<string, SerialReservation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whatever was served before the reservations were stored comes before all that follows. */
  restore(reservations: readonly SerialReservation[]): void {
    for (const { apex, serial } of reservations) {
      const current = this.#current.get(nameKey(apex))?.serial ?? serial;
      this.#set(apex, laterSerial(current, serial));
    }
    this.noteReserved(reservations);
  }

  current(apex: Name): number {
    return this.#current.get(nameKey(apex))?.serial ?? this.advance(apex);
  }

  /** The next serial; the first of a new zone is the time in seconds. */
  advance(apex: Name, steps = 1): number {
    const current = this.#current.get(nameKey(apex))?.serial;
    if (current !== undefined) return this.#set(apex, serialAfter(current, steps));
    return this.#set(apex, serialAfter(Math.floor(this.#clock() / 1000), 0));
  }

  #set(apex: Name, serial: number): number {
    this.#current.set(nameKey(apex), { apex, serial });
    return serial;
  }

  /** What to store before the serials of the zone rise by so much more; empty if nothing. */
  wanted(apex: Name, steps = 0): readonly SerialReservation[] {
    const needed = serialAfter(this.current(apex), steps + RESERVED_SERIALS / 2);
    const reserved = this.#reserved.get(nameKey(apex));
    if (reserved !== undefined && !serialIsLater(needed, reserved.serial)) return [];
    return [{ apex, serial: serialAfter(needed, RESERVED_SERIALS / 2) }];
  }

  /** All zones known, with a whole block ahead. */
  wantedForAll(): readonly SerialReservation[] {
    return [...this.#current.values()].flatMap(({ apex }) => this.wanted(apex));
  }

  /** These are in the store now. */
  noteReserved(reservations: readonly SerialReservation[]): void {
    for (const reservation of reservations) {
      this.#reserved.set(nameKey(reservation.apex), reservation);
    }
  }
}
