/**
 * The configuration's schema: the one place that says which keys exist, what they mean, which
 * values they take and what holds without them. The commented file, the reference and every check
 * follow it.
 */
import { z } from "zod";
import { activationSection } from "./sections/activation.ts";
import { alertsSection } from "./sections/alerts.ts";
import { applianceSection } from "./sections/appliance.ts";
import { clockSection } from "./sections/clock.ts";
import { dnsSection } from "./sections/dns.ts";
import { eventsSection } from "./sections/events.ts";
import { httpSection } from "./sections/http.ts";
import { logSection } from "./sections/log.ts";
import { productSection } from "./sections/product.ts";
import { relaySection } from "./sections/relay.ts";
import { rpcSection } from "./sections/rpc.ts";
import { storeSection } from "./sections/store.ts";

export const configurationSchema = z.strictObject({
  appliance: applianceSection,
  rpc: rpcSection,
  activation: activationSection,
  relay: relaySection,
  dns: dnsSection,
  http: httpSection,
  store: storeSection,
  events: eventsSection,
  alerts: alertsSection,
  clock: clockSection,
  log: logSection,
  product: z.array(productSection).prefault([]),
});

export type ParsedConfiguration = z.output<typeof configurationSchema>;
