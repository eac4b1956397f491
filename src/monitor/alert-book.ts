/** The alerts that stand, kept so that a restart raises none again (REPORT-3). */
import { EVENT_CODE } from "../activation/events.ts";
import {
  type AlertFacts,
  type AlertRules,
  changeAlerts,
  evaluateAlerts,
  type StandingAlert,
} from "../analysis/alerts.ts";
import type { Log } from "../platform/log.ts";
import { HRESULT } from "../protocol/hresult.ts";
import type { Store } from "../store/store.ts";
import type { AlertNews } from "./alert-hooks.ts";

export const ALERTS_SETTING = "alerts";

export type AlertBookOptions = {
  readonly store: Pick<Store, "setting" | "putSetting" | "logEvent">;
  readonly rules: AlertRules;
  readonly log: Log;
  /** Told of each alert raised and cleared, once it is kept. */
  readonly tell: (news: AlertNews) => void;
};

/** Takes up what stood at the last stop, and changes with each new look at the facts. */
export class AlertBook {
  readonly #options: AlertBookOptions;
  #standing: readonly StandingAlert[] = [];
  /** As the store has them; undefined before it was read. */
  #kept: string | undefined;

  constructor(options: AlertBookOptions) {
    this.#options = options;
  }

  get standing(): readonly StandingAlert[] {
    return this.#standing;
  }

  /**
   * Judges the facts; `now` is for what is written down. Where the store cannot be read yet,
   * nothing is raised twice: it waits.
   */
  async judge(facts: AlertFacts, now: number): Promise<void> {
    if (this.#kept === undefined && !(await this.#load())) return;
    const { rules } = this.#options;
    const current = evaluateAlerts(facts, rules, this.#standing);
    const { raised, cleared, standing } = changeAlerts(this.#standing, current, now);
    this.#standing = standing;
    await this.#keep();
    for (const alert of raised) await this.#announce("raised", alert, now);
    for (const alert of cleared) await this.#announce("cleared", alert, now);
  }

  async #load(): Promise<boolean> {
    const text = await this.#options.store.setting(ALERTS_SETTING).catch(() => null);
    if (text === null) return false;
    this.#standing = parseAlerts(text);
    this.#kept = text ?? "[]";
    return true;
  }

  async #keep(): Promise<void> {
    const text = JSON.stringify(this.#standing);
    if (text === this.#kept) return;
    const stored = await this.#options.store.putSetting(ALERTS_SETTING, text);
    // Kept by the next look otherwise: a store that has failed says so itself.
    if (stored.ok) this.#kept = text;
  }

  async #announce(
    transition: AlertNews["transition"],
    alert: StandingAlert,
    time: number,
  ): Promise<void> {
    const { log, store, tell } = this.#options;
    const { key, kind, severity, message } = alert;
    const say = transition === "raised" ? log.warning : log.info;
    say(`alert ${transition}`, { kind, severity, text: message });
    const { alertRaised, alertCleared } = EVENT_CODE;
    await store.logEvent({
      code: transition === "raised" ? alertRaised : alertCleared,
      time,
      hresult: HRESULT.success,
      detail: JSON.stringify({ key, kind, severity, message }),
    });
    tell({ transition, alert, time });
  }
}

/** Of our own writing; what is not is as good as nothing. */
export function parseAlerts(text: string | undefined): readonly StandingAlert[] {
  if (text === undefined) return [];
  try {
    const alerts: unknown = JSON.parse(text);
    return Array.isArray(alerts) ? alerts.filter(isAlert) : [];
  } catch {
    return [];
  }
}

function isAlert(value: unknown): value is StandingAlert {
  const { key, kind, message, raisedAt } = (value ?? {}) as Partial<StandingAlert>;
  const texts: readonly unknown[] = [key, kind, message];
  return texts.every((text) => typeof text === "string") && Number.isFinite(raisedAt);
}
