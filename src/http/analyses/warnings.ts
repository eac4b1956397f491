import type { AlertKind, StandingAlert } from "../../analysis/alerts.ts";
import type { WarningReport } from "../sources.ts";

/** Alerts of these kinds name machines; the state of the host, which all may see, names none. */
const WORDS: Readonly<Partial<Record<AlertKind, (alerts: number) => string>>> = {
  duplicate: (alerts) =>
    alerts === 1
      ? "a client machine id is shared by several machines: see /api/v1/duplicates"
      : `${alerts} client machine ids are shared by several machines: see /api/v1/duplicates`,
  count: () => "the count is below a threshold, or about to fall below it: see /api/v1/forecast",
  activation: () => "the activation of machines is about to run out: see /api/v1/alerts",
  grace: () => "the grace period of machines is about to run out: see /api/v1/alerts",
};

/** What of the alerts everybody may see: one warning for each that names no machine, else kind. */
export function openWarnings(alerts: readonly StandingAlert[]): readonly WarningReport[] {
  const byKind = Map.groupBy(alerts, ({ kind }) => kind);
  return [...byKind].flatMap(([kind, those]): readonly WarningReport[] => {
    const words = WORDS[kind];
    if (words !== undefined) return [{ code: kind, message: words(those.length) }];
    return those.map(({ message }) => ({ code: kind, message }));
  });
}
