/** The analyses on the running parts. */
import type { Catalogue } from "../../activation/catalogue.ts";
import type { Policy } from "../../activation/policy.ts";
import type { StandingAlert } from "../../analysis/alerts.ts";
import { explainClient } from "../../analysis/explain.ts";
import { MILLISECONDS_PER_DAY } from "../../analysis/intervals.ts";
import { activityReport, type LicensingOptions } from "../../analysis/reports.ts";
import type { ActivationHost } from "../../host/activation-host.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Guid } from "../../protocol/types.ts";
import type { DuplicatesQuery, ForecastQuery } from "../../store/analysis-queries.ts";
import type { Store } from "../../store/store.ts";
import { kept, keptByKey } from "./kept.ts";
import type { AnalysisSources, ClientDetails } from "./sources.ts";

export type AnalysedParts = {
  readonly hostName: string;
  readonly store: Pick<
    Store,
    "clients" | "clientNames" | "duplicates" | "forecasts" | "activity" | "licensing"
  >;
  readonly host: Pick<ActivationHost, "snapshot">;
  readonly catalogue: Catalogue;
  readonly counting: Policy["counting"];
  readonly alerts: () => readonly StandingAlert[];
  /** The time that clients expire by. */
  readonly clock: Clock;
  readonly queries: {
    readonly duplicates: (now: number) => DuplicatesQuery;
    readonly forecasts: (now: number) => ForecastQuery;
    readonly licensing: (now: number) => LicensingOptions;
  };
};

const LIFE_MILLISECONDS = 2000;
/** Of what reads every client. */
const COUNTING_LIFE_MILLISECONDS = 5000;
/** Spans of days that activity is kept for. */
const SPANS_MAXIMUM = 8;
/** Applications that one id is looked for under. */
const ENTRIES_MAXIMUM = 64;

export function applianceAnalyses(parts: AnalysedParts): AnalysisSources {
  const { store, clock, queries, hostName, catalogue } = parts;
  const productName = (activationId: Guid) => catalogue.find(activationId)?.name;
  const duplicates = kept(
    () => store.duplicates(queries.duplicates(clock())),
    LIFE_MILLISECONDS,
    clock,
  );
  const activity = async (days: number) => {
    const today = Math.floor(clock() / MILLISECONDS_PER_DAY);
    const before = (today + 1) * MILLISECONDS_PER_DAY;
    const counts = await store.activity({ from: before - days * MILLISECONDS_PER_DAY, before });
    return activityReport(counts, hostName, productName);
  };
  return {
    alerts: parts.alerts,
    duplicates,
    forecasts: kept(() => store.forecasts(queries.forecasts(clock())), LIFE_MILLISECONDS, clock),
    activity: keptByKey(activity, LIFE_MILLISECONDS, clock, SPANS_MAXIMUM),
    licensing: kept(
      () => store.licensing(queries.licensing(clock())),
      COUNTING_LIFE_MILLISECONDS,
      clock,
    ),
    client: (cmid) => clientDetails(parts, duplicates, cmid),
  };
}

async function clientDetails(
  { store, host, catalogue, counting, clock, queries }: AnalysedParts,
  readDuplicates: AnalysisSources["duplicates"],
  cmid: Guid,
): Promise<ClientDetails> {
  const { items } = await store.clients({ cmid, limit: ENTRIES_MAXIMUM });
  if (items.length === 0) return { entries: [], names: [] };
  const names = await store.clientNames(cmid);
  const { value: duplicates } = await readDuplicates();
  const now = clock();
  const { rules } = queries.licensing(now);
  const counts = new Map(
    host.snapshot().applications.map(({ applicationId, count }) => [applicationId, count]),
  );
  const entries = items.map((client) => ({
    client,
    explanation: explainClient(client, {
      rules,
      now,
      counting,
      count: counts.get(client.applicationId),
      productName: catalogue.find(client.activationId)?.name,
      duplicate: duplicates.find(
        (one) => one.cmid === cmid && one.applicationId === client.applicationId,
      )?.message,
    }),
  }));
  return { entries, names };
}
