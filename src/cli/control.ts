/** Commands that change the running appliance: by the control socket of its configuration. */
import type { z } from "zod";
import { type ControlCall, callControl } from "../control/client.ts";
import { sanitise } from "../platform/text.ts";
import { type ConfigurationFlags, loadCommandConfiguration } from "./configuration.ts";
import type { CliContext } from "./context.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { CliFailure } from "./failure.ts";

/** Throws a {@link CliFailure}: 5 where nobody answers, 1 where the appliance refuses. */
export async function control<Schema extends z.ZodType>(
  context: CliContext,
  flags: ConfigurationFlags,
  call: Omit<ControlCall, "socket">,
  schema: Schema,
): Promise<z.output<Schema>> {
  const { controlSocket: socket } = loadCommandConfiguration(context, flags).configuration
    .appliance;
  const called = await callControl(context.fetch, { socket, ...call }, schema);
  if (called.ok) return called.value;
  const { kind, reason } = called.error;
  if (kind === "refused") throw new CliFailure(EXIT_CODE.failure, sanitise(reason, 1000));
  throw new CliFailure(
    EXIT_CODE.notRunning,
    `no appliance answers at ${socket}: ${sanitise(reason)}`,
    "call it as the appliance's own user and with its configuration (--config)",
  );
}
