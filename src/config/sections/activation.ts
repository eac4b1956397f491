import { z } from "zod";
import { DEFAULT_POLICY } from "../../activation/policy.ts";
import { whole } from "../values.ts";

/** 30 days: the longest interval that the originals take. */
const INTERVAL_MINUTES_MAXIMUM = 43_200;

const cacheSection = z
  .strictObject({
    capacity: z
      .enum(["bounded", "unbounded"])
      .default(DEFAULT_POLICY.capacity)
      .describe(
        "bounded: twice the largest threshold asked for (50 with client systems, 10 without). unbounded: every client.",
      ),
    reply_count: z
      .enum(["capped", "true"])
      .default(DEFAULT_POLICY.replyCount)
      .describe("With an unbounded cache: reply at most the bounded count, or the true one."),
  })
  .prefault({})
  .describe("The clients that make up the count.");

export const activationSection = z
  .strictObject({
    counting: z
      .enum(["all", "physical"])
      .default(DEFAULT_POLICY.counting)
      .describe("Which machines raise the count; virtual ones do not with `physical`."),
    activation_interval_minutes: whole(1, INTERVAL_MINUTES_MAXIMUM)
      .default(120)
      .describe("How long a client that is not activated waits before it asks again."),
    renewal_interval_minutes: whole(1, INTERVAL_MINUTES_MAXIMUM)
      .default(10_080)
      .describe("How often an activated client renews. 10080 minutes are 7 days."),
    validity_days: whole(1, 3650).default(180).describe("How long an activation is valid."),
    record_days: whole(1, 365)
      .default(DEFAULT_POLICY.recordDays)
      .describe("How long a client counts after its last request."),
    built_in_products: z
      .boolean()
      .default(true)
      .describe("Serve the made-up products of a laboratory besides those of [[product]]."),
    unknown_products: z
      .enum(["refuse", "accept"])
      .default(DEFAULT_POLICY.unknownProducts)
      .describe("Requests for products that are in no catalogue."),
    time_check: z
      .enum(["off", "refuse"])
      .default("off")
      .describe("Requests whose time stamp is out of tolerance."),
    time_tolerance_minutes: whole(1, 10_080)
      .default(240)
      .describe("How far a client's clock may be off, with `time_check`."),
    reset_at_start: z
      .boolean()
      .default(false)
      .describe("Start with a count of zero each time. Events and the inventory stay."),
    cache: cacheSection,
  })
  .prefault({})
  .describe("The rules of counting and activation.");
