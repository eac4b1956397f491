import { z } from "zod";
import { DEFAULT_RPC_LIMITS } from "../../rpc/limits.ts";
import { addressBlock, endpoint, whole } from "../values.ts";

const SECOND = 1000;

/** What a busy network or a small machine may want to change; the other limits are fixed. */
const limitsSection = z
  .strictObject({
    connections: whole(1, 65_536)
      .default(DEFAULT_RPC_LIMITS.connections)
      .describe(
        "Open connections, each an open file (ulimit -n). One more closes one that has kept silent.",
      ),
    connections_per_address: whole(1, 65_536)
      .default(DEFAULT_RPC_LIMITS.connectionsPerAddress)
      .describe("Open connections from one address. One more is closed at once."),
    bind_seconds: whole(1, 3600)
      .default(DEFAULT_RPC_LIMITS.bindMilliseconds / SECOND)
      .describe("From the connection to its first complete message."),
    request_seconds: whole(1, 3600)
      .default(DEFAULT_RPC_LIMITS.requestMilliseconds / SECOND)
      .describe("From the first octet of a request to its last; and of a reply, 10 at most."),
    idle_seconds: whole(30, 86_400)
      .default(DEFAULT_RPC_LIMITS.idleMilliseconds / SECOND)
      .describe("Between requests. Windows keeps connections for 20 seconds: not below 30."),
    reassembly_octets: whole(65_536, 1_073_741_824)
      .default(DEFAULT_RPC_LIMITS.reassemblyOctets)
      .describe("Memory for incomplete requests, over all connections."),
  })
  .prefault({})
  .describe("How much of this host the network may use.");

export const rpcSection = z
  .strictObject({
    listen: z
      .array(endpoint())
      .min(1)
      .prefault(["0.0.0.0:1688", "[::]:1688"])
      .describe("Where clients ask for activation (TCP). Port 0 takes any free port."),
    on_bind_failure: z
      .enum(["fail", "continue"])
      .default("fail")
      .describe("When one of several addresses cannot be opened: stop, or go on with the others."),
    admit: z
      .enum(["private", "any"])
      .default("private")
      .describe(
        "Who may connect: private, link-local and loopback addresses only, or everyone. `allow` adds, `deny` removes.",
      ),
    allow: z
      .array(addressBlock())
      .prefault([])
      .meta({ description: "Addresses admitted besides.", example: ["198.51.100.0/24"] }),
    deny: z
      .array(addressBlock())
      .prefault([])
      .meta({ description: "Addresses never admitted.", example: ["10.66.0.0/16"] }),
    limits: limitsSection,
  })
  .prefault({})
  .describe("The activation service.");
