/**
 * Keeps the appliance's own zones true to its state (DNS-4): rebuilt only when something changed.
 */
import {
  type ApplianceZonesError,
  type ApplianceZonesOptions,
  buildApplianceZones,
} from "./appliance-zones.ts";
import type { Zone } from "./zone.ts";

/** What may change while the appliance runs. */
export type PublicationFacts = Pick<ApplianceZonesOptions, "addresses" | "publish">;

export type PublicationOptions = {
  readonly zones: Omit<ApplianceZonesOptions, "serial" | "addresses" | "publish">;
  /** The SOA serial of the first zones; later ones count on (RFC 1982). */
  readonly firstSerial: number;
  readonly setZones: (zones: readonly Zone[]) => void;
};

export class Publication {
  readonly #options: PublicationOptions;
  #serial: number;
  #published = "";

  constructor(options: PublicationOptions) {
    this.#options = options;
    this.#serial = options.firstSerial >>> 0;
  }

  /** Serves zones of these facts from the next query on. Returns what forbids that, if anything. */
  update(facts: PublicationFacts): ApplianceZonesError | undefined {
    const wanted = JSON.stringify(facts);
    if (wanted === this.#published) return undefined;
    const zones = buildApplianceZones({ ...this.#options.zones, ...facts, serial: this.#serial });
    if (!zones.ok) return zones.error;
    this.#options.setZones(zones.value);
    this.#published = wanted;
    this.#serial = (this.#serial + 1) >>> 0;
    return undefined;
  }
}
