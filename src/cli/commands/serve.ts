import { buildCommand } from "@stricli/core";
import type { Appliance } from "../../appliance.ts";
import type { ReadConfiguration } from "../../appliance-dns.ts";
import type { Configuration } from "../../config/configuration.ts";
import { ZoneDataError } from "../../dns/zone-sources.ts";
import { type Log, openLog, startLog } from "../../platform/log.ts";
import { fail, ok } from "../../platform/result.ts";
import { openServiceNotifier, type ServiceNotifier } from "../../platform/service-notify.ts";
import { watchSignals } from "../../platform/signals.ts";
import { renderBanner } from "../banner.ts";
import {
  CONFIGURATION_FLAGS,
  type CommandConfiguration,
  type ConfigurationFlags,
  loadCommandConfiguration,
  loadFrom,
} from "../configuration.ts";
import type { CliContext } from "../context.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CliFailure } from "../failure.ts";
import { writeLines } from "../output.ts";
import { removeReadyFile, writeReadyFile } from "../ready-file.ts";
import { explainStartFailure } from "../start-failure.ts";
import { prepareTrial } from "../trial.ts";
import { formatZoneMistake, zoneDataFailure } from "../zone-data.ts";

type Flags = ConfigurationFlags & { readonly readyFile?: string; readonly trial: boolean };

export const serveCommand = buildCommand<Flags, [], CliContext>({
  async func(flags) {
    // What a process that was killed left behind must not tell anyone that this one is up.
    if (flags.readyFile !== undefined) removeReadyFile(flags.readyFile);
    if (!flags.trial) return serve(this, flags, () => loadCommandConfiguration(this, flags));
    if (flags.config !== undefined) {
      return new CliFailure(EXIT_CODE.usage, "--trial takes no --config", "leave one of them out");
    }
    const trial = await prepareTrial();
    try {
      return await serve(this, flags, () => loadFrom(this, trial.file, flags.set ?? []));
    } finally {
      trial.discard();
    }
  },
  parameters: {
    flags: {
      ...CONFIGURATION_FLAGS,
      trial: {
        kind: "boolean",
        default: false,
        brief: "For a look: loopback, unprivileged ports, nothing is kept",
      },
      readyFile: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Write this file once every listener is open",
        placeholder: "PATH",
      },
    },
    aliases: { c: "config" },
  },
  docs: {
    brief: "Run the appliance",
    customUsage: [
      { input: "--trial", brief: "A look at it: no privilege, no file, nothing is kept" },
      { input: "--config appliance.toml", brief: "By a file (`init` writes one)" },
      { input: "--set http.listen=0.0.0.0:8080", brief: "With one key set otherwise" },
    ],
    fullDescription:
      "SIGTERM and SIGINT let running requests finish, a second one ends at once; SIGHUP reloads.\n" +
      "Ends with 3 where the configuration has mistakes, with 4 where a port cannot be opened.",
  },
});

async function serve(
  context: CliContext,
  flags: Flags,
  load: () => CommandConfiguration,
): Promise<Error | undefined> {
  const loaded = load();
  const { configuration } = loaded;
  startServiceLog(context, configuration);
  const log = openLog("service");
  let appliance: Appliance | undefined;
  const signals = watchSignals(context.signals, {
    onSecondStop: (signal) => context.exitAtOnce(signal),
    onReload: () => void reload(appliance, log),
  });
  try {
    appliance = await context.startAppliance(configuration, () => readAgain(load));
    try {
      await runUntilStopped(context, flags, loaded, appliance, signals.stopRequested);
    } finally {
      await appliance.stop();
    }
    log.info("stopped");
    return undefined;
  } catch (error) {
    if (error instanceof ZoneDataError) return zoneDataFailure(error.mistakes, loaded);
    const failure = explainStartFailure(error, context.programName);
    if (failure === undefined) throw error;
    return failure;
  } finally {
    signals.release();
  }
}

async function runUntilStopped(
  context: CliContext,
  flags: Flags,
  loaded: CommandConfiguration,
  appliance: Appliance,
  stopRequested: Promise<NodeJS.Signals>,
): Promise<void> {
  const log = openLog("service");
  const notifier = openServiceNotifier(context.process.env, process.pid);
  announce(context, flags, loaded, appliance);
  notifier.ready(`serving as ${loaded.configuration.appliance.name}`);
  const watchdog = feedWatchdog(notifier, appliance, log);
  const signal = await stopRequested;
  log.info("stopping", { signal });
  notifier.stopping();
  clearInterval(watchdog);
  if (flags.readyFile !== undefined) removeReadyFile(flags.readyFile);
}

function startServiceLog({ process: { stderr } }: CliContext, { log }: Configuration): void {
  const automatic = stderr.isTerminal ? "people" : "json";
  startLog({
    write: (line) => stderr.write(line),
    form: log.form === "auto" ? automatic : log.form,
    level: log.level,
  });
}

function announce(
  context: CliContext,
  { readyFile }: Flags,
  { configuration, fileName }: CommandConfiguration,
  appliance: Appliance,
): void {
  const { programName } = context;
  const banner = renderBanner({ appliance, configuration, source: fileName, programName });
  writeLines(context.process.stdout, banner);
  if (readyFile !== undefined) writeReadyFile(readyFile, appliance.listening);
}

/** For SIGHUP: what is wrong now is no reason to end. */
function readAgain(load: () => CommandConfiguration): ReturnType<ReadConfiguration> {
  try {
    const loaded = load();
    const { configuration } = loaded;
    return ok({ configuration, describe: (mistake) => formatZoneMistake(mistake, loaded) });
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    return fail(error.message.replaceAll("\n", "; "));
  }
}

async function reload(appliance: Appliance | undefined, log: Log): Promise<void> {
  try {
    await appliance?.reload();
    log.info("reloaded");
  } catch (error) {
    log.error("reload failed", { error });
  }
}

/** Silence is the alarm: the service manager restarts what does not answer. */
function feedWatchdog(
  notifier: ServiceNotifier,
  appliance: Appliance,
  log: Log,
): ReturnType<typeof setInterval> | undefined {
  if (notifier.watchdogMilliseconds === undefined) return undefined;
  return setInterval(() => {
    appliance.isHealthy().then(
      (healthy) => (healthy ? notifier.watchdog() : log.error("the self-check failed")),
      (error: unknown) => log.error("the self-check failed", { error }),
    );
  }, notifier.watchdogMilliseconds);
}
