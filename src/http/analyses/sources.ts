/** What the service knows beyond the state: judgements on clients, counts and requests. */
import type { StandingAlert } from "../../analysis/alerts.ts";
import type { DuplicateCmid } from "../../analysis/duplicates.ts";
import type { Explanation } from "../../analysis/explain.ts";
import type { Forecast } from "../../analysis/forecast.ts";
import type { ActivityRow, LicensingReport } from "../../analysis/reports.ts";
import type { Guid } from "../../protocol/types.ts";
import type { ClientItem, ClientNameItem } from "../../store/listing.ts";
import type { Reading } from "./kept.ts";

/** All but alerts reject with StoreError where the store cannot be read. */
export type AnalysisSources = {
  /** Those that stand, the gravest first (REPORT-3). */
  readonly alerts: () => readonly StandingAlert[];
  /** COUNT-10. */
  readonly duplicates: () => Promise<Reading<readonly DuplicateCmid[]>>;
  /** COUNT-11, by application. */
  readonly forecasts: () => Promise<Reading<readonly Forecast[]>>;
  /** REPORT-1: of so many days, today among them; the newest first. */
  readonly activity: (days: number) => Promise<Reading<readonly ActivityRow[]>>;
  /** REPORT-2. */
  readonly licensing: () => Promise<Reading<LicensingReport>>;
  readonly client: (cmid: Guid) => Promise<ClientDetails>;
};

/** Everything about one id; a client of several applications has an entry in each. */
export type ClientDetails = {
  readonly entries: readonly {
    readonly client: ClientItem;
    readonly explanation: Explanation;
  }[];
  /** Its names, where it had several (COUNT-10). */
  readonly names: readonly ClientNameItem[];
};
