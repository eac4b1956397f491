import { z } from "zod";
import { DEFAULT_HTTP_LIMITS } from "../../http/limits.ts";
import { endpoint, filePath, hostName, token, whole } from "../values.ts";

const limitsSection = z
  .strictObject({
    connections: whole(8, 4096)
      .default(DEFAULT_HTTP_LIMITS.connections)
      .describe("Open connections. One more is closed at once."),
    connections_per_address: whole(4, 4096)
      .default(DEFAULT_HTTP_LIMITS.connectionsPerAddress)
      .describe("Open connections from one address."),
  })
  .prefault({})
  .describe("How much of this host the status service may use.");

export const httpSection = z
  .strictObject({
    listen: z
      .array(endpoint())
      .prefault(["127.0.0.1:8080"])
      .describe("Where status, metrics and the page are served. An empty list switches them off."),
    host_names: z
      .array(hostName())
      .prefault([])
      .meta({
        description:
          "Names that browsers may call it by, besides numeric addresses, localhost and dns.host.",
        example: ["status.lab.internal"],
      }),
    token: token().optional().meta({
      description:
        "Opens client details and events to other machines: as a bearer token, or as the password of /sign-in.",
      example: "change-me-to-a-long-random-text",
      secret: true,
    }),
    token_file: filePath().optional().meta({
      description: "File that holds the token instead, on one line. Read again on SIGHUP.",
      example: "http-token",
    }),
    open_details: z
      .boolean()
      .default(false)
      .describe("Show client details and events to whoever reaches the service, without a token."),
    tls_certificate: filePath().optional().meta({
      description:
        "PEM file with the certificate and those that vouch for it. Serves https:// alone.",
      example: "http-certificate.pem",
    }),
    tls_key: filePath().optional().meta({
      description: "PEM file with the certificate's private key. Both are read again on SIGHUP.",
      example: "http-key.pem",
    }),
    limits: limitsSection,
  })
  .prefault({})
  .describe(
    "The status service. Status and figures are open to whoever reaches it; single clients and events are open to this machine, and to others with the token. Nothing can be changed through it.",
  );
