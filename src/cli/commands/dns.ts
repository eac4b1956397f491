import { buildRouteMap } from "@stricli/core";
import { dnsQueryCommand } from "./dns-query.ts";
import { dnsRoguesCommand } from "./dns-rogues.ts";
import { dnsZoneCommand } from "./dns-zone.ts";

/** Around discovery, in the order in which they are listed. */
export const dnsCommands = buildRouteMap({
  routes: { query: dnsQueryCommand, zone: dnsZoneCommand, rogues: dnsRoguesCommand },
  docs: { brief: "Ask name servers, print zones, look for activation hosts nobody meant" },
});
