import { z } from "zod";
import { DEFAULT_RELAY_LIMITS, RELAY_MODES, UPSTREAMS_MAXIMUM } from "../../relay/settings.ts";
import { endpoint, hostAndPort, whole, zoneName } from "../values.ts";

const SECOND = 1000;

export const relaySection = z
  .strictObject({
    mode: z
      .enum(RELAY_MODES)
      .default("observe")
      .describe(
        "off: their interface is not there. observe: what they ask is logged and refused. relay: it is passed on, unchanged, to the licensed hosts below.",
      ),
    upstreams: z
      .array(hostAndPort())
      .max(UPSTREAMS_MAXIMUM)
      .prefault([])
      .meta({
        description: "Your licensed KMS hosts, in the order in which they are tried.",
        example: ["10.0.0.5:1688", "kms.corp.example:1688"],
      }),
    discover: zoneName().optional().meta({
      description: "Domain whose _vlmcs._tcp record names further ones, tried after those.",
      example: "corp.example",
    }),
    resolver: endpoint().optional().meta({
      description:
        "DNS server that is asked for that record and for names. Without it: the system.",
      example: "10.0.0.2:53",
    }),
    connect_seconds: whole(1, 60)
      .default(DEFAULT_RELAY_LIMITS.connectMilliseconds / SECOND)
      .describe("For a connection to one of them. Then the next one is tried."),
    call_seconds: whole(1, 300)
      .default(DEFAULT_RELAY_LIMITS.callMilliseconds / SECOND)
      .describe("From a request to its answer, whatever is tried meanwhile. Then: an error."),
    connections: whole(1, 65_536)
      .default(DEFAULT_RELAY_LIMITS.connections)
      .describe("Clients with a connection to a licensed host. One more is told to come later."),
    failures: whole(1, 1000)
      .default(DEFAULT_RELAY_LIMITS.failures)
      .describe("Failures in a row after which a licensed host is left alone."),
    retry_seconds: whole(1, 3600)
      .default(DEFAULT_RELAY_LIMITS.retryMilliseconds / SECOND)
      .describe("For how long."),
  })
  .prefault({})
  .describe(
    "Genuine Microsoft clients that come here. Nothing here answers in a licensed host's place.",
  );
