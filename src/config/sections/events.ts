import { z } from "zod";
import { whole } from "../values.ts";

export const eventsSection = z
  .strictObject({
    keep_days: whole(1, 3650).default(365).describe("How long entries of the event log are kept."),
    maximum_megabytes: whole(1, 1_048_576)
      .default(1024)
      .describe("How much of the database the event log may take; then the oldest entries go."),
    chain: z
      .boolean()
      .default(true)
      .describe(
        "Chain entries by their hashes, so that `muster events verify` finds what was tampered with.",
      ),
  })
  .prefault({})
  .describe("The event log. The cumulative figures of status do not depend on it.");
