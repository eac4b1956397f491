/** Publishing into other DNS servers, and looking for hosts that nobody meant (DNS-6). */
import { z } from "zod";
import { endpoint, keyName, whole, zoneName } from "../values.ts";

export const publishToSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe("Send this host's records to another DNS server, by dynamic update (RFC 2136)."),
    zones: z
      .array(zoneName())
      .optional()
      .meta({
        description: "Domains that get the _vlmcs._tcp record. Without it: dns.zones.",
        example: ["corp.example"],
      }),
    server: endpoint().optional().meta({
      description:
        "The server that takes the updates. Without it: the one that the SOA of the name says.",
      example: "192.0.2.53:53",
    }),
    resolver: endpoint().optional().meta({
      description: "Who is asked for that SOA. Without it: the machine's own DNS server.",
      example: "192.0.2.53:53",
    }),
    key: keyName().optional().meta({
      description: "Name of the [[dns.key]] that signs the updates. Without it: not signed.",
      example: "kms.lab.internal",
    }),
    addresses: z
      .boolean()
      .default(true)
      .describe("Send the host's A and AAAA records too, where its zone takes them."),
    refresh_hours: whole(1, 168).default(24).describe("How often everything is sent again."),
    withdraw_at_stop: z
      .boolean()
      .default(true)
      .describe("Take the SRV records back when the appliance stops."),
  })
  .prefault({})
  .describe("Publication in other DNS servers. Read again on SIGHUP.");

export const rogueCheckSection = z
  .strictObject({
    resolvers: z
      .array(endpoint())
      .prefault([])
      .describe("DNS servers that clients use: asked every hour for hosts that are not ours."),
    zones: z
      .array(zoneName())
      .optional()
      .meta({
        description: "Domains that are looked at. Without it: dns.zones.",
        example: ["corp.example"],
      }),
  })
  .prefault({})
  .describe("Looks for activation hosts that nobody meant. Read again on SIGHUP.");
