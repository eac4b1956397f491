import { z } from "zod";
import { endpoint, hostName } from "../values.ts";

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
  })
  .prefault({})
  .describe("The status service. It has no log-in: think before opening it to the network.");
