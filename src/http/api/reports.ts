/** Schemas of what the API says about the host itself. */
import { z } from "zod";
import { LICENCE_STATES, PRODUCT_KEY_GROUPS } from "../../protocol/types.ts";

const guid = () => z.string().meta({ format: "uuid" });
const time = () => z.string().meta({ format: "date-time" });
const whole = () => z.number().int();
const endpoint = () => z.string().describe("192.0.2.1:1688 or [2001:db8::1]:1688");
const licenceState = () => z.enum(LICENCE_STATES);

const applicationReport = z
  .strictObject({
    applicationId: guid(),
    count: whole().describe("What replies say (COUNT-1)"),
    cacheCapacity: whole().describe("Clients that the cache holds at most (COUNT-7)"),
    largestRequiredCount: whole(),
    products: z.array(z.string()),
  })
  .meta({ id: "Application" });

const hostReport = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    activationId: guid(),
    applicationId: guid(),
    hostId: z.string(),
    extendedPid: z.string(),
    installationId: z.string(),
    partialProductKey: z.string(),
    group: z.string(),
    licenceStatus: licenceState(),
    licenceReason: z.string().nullable(),
    selfIssued: z.boolean().describe("Licensed by a lab authority of the box's own (TRUST-3)"),
    remainingRearms: whole(),
  })
  .meta({ id: "Host" });

export const statusSchema = z
  .strictObject({
    name: z.string(),
    version: z.string(),
    startedAt: time(),
    uptimeSeconds: z.number(),
    hostTime: time(),
    count: whole().describe("Of the application with the highest count"),
    cacheCapacity: whole().describe("Of the same application"),
    clientsKnown: whole().nullable().describe("Clients in the inventory, which is not the count"),
    requests: z.strictObject({
      total: whole(),
      failed: whole(),
      byLicenceState: z.record(licenceState(), whole()),
    }),
    applications: z.array(applicationReport),
    countingPolicy: z.enum(["all", "physical"]),
    intervals: z.strictObject({ activationMinutes: whole(), renewalMinutes: whole() }),
    host: hostReport,
    rpc: z.strictObject({
      serving: z.boolean(),
      draining: z.boolean(),
      endpoints: z.array(endpoint()),
      connections: whole(),
      priority: z.enum(["normal", "low"]),
    }),
    drain: z
      .strictObject({
        since: time(),
        until: time().nullable().describe("null: until somebody ends it"),
        clientsToMove: whole().nullable().describe("Served before and not sent away yet"),
      })
      .nullable()
      .describe("null where the host keeps its clients (HOST-12)"),
    dns: z.strictObject({
      enabled: z.boolean(),
      publishing: z.boolean(),
      zones: z.array(z.string()),
      endpoints: z.array(endpoint()),
    }),
    store: z.strictObject({
      state: z.enum(["ok", "failed"]),
      reason: z.string().nullable(),
      path: z.string(),
    }),
    warnings: z.array(z.strictObject({ code: z.string(), message: z.string() })),
  })
  .meta({ id: "Status" });

export const readinessSchema = z
  .strictObject({
    ready: z.boolean(),
    parts: z.array(
      z.strictObject({ part: z.string(), ready: z.boolean(), reason: z.string().optional() }),
    ),
  })
  .meta({ id: "Readiness" });

export const versionSchema = z
  .strictObject({
    name: z.string(),
    version: z.string(),
    commit: z.string(),
    compiled: z.boolean(),
  })
  .meta({ id: "Version" });

export const productSchema = z
  .object({
    name: z.string(),
    activationId: guid(),
    applicationId: guid(),
    group: z.enum(PRODUCT_KEY_GROUPS),
    threshold: whole().describe("The count from which its clients activate (COUNT-2)"),
    kind: z.enum(["client", "server"]),
  })
  .meta({ id: "Product" });

export const dnsRecordSchema = z
  .object({
    zone: z.string(),
    name: z.string(),
    type: z.string(),
    ttlSeconds: whole(),
    data: z.string().describe("As a zone file writes it (RFC 1035 section 5)"),
  })
  .meta({ id: "DnsRecord" });

export const historySampleSchema = z
  .strictObject({
    time: time(),
    count: whole(),
    clientsKnown: whole(),
    requests: whole().describe("Since the installation"),
    failed: whole().describe("Of those"),
  })
  .meta({ id: "Sample" });

export const historySchema = z.strictObject({
  resolution: z.enum(["minute", "hour"]),
  items: z.array(historySampleSchema).describe("Oldest first"),
});
