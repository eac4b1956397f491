/** Which genuine clients came, from the inventory and the log (RELAY-4). Pure. */
import { CLIENT_THRESHOLD, SERVER_THRESHOLD } from "../activation/default-catalogue.ts";
import type { Guid } from "../protocol/types.ts";
import type { ClientItem, EventItem } from "../store/listing.ts";
import { parseDetail } from "./microsoft-detail.ts";

/** What kind of system asks for such a count (COUNT-2); which product it is, nothing says. */
export type GenuineKind = "client" | "server" | "unknown";

/** A client whose requests can be read: version 4. Times are Unix milliseconds by the host. */
export type ReadableClient = {
  readonly cmid: Guid;
  /** Untrusted text. */
  readonly machineName: string;
  readonly address: string;
  /** Of its last request. */
  readonly source: "observed" | "relayed";
  readonly kind: GenuineKind;
  readonly requiredCount: number;
  readonly virtual: boolean;
  readonly licenceState: number;
  readonly minutesToExpiration: number;
  readonly applicationId: Guid;
  readonly activationId: Guid;
  readonly requests: number;
  readonly failed: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly lastResult: number;
  /** The licensed host's count; 0 where it is not known. */
  readonly lastCount: number;
  /** Above 1: perhaps one id on several machines (COUNT-10). */
  readonly namesSeen: number;
};

/** Requests of one address in one version that say nothing of who sent them. */
export type OpaqueRequests = {
  readonly address: string;
  /** `6.0`; undefined where not even that could be read. */
  readonly version: string | undefined;
  /** Of the last one. */
  readonly octets: number | undefined;
  readonly source: "observed" | "relayed";
  readonly requests: number;
  readonly failed: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly lastResult: number;
};

/** What machines of one application wait for: counts are kept apart per application (COUNT-5). */
export type GenuineNeed = {
  readonly applicationId: Guid;
  /** The count that a licensed host has to reach. */
  readonly requiredCount: number;
  readonly kind: GenuineKind;
  /** How many machines that can be read asked for it. */
  readonly machines: number;
};

export type GenuineClients = {
  /** Most recent first. */
  readonly readable: readonly ReadableClient[];
  /** Most recent first. */
  readonly opaque: readonly OpaqueRequests[];
  /** What most machines wait for first. */
  readonly needs: readonly GenuineNeed[];
};

export function collectGenuineClients(
  clients: Iterable<ClientItem>,
  events: Iterable<EventItem>,
): GenuineClients {
  const readable = byRecency([...clients].flatMap(toReadable));
  return { readable, opaque: byRecency(groupOpaque(events)), needs: needsOf(readable) };
}

function needsOf(clients: readonly ReadableClient[]): readonly GenuineNeed[] {
  const needs = new Map<string, GenuineNeed>();
  for (const { applicationId, requiredCount, kind } of clients) {
    const key = `${applicationId} ${requiredCount}`;
    const machines = (needs.get(key)?.machines ?? 0) + 1;
    needs.set(key, { applicationId, requiredCount, kind, machines });
  }
  return [...needs.values()].toSorted((one, other) => other.machines - one.machines);
}

function kindOf(requiredCount: number): GenuineKind {
  if (requiredCount === CLIENT_THRESHOLD) return "client";
  return requiredCount === SERVER_THRESHOLD ? "server" : "unknown";
}

function toReadable(item: ClientItem): ReadableClient[] {
  const { source } = item;
  if (source === "own") return [];
  return [
    {
      cmid: item.cmid,
      machineName: item.machineName,
      address: item.address,
      source,
      kind: kindOf(item.requiredCount),
      requiredCount: item.requiredCount,
      virtual: item.virtual,
      licenceState: item.licenceState,
      minutesToExpiration: item.minutesToExpiration,
      applicationId: item.applicationId,
      activationId: item.activationId,
      requests: item.requests,
      failed: item.failed,
      firstSeen: item.firstSeen,
      lastSeen: item.lastSeen,
      lastResult: item.lastResult,
      lastCount: item.lastCount,
      namesSeen: item.namesSeen,
    },
  ];
}

/** Entries without a client id, in any order. */
function groupOpaque(events: Iterable<EventItem>): readonly OpaqueRequests[] {
  const groups = new Map<string, OpaqueRequests>();
  for (const event of events) {
    const { source, cmid, time, hresult } = event;
    if (source === null || source === "own" || cmid !== null) continue;
    const { version, octets } = parseDetail(event.detail);
    const address = event.address ?? "";
    const key = JSON.stringify([address, version, source]);
    const known = groups.get(key);
    const isLast = known === undefined || time >= known.lastSeen;
    groups.set(key, {
      address,
      version,
      source,
      octets: isLast ? octets : known.octets,
      lastResult: isLast ? hresult : known.lastResult,
      requests: (known?.requests ?? 0) + 1,
      failed: (known?.failed ?? 0) + (hresult === 0 ? 0 : 1),
      firstSeen: Math.min(known?.firstSeen ?? time, time),
      lastSeen: Math.max(known?.lastSeen ?? time, time),
    });
  }
  return [...groups.values()];
}

function byRecency<Item extends { readonly lastSeen: number }>(
  items: readonly Item[],
): readonly Item[] {
  return items.toSorted((one, other) => other.lastSeen - one.lastSeen);
}
