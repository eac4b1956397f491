import { z } from "zod";
import { ALERT_KINDS } from "../../analysis/alerts.ts";
import { absolutePath, webAddress, whole } from "../values.ts";

export const alertsSection = z
  .strictObject({
    ignore: z
      .array(z.enum(ALERT_KINDS))
      .prefault([])
      .meta({
        description: `Kinds that are not raised, of ${ALERT_KINDS.join(", ")}.`,
        example: ["burst"],
      }),
    interval_seconds: whole(1, 86_400).default(60).describe("How often they are looked at."),
    count_days: whole(1, 365)
      .default(7)
      .describe("How long before the count falls under a threshold it is said."),
    activation_days: whole(1, 365)
      .default(30)
      .describe("How long before a machine's activation runs out it is said."),
    grace_days: whole(1, 365)
      .default(3)
      .describe("How long before a machine's grace period runs out it is said."),
    disk_free_megabytes: whole(1, 1_048_576)
      .default(512)
      .describe("With less than this left, the disk is nearly full."),
    burst_clients: whole(1, 1_000_000)
      .default(200)
      .describe("So many new client machine ids within `burst_minutes` are a burst."),
    burst_minutes: whole(1, 10_080).default(60).describe("See `burst_clients`."),
    webhook: webAddress().optional().meta({
      description: "Called with a JSON document for each alert raised or cleared (POST).",
      example: "http://192.0.2.20/alerts",
    }),
    exec: absolutePath().optional().meta({
      description:
        "Program run for each, without a shell: `raised` or `cleared` and the kind are its arguments, the document is its standard input.",
      example: "/usr/local/bin/muster-alert",
    }),
  })
  .prefault({})
  .describe("What is pointed out in status, log and event log.");
