/**
 * Tells the outside of alerts: a web address that is called, a program that is run. Both are off
 * unless the file names them, both are bounded in time, and neither is waited for.
 */
import { dirname } from "node:path";
import type { StandingAlert } from "../analysis/alerts.ts";
import type { Log } from "../platform/log.ts";

export type AlertNews = {
  readonly transition: "raised" | "cleared";
  readonly alert: StandingAlert;
  /** Unix milliseconds. */
  readonly time: number;
};

export type HookOptions = {
  /** The appliance's name. */
  readonly host: string;
  readonly webhook: string | undefined;
  /** Absolute. */
  readonly exec: string | undefined;
  readonly log: Log;
  readonly timeoutMilliseconds?: number;
  readonly fetch?: (url: string, options: RequestInit) => Promise<Response>;
};

export type AlertHooks = {
  readonly tell: (news: AlertNews) => void;
  /** Ends what is under way and begins nothing more. */
  readonly stop: () => Promise<void>;
};

const TIMEOUT_MILLISECONDS = 10_000;
/** News that wait; what is more is dropped, and the log has it anyway. */
export const NEWS_WAITING_MAXIMUM = 256;
/** What the program finds; nothing of the appliance's own surroundings. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

export function createHooks(options: HookOptions): AlertHooks {
  const { log } = options;
  const waiting: AlertNews[] = [];
  const ending = new AbortController();
  let running: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    for (
      let news = waiting.shift();
      news !== undefined && !ending.signal.aborted;
      news = waiting.shift()
    ) {
      const document = newsDocument(news, options.host);
      await attempt("webhook", () => callWebhook(options, document, ending.signal));
      await attempt("exec", () => runProgram(options, news, document, ending.signal));
    }
  };
  const attempt = async (hook: string, action: () => Promise<void>): Promise<void> => {
    try {
      if (!ending.signal.aborted) await action();
    } catch (error) {
      // An appliance that stops waits for nobody; its log has the news.
      if (!ending.signal.aborted) log.error("news of an alert did not arrive", { hook, error });
    }
  };
  return {
    tell: (news) => {
      if (ending.signal.aborted || (options.webhook ?? options.exec) === undefined) return;
      if (waiting.length >= NEWS_WAITING_MAXIMUM) {
        log.warning("news of an alert dropped", { key: news.alert.key });
        return;
      }
      waiting.push(news);
      running ??= work().finally(() => {
        running = undefined;
      });
    },
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

/** The document that both are given: machine names in it are escaped text. */
function newsDocument({ transition, alert, time }: AlertNews, host: string): string {
  const { key, kind, severity, message, raisedAt } = alert;
  return JSON.stringify({
    schema: 1,
    host,
    transition,
    time: new Date(time).toISOString(),
    alert: { key, kind, severity, message, raisedAt: new Date(raisedAt).toISOString() },
  });
}

async function callWebhook(
  options: HookOptions,
  document: string,
  ending: AbortSignal,
): Promise<void> {
  const { webhook, timeoutMilliseconds = TIMEOUT_MILLISECONDS, fetch: call = fetch } = options;
  if (webhook === undefined) return;
  const response = await call(webhook, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: document,
    // Whoever is named is called, and nobody whom that one names.
    redirect: "error",
    signal: AbortSignal.any([ending, AbortSignal.timeout(timeoutMilliseconds)]),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
}

/** Arguments are words of ours; what machines called themselves goes by standard input alone. */
async function runProgram(
  options: HookOptions,
  { transition, alert }: AlertNews,
  document: string,
  ending: AbortSignal,
): Promise<void> {
  const { exec, timeoutMilliseconds = TIMEOUT_MILLISECONDS } = options;
  if (exec === undefined) return;
  const child = Bun.spawn([exec, transition, alert.kind], {
    stdin: new TextEncoder().encode(`${document}\n`),
    stdout: "ignore",
    stderr: "ignore",
    env: ENVIRONMENT,
    cwd: dirname(exec),
    signal: ending,
    timeout: timeoutMilliseconds,
    killSignal: "SIGKILL",
  });
  const code = await child.exited;
  if (code !== 0) throw new Error(`ended with ${child.signalCode ?? code}`);
}
