/** What the analyses and the monitor need of the configuration. */
import { type Catalogue, createCatalogue } from "../activation/catalogue.ts";
import type { AnalysisFrame } from "../monitor/alert-facts.ts";
import type { MonitorOptions } from "../monitor/monitor.ts";
import type { Configuration } from "./configuration.ts";

export function catalogueOf({ products }: Configuration): Catalogue {
  const catalogue = createCatalogue(products);
  // The configuration's own rules let no such catalogue through.
  if (!catalogue.ok) throw new Error(`product ${catalogue.error.index}: ${catalogue.error.code}`);
  return catalogue.value;
}

export function analysisFrame(
  { activation, alerts }: Configuration,
  catalogue: Catalogue,
): AnalysisFrame {
  const { policy, validityDays, activationIntervalMinutes, renewalIntervalMinutes } = activation;
  const intervals = {
    activationMinutes: activationIntervalMinutes,
    renewalMinutes: renewalIntervalMinutes,
  };
  const { activationDays, graceDays } = alerts;
  return { catalogue, policy, rules: { intervals, validityDays }, activationDays, graceDays };
}

export function monitorSettings(
  configuration: Configuration,
  catalogue: Catalogue,
): Omit<MonitorOptions, "store" | "clock" | "log"> {
  const { appliance, alerts, events, store } = configuration;
  const { keepDays, maximumOctets } = events;
  return {
    frame: analysisFrame(configuration, catalogue),
    alertRules: alerts.rules,
    alertMilliseconds: alerts.intervalMilliseconds,
    retention: { keepDays, maximumOctets },
    hooks: { host: appliance.name, webhook: alerts.webhook, exec: alerts.exec },
    databasePath: store.file,
    dataDirectory: appliance.dataDirectory,
  };
}
