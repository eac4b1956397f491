import { z } from "zod";
import { LOG_LEVELS } from "../../platform/log.ts";

export const logSection = z
  .strictObject({
    level: z.enum(LOG_LEVELS).default("info").describe("The least important lines that are kept."),
    form: z
      .enum(["auto", "people", "json"])
      .default("auto")
      .describe("auto: for people on a terminal, JSON lines otherwise."),
  })
  .prefault({})
  .describe("The log, on standard error. Rotation is the service manager's.");
