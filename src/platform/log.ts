/**
 * The log: lines for people where a person looks on, JSON lines otherwise. A message is a fixed
 * text of ours; whatever varies, and all that came from outside, is a field.
 */
import { configureSync, getLogger, type LogRecord, resetSync } from "@logtape/logtape";
import type { Clock } from "./clock.ts";
import { escapeUnsafe, sanitise } from "./text.ts";

export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];

type LogFields = Readonly<Record<string, unknown>>;

export type Log = Readonly<Record<LogLevelName, (message: string, fields?: LogFields) => void>>;

const ROOT = "muster";

/** The log of one part (`rpc`, `dns`, `store`). Silent until {@link startLog}. */
export function openLog(part: string): Log {
  const logger = getLogger([ROOT, part]);
  return {
    debug: (message, fields = {}) => logger.debug(message, { ...fields }),
    info: (message, fields = {}) => logger.info(message, { ...fields }),
    warning: (message, fields = {}) => logger.warning(message, { ...fields }),
    error: (message, fields = {}) => logger.error(message, { ...fields }),
  };
}

export type LogTarget = {
  readonly write: (line: string) => void;
  readonly form: "people" | "json";
  readonly level: LogLevelName;
};

export function startLog({ write, form, level }: LogTarget): void {
  const format = form === "json" ? formatJson : formatForPeople;
  configureSync({
    reset: true,
    sinks: { output: (record) => write(`${format(record)}\n`) },
    loggers: [
      { category: [ROOT], lowestLevel: level, sinks: ["output"] },
      // What the library has to say of itself is about our own mistakes.
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["output"] },
    ],
  });
}

export function stopLog(): void {
  resetSync();
}

/** `2026-03-01T12:00:00.000Z warning rpc: connection refused  address=192.0.2.7` */
function formatForPeople(record: LogRecord): string {
  const fields = Object.entries(record.properties).map(
    ([key, value]) => ` ${key}=${quoteField(plainField(value))}`,
  );
  const time = new Date(record.timestamp).toISOString();
  const space = fields.length === 0 ? "" : " ";
  return `${time} ${record.level} ${part(record)}: ${message(record)}${space}${fields.join("")}`;
}

function formatJson(record: LogRecord): string {
  const fields = Object.entries(record.properties).map(([key, value]) => [key, plainField(value)]);
  const own = {
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    part: part(record),
    message: message(record),
  };
  // Twice: our keys stand first, and no field replaces one.
  return escapeUnsafe(JSON.stringify({ ...own, ...Object.fromEntries(fields), ...own }));
}

function part({ category }: LogRecord): string {
  return category.at(-1) ?? ROOT;
}

function message({ rawMessage }: LogRecord): string {
  return sanitise(typeof rawMessage === "string" ? rawMessage : rawMessage.join(""));
}

/** Errors by their message alone: a stack is nothing for an operator. */
function plainField(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  if (typeof value === "bigint") return value.toString();
  return value;
}

function quoteField(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = sanitise(text ?? "undefined");
  return typeof value === "string" && /[\s"=]/.test(safe) ? JSON.stringify(safe) : safe;
}

/**
 * For lines that a stranger can cause at will: lets `linesPerSecond` through and counts the rest,
 * which the next line reports as `suppressed`.
 */
export function sampleLog(log: Log, linesPerSecond: number, clock: Clock): Log {
  let second = Number.NEGATIVE_INFINITY;
  let lines = 0;
  let suppressed = 0;
  const through =
    (level: LogLevelName) =>
    (text: string, fields: LogFields = {}): void => {
      const now = Math.floor(clock() / 1000);
      if (now !== second) {
        second = now;
        lines = 0;
      }
      if (lines >= linesPerSecond) {
        suppressed += 1;
        return;
      }
      lines += 1;
      log[level](text, suppressed === 0 ? fields : { ...fields, suppressed });
      suppressed = 0;
    };
  return {
    debug: through("debug"),
    info: through("info"),
    warning: through("warning"),
    error: through("error"),
  };
}
