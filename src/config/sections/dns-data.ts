/** What the operator adds to the zones: records, zone files, further hosts (DNS-3, DNS-9). */
import { z } from "zod";
import {
  filePath,
  hostAddress,
  hostName,
  recordName,
  recordType,
  whole,
  zoneName,
} from "../values.ts";

/** Of one record set; a zone file holds more. */
const VALUES_MAXIMUM = 256;
const TTL_MAXIMUM = 604_800;

export const recordSection = z
  .strictObject({
    name: recordName().meta({
      description: "Full name, or a single label of the first zone; @ is that zone.",
      example: "printer",
    }),
    type: recordType().meta({
      description: "A, AAAA, CNAME, MX, NS, PTR, SRV, TXT, ..., or TYPE and a number (RFC 3597).",
      example: "A",
    }),
    values: z
      .array(z.string().max(4096))
      .min(1)
      .max(VALUES_MAXIMUM)
      .meta({
        description:
          "One record each, as a zone file writes its data. Names in it are full, or of the first zone.",
        example: ["192.0.2.20"],
      }),
    ttl: whole(0, TTL_MAXIMUM).optional().meta({
      description: "How long it may be cached, in seconds. Without it: dns.ttl.",
      example: 3600,
    }),
  })
  .describe("A record of the zones; repeat the section for each. Read again on SIGHUP.");

export const zoneFileSection = z
  .strictObject({
    zone: zoneName().meta({
      description:
        "The zone that the file's records are in; one that is not in dns.zones holds these alone.",
      example: "lab.internal",
    }),
    path: filePath().meta({
      description: "A relative path starts at the folder of this file.",
      example: "lab.internal.zone",
    }),
  })
  .describe(
    "Records of a zone in a file (RFC 1035 master format); repeat the section for each. Its SOA and NS hold, but for the serial. Read again on SIGHUP.",
  );

export const otherHostSection = z
  .strictObject({
    name: hostName().meta({
      description: "Full name of the host, or a single label of the first zone.",
      example: "kms2.lab.internal",
    }),
    addresses: z
      .array(hostAddress())
      .prefault([])
      .describe("Its addresses, where its name is in a zone of this host."),
    port: whole(1, 65_535).default(1688).describe("Where it serves activations."),
    priority: whole(0, 65_535).default(0).describe("As dns.priority, for that host."),
    weight: whole(0, 65_535).default(0).describe("As dns.weight, for that host."),
  })
  .describe(
    "Another activation host, published beside this one in every zone; repeat the section for each. Read again on SIGHUP.",
  );
