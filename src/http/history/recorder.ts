import type { Clock } from "../../platform/clock.ts";
import type { Store } from "../../store/store.ts";
import type { StatusReport } from "../sources.ts";
import { headlineApplication } from "../status-view.ts";
import { History, type HistorySample, type Resolution } from "./history.ts";

export type RecorderOptions = {
  readonly store: Pick<Store, "setting" | "putSetting" | "health">;
  readonly status: () => StatusReport | Promise<StatusReport>;
  readonly clock: Clock;
};

export type Recorder = {
  /** Oldest first, the state of now among them. */
  readonly samples: (resolution: Resolution) => readonly HistorySample[];
  /** Keeps what was sampled. */
  readonly close: () => Promise<void>;
};

const SETTING = "history";
/** Often enough to meet every minute once. */
const SAMPLE_MILLISECONDS = 15_000;

/**
 * Samples the state while the appliance runs. What was sampled is kept with each hour and at the
 * end: a power cut loses minutes, and a stick is not written to for each of them.
 */
export async function startRecorder({ store, status, clock }: RecorderOptions): Promise<Recorder> {
  const history = History.fromText(await store.setting(SETTING).catch(() => undefined));
  const keep = async (): Promise<void> => {
    if (store.health().state === "ok") await store.putSetting(SETTING, history.toText());
  };
  const sample = async (): Promise<void> => {
    const { applications, clientsKnown, requests } = await status();
    const isHour = history.add({
      time: clock(),
      count: headlineApplication(applications)?.count ?? 0,
      clientsKnown: clientsKnown ?? 0,
      requests: requests.total,
      failed: requests.failed,
    });
    if (isHour) await keep();
  };
  await sample();
  const timer = setInterval(() => void sample(), SAMPLE_MILLISECONDS);
  return {
    samples: (resolution) => history.samples(resolution),
    close: async () => {
      clearInterval(timer);
      await keep();
    },
  };
}
