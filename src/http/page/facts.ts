/** Everything that the status page shows, gathered for one request. */

import type { Product } from "../../activation/catalogue.ts";
import type { StandingAlert } from "../../analysis/alerts.ts";
import type { DuplicateCmid } from "../../analysis/duplicates.ts";
import type { LicensingReport } from "../../analysis/reports.ts";
import type { EventItem } from "../../store/listing.ts";
import type { HistorySample } from "../history/history.ts";
import type {
  DnsRecordReport,
  HttpSources,
  PartReadiness,
  StatusReport,
  VersionReport,
} from "../sources.ts";

export type PageFacts = {
  readonly status: StatusReport;
  readonly version: VersionReport;
  readonly parts: readonly PartReadiness[];
  readonly products: readonly Product[];
  /** Undefined while it is being counted, or where the store cannot say. */
  readonly licensing: LicensingReport | undefined;
  readonly records: readonly DnsRecordReport[];
  /** The last day, by the hour. */
  readonly hours: readonly HistorySample[];
  /** Single machines; undefined for whom may not see them. */
  readonly details: PageDetails | undefined;
  /** Where this page is. */
  readonly url: string;
};

type PageDetails = {
  readonly alerts: readonly StandingAlert[];
  readonly duplicates: readonly DuplicateCmid[];
  /** The newest first. */
  readonly events: readonly EventItem[];
};

const EVENTS_SHOWN = 12;
const HOURS_SHOWN = 24;
/** A page does not wait for a million clients to be counted: it says that they are. */
const PATIENCE_MILLISECONDS = 250;

export async function gatherPageFacts(
  sources: HttpSources,
  showsDetails: boolean,
  url: string,
): Promise<PageFacts> {
  const { analyses } = sources;
  const [status, parts, licensing, details] = await Promise.all([
    sources.status(),
    sources.readiness(),
    soon(analyses.licensing().then(({ value }) => value)),
    showsDetails ? gatherDetails(sources) : undefined,
  ]);
  return {
    status,
    version: sources.version(),
    parts,
    products: sources.products(),
    licensing,
    records: sources.dnsRecords(),
    hours: sources.history("hour").slice(-HOURS_SHOWN),
    details,
    url,
  };
}

async function gatherDetails({ analyses, events }: HttpSources): Promise<PageDetails> {
  const [duplicates, page] = await Promise.all([
    soon(analyses.duplicates().then(({ value }) => value)),
    soon(Promise.resolve(events({ limit: EVENTS_SHOWN }))),
  ]);
  return { alerts: analyses.alerts(), duplicates: duplicates ?? [], events: page?.items ?? [] };
}

/** The value, if it comes soon; undefined where it does not or fails. */
async function soon<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  const { promise: patience, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), PATIENCE_MILLISECONDS);
  try {
    return await Promise.race([promise.catch(() => undefined), patience]);
  } finally {
    clearTimeout(timer);
  }
}
