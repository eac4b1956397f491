/** What this host wants to be found under at other servers (DNS-6). */
import type { Endpoint } from "../../platform/endpoint.ts";
import { SERVICE_LABELS } from "../appliance-zones.ts";
import { RecordType } from "../codes.ts";
import { literalName } from "../name.ts";
import { addressRdata, srvRdata } from "../rdata.ts";
import type { Wish } from "./schedule.ts";

export type PublishSettings = {
  readonly enabled: boolean;
  /** Domains that get the service record. */
  readonly zones: readonly string[];
  readonly server?: Endpoint | undefined;
  readonly resolver?: Endpoint | undefined;
  readonly key?: string | undefined;
  /** Whether the host's addresses are sent too. */
  readonly addresses: boolean;
  readonly refreshHours: number;
  readonly withdrawAtStop: boolean;
};

export type PublishFacts = {
  /** Full name. */
  readonly host: string;
  readonly ttl: number;
  readonly addresses: readonly string[];
  readonly publish:
    | { readonly priority: number; readonly weight: number; readonly ports: readonly number[] }
    | undefined;
};

/** Addresses first: whoever finds the service can go there. They stay while it is withdrawn. */
export function wishesOf(
  { zones, addresses: sendsAddresses }: Pick<PublishSettings, "zones" | "addresses">,
  { host, ttl, addresses, publish }: PublishFacts,
): readonly Wish[] {
  const target = literalName(host);
  const records = addresses.flatMap((address) => addressRdata(address) ?? []);
  const services = (publish?.ports ?? []).map((port) => ({
    type: RecordType.SRV,
    rdata: srvRdata({
      priority: publish?.priority ?? 0,
      weight: publish?.weight ?? 0,
      port,
      target,
    }),
  }));
  return [
    ...(sendsAddresses ? [{ name: target, ttl, records }] : []),
    ...zones.map((zone) => ({
      name: literalName(SERVICE_LABELS, literalName(zone)),
      ttl,
      records: services,
    })),
  ];
}
