import { z } from "zod";
import { DEFAULT_DNS_LIMITS } from "../../dns/limits.ts";
import { endpoint, hostAddress, hostName, whole, zoneName } from "../values.ts";
import { otherHostSection, recordSection, zoneFileSection } from "./dns-data.ts";
import { publishToSection, rogueCheckSection } from "./dns-publish.ts";
import { keySection, updateSection } from "./dns-update.ts";

const SECOND = 1000;

const limitsSection = z
  .strictObject({
    udp_payload_octets: whole(512, 4096)
      .default(DEFAULT_DNS_LIMITS.udpPayloadOctets)
      .describe("Largest answer by UDP; what is larger goes by TCP."),
    tcp_connections: whole(1, 65_536)
      .default(DEFAULT_DNS_LIMITS.tcpConnections)
      .describe("Open TCP connections. One more closes the one that has been quiet the longest."),
    tcp_idle_seconds: whole(1, 3600)
      .default(DEFAULT_DNS_LIMITS.tcpIdleMs / SECOND)
      .describe("How long a TCP connection may be quiet."),
  })
  .prefault({})
  .describe("How much of this host DNS clients may use.");

export const dnsSection = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Answer DNS queries for the zones below."),
    publish: z
      .boolean()
      .default(true)
      .describe("Publish this host as _vlmcs._tcp in every zone, so that clients find it."),
    listen: z
      .array(endpoint())
      .min(1)
      .prefault(["0.0.0.0:53", "[::]:53"])
      .describe("Where DNS queries arrive (UDP and TCP). Ports below 1024 need a privilege."),
    zones: z
      .array(zoneName())
      .prefault(["lab.internal"])
      .describe("The zones this host is authoritative for."),
    host: hostName().optional().meta({
      description:
        "Name that the SRV records point to. Without it: the appliance's name in the first zone.",
      example: "kms.lab.internal",
    }),
    addresses: z
      .array(hostAddress())
      .optional()
      .meta({
        description:
          "Addresses of that name. Without it: those that rpc.listen opens, loopback only if there is no other.",
        example: ["192.0.2.10", "2001:db8::10"],
      }),
    priority: whole(0, 65_535)
      .default(0)
      .describe("Of several hosts, clients ask those with the lowest priority first (RFC 2782)."),
    weight: whole(0, 65_535)
      .default(0)
      .describe("Share of the clients among hosts of the same priority (RFC 2782)."),
    ttl: whole(1, 604_800).default(3600).describe("How long answers may be cached, in seconds."),
    isolated_root: z
      .boolean()
      .default(false)
      .describe(
        "On a network with no other DNS: answer names outside the zones with NXDOMAIN instead of REFUSED.",
      ),
    reverse: z
      .boolean()
      .default(true)
      .describe("Make reverse zones (PTR records) for the addresses in the zones."),
    limits: limitsSection,
    record: z.array(recordSection).prefault([]),
    zone_file: z.array(zoneFileSection).prefault([]),
    other_host: z.array(otherHostSection).prefault([]),
    publish_to: publishToSection,
    rogue_check: rogueCheckSection,
    update: updateSection,
    key: z.array(keySection).prefault([]),
  })
  .prefault({})
  .describe(
    "Discovery. Read again on SIGHUP: publish, zones, addresses, priority, weight, ttl, reverse, and the sections that say so; the other keys hold after a restart.",
  );
