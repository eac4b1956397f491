import { z } from "zod";
import { whole } from "../values.ts";

export const clockSection = z
  .strictObject({
    jump_minutes: whole(1, 43_200)
      .default(240)
      .describe(
        "A clock that moved by more than this, or is so far from where it was at the last stop, is doubted: nobody expires.",
      ),
    settle_minutes: whole(0, 43_200)
      .default(1440)
      .describe(
        "How long a changed clock must go steadily until it is believed. 0: only after `muster clock confirm`.",
      ),
  })
  .prefault({})
  .describe("Protection from a clock that jumps.");
