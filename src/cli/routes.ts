/** The commands, in the order in which they are listed. A new command is a line here. */
import { checkCommand } from "./commands/check.ts";
import { clientCommands } from "./commands/client.ts";
import { initCommand } from "./commands/init.ts";
import { serveCommand } from "./commands/serve.ts";
import { statusCommand } from "./commands/status.ts";
import { versionCommand } from "./commands/version.ts";

export const routes = {
  serve: serveCommand,
  init: initCommand,
  check: checkCommand,
  status: statusCommand,
  client: clientCommands,
  version: versionCommand,
};
