/** The commands, in the order in which they are listed. A new command is a line here. */
import { alertsCommand } from "./commands/alerts.ts";
import { backupCommand } from "./commands/backup.ts";
import { checkCommand } from "./commands/check.ts";
import { clientCommands } from "./commands/client.ts";
import { clientsCommand } from "./commands/clients.ts";
import { clockCommands } from "./commands/clock.ts";
import { dnsCommands } from "./commands/dns.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { drainCommand } from "./commands/drain.ts";
import { duplicatesCommand } from "./commands/duplicates.ts";
import { eventsCommands } from "./commands/events.ts";
import { explainCommand } from "./commands/explain.ts";
import { forecastCommand } from "./commands/forecast.ts";
import { initCommand } from "./commands/init.ts";
import { reloadCommand } from "./commands/reload.ts";
import { reportCommands } from "./commands/report.ts";
import { resetCountCommand } from "./commands/reset-count.ts";
import { serveCommand } from "./commands/serve.ts";
import { statusCommand } from "./commands/status.ts";
import { versionCommand } from "./commands/version.ts";

export const routes = {
  serve: serveCommand,
  init: initCommand,
  check: checkCommand,
  status: statusCommand,
  doctor: doctorCommand,
  explain: explainCommand,
  clients: clientsCommand,
  events: eventsCommands,
  report: reportCommands,
  forecast: forecastCommand,
  duplicates: duplicatesCommand,
  alerts: alertsCommand,
  clock: clockCommands,
  drain: drainCommand,
  "reset-count": resetCountCommand,
  reload: reloadCommand,
  backup: backupCommand,
  dns: dnsCommands,
  client: clientCommands,
  version: versionCommand,
};
