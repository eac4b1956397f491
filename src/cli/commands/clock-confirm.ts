import { existsSync } from "node:fs";
import { buildCommand } from "@stricli/core";
import { isoTime } from "../../analysis/wording.ts";
import { confirmationPath, leaveConfirmation } from "../../monitor/clock-confirmation.ts";
import { systemClock } from "../../platform/clock.ts";
import { sanitise } from "../../platform/text.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { writeLines } from "../output.ts";
import { RECORD_FLAGS, type RecordFlags, recordConfiguration } from "../record.ts";

/** An appliance looks every second. */
const LOOKS = 30;
const LOOK_MILLISECONDS = 100;

export const clockConfirmCommand = buildCommand<RecordFlags, [], CliContext>({
  async func(flags) {
    const { dataDirectory } = recordConfiguration(this, flags).appliance;
    const now = systemClock();
    try {
      leaveConfirmation(dataDirectory, now);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const path = sanitise(confirmationPath(dataDirectory));
      return new CliFailure(
        EXIT_CODE.failure,
        `${path} cannot be written: ${code}`,
        "call it as the appliance's own user and with its configuration (--config)",
      );
    }
    const wasTaken = await isTaken(confirmationPath(dataDirectory));
    writeLines(this.process.stdout, [
      `confirmed that it is ${isoTime(now)}`,
      wasTaken
        ? "the appliance took it up: clients expire by this time from now on"
        : "no appliance took it up: it holds at the next start, within a day",
    ]);
    return undefined;
  },
  parameters: { flags: RECORD_FLAGS, aliases: { c: "config" } },
  docs: {
    brief: "Say that the clock is right after a jump: clients expire by it from now on",
    fullDescription:
      "Leaves word in the data folder, where the appliance finds it within a second; one that does\n" +
      "not run finds it at its start.",
  },
});

async function isTaken(path: string): Promise<boolean> {
  for (let look = 0; look < LOOKS; look += 1) {
    await Bun.sleep(LOOK_MILLISECONDS);
    if (!existsSync(path)) return true;
  }
  return false;
}
