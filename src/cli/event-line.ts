/** Entries of the event log as lines: the original's fields in its order, words beside numbers. */
import { EVENT_CODE } from "../activation/events.ts";
import { GENERAL_EVENT_NAMES } from "../analysis/event-words.ts";
import { adviseOnResult } from "../analysis/result-advice.ts";
import { isoTime, spanWords, stateWords } from "../analysis/wording.ts";
import { sanitise } from "../platform/text.ts";
import { formatHresult } from "../protocol/hresult.ts";
import { LICENCE_STATES } from "../protocol/types.ts";
import type { EventItem } from "../store/listing.ts";

const DETAIL_LENGTH = 1024;
const MILLISECONDS_PER_MINUTE = 60_000;

/**
 * EVENT-1, in the order of the original: result, required count, machine name, client machine id,
 * client time, virtual, licence state, minutes to expiration, activation id. Behind the semicolon
 * is what we add.
 */
export function formatEvent(
  event: EventItem,
  productName: (activationId: string) => string | undefined,
): string {
  const head = `${event.id} ${isoTime(event.time)} ${event.code}`;
  if (event.code !== EVENT_CODE.requestHandled) return `${head} ${generalWords(event)}`;
  const { activationId } = event;
  const product = activationId === null ? undefined : productName(activationId);
  const info = [
    words(formatHresult(event.hresult), adviseOnResult(event.hresult).meaning),
    String(event.requiredCount ?? "-"),
    event.machineName === null || event.machineName === "" ? "-" : sanitise(event.machineName),
    event.cmid ?? "-",
    event.clientTime === null ? "-" : isoTime(event.clientTime),
    words(Number(event.virtual), event.virtual ? "virtual" : "physical"),
    words(event.licenceState ?? "-", stateWords(LICENCE_STATES[event.licenceState ?? -1] ?? "")),
    words(event.minutesToExpiration ?? "-", minutesWords(event.minutesToExpiration)),
    words(activationId ?? "-", product),
  ];
  const detail = event.detail === null ? "" : `; ${sanitise(event.detail, DETAIL_LENGTH)}`;
  const source = event.source === null || event.source === "own" ? "" : `, ${event.source}`;
  const from = `from ${sanitise(event.address ?? "-")}${source}`;
  return `${head} ${info.join(", ")}; count ${event.count ?? "-"}, ${from}${detail}`;
}

function generalWords({ code, hresult, detail }: EventItem): string {
  const result = hresult === 0 ? "" : ` ${formatHresult(hresult)}`;
  const text = detail === null || detail === "" ? "" : `: ${detailWords(detail)}`;
  return `${GENERAL_EVENT_NAMES.get(code) ?? "event"}${result}${text}`;
}

/** Details are documents, some with a sentence for people in them. */
function detailWords(detail: string): string {
  try {
    const { message } = (JSON.parse(detail) ?? {}) as { readonly message?: unknown };
    if (typeof message === "string") return sanitise(message, DETAIL_LENGTH);
  } catch {
    // Plain words.
  }
  return sanitise(detail, DETAIL_LENGTH);
}

function words(value: string | number, meaning: string | undefined): string {
  return meaning === undefined || meaning === "" ? String(value) : `${value} (${meaning})`;
}

function minutesWords(minutes: number | null): string {
  return minutes === null || minutes === 0 ? "" : spanWords(minutes * MILLISECONDS_PER_MINUTE);
}
