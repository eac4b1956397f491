/**
 * What the log says of a genuine client's request beyond the fields of 12290: JSON in the entry's
 * detail. Written here, and read back by what reports on the log.
 */
import type { Guid } from "../protocol/types.ts";

export type MicrosoftDetail = {
  /** `6.0`; what the request says of itself. */
  readonly version?: string | undefined;
  /** Its size. */
  readonly octets?: number | undefined;
  readonly countedId?: Guid | undefined;
  readonly previousCmid?: Guid | undefined;
  /** Why it could not be read. */
  readonly unreadable?: string | undefined;
  /** `name:port` of the licensed host that was asked last. */
  readonly upstream?: string | undefined;
  /** Why there was no answer. */
  readonly reason?: string | undefined;
};

/** Keys without a value are left out; empty where none has one. */
export function formatDetail(detail: MicrosoftDetail): string {
  const text = JSON.stringify(detail);
  return text === "{}" ? "" : text;
}

/** The parts that are there; none where the text is of another make, or was cut. */
export function parseDetail(text: string | null): MicrosoftDetail {
  try {
    const parsed: unknown = JSON.parse(text ?? "{}");
    if (typeof parsed !== "object" || parsed === null) return {};
    const { version, octets, countedId, previousCmid, unreadable, upstream, reason } =
      parsed as Readonly<Record<string, unknown>>;
    return {
      version: textOrNone(version),
      octets: Number.isSafeInteger(octets) ? (octets as number) : undefined,
      countedId: textOrNone(countedId),
      previousCmid: textOrNone(previousCmid),
      unreadable: textOrNone(unreadable),
      upstream: textOrNone(upstream),
      reason: textOrNone(reason),
    };
  } catch {
    return {};
  }
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
