import { html } from "hono/html";
import { EVENT_CODE } from "../../../activation/events.ts";
import { eventWords } from "../../../analysis/event-words.ts";
import { adviseOnResult } from "../../../analysis/result-advice.ts";
import { sanitise } from "../../../platform/text.ts";
import { formatHresult, HRESULT } from "../../../protocol/hresult.ts";
import type { EventItem } from "../../../store/listing.ts";
import type { PageFacts } from "../facts.ts";
import { type Html, isolated } from "../page.ts";
import { section, table } from "../section.ts";
import { timeOfDay } from "../times.ts";

/** Alerts are told above in full. */
const WORDS_LENGTH = 120;

/** The newest entries of the event log (EVENT-1). */
export function eventsSection({ details, products }: PageFacts): Html {
  return section(
    { id: "events", title: "Last events", width: "full" },
    details === undefined
      ? html`<p>Events name machines. They are shown on the machine itself, and to who
          <a id="sign-in" href="/sign-in">signs in</a> with the token of the configuration.</p>`
      : details.events.length === 0
        ? html`<p>There is none yet.</p>`
        : eventsTable(details.events, products),
  );
}

function eventsTable(events: readonly EventItem[], products: PageFacts["products"]): Html {
  const names = new Map(products.map(({ activationId, name }) => [activationId, name]));
  return table(
    "The newest entries of the event log (times in UTC)",
    [
      { title: "Time" },
      { title: "Machine" },
      { title: "Outcome" },
      { title: "Product", isWide: true },
      { title: "Address", isWide: true },
      { title: "Code", isNumber: true, isWide: true },
    ],
    events.map((event) => {
      const { time, machineName, activationId, address, code } = event;
      const product = activationId === null ? "" : (names.get(activationId) ?? activationId);
      return [
        timeOfDay(time),
        isolated(machineName ?? ""),
        outcome(event),
        isolated(product),
        isolated(address ?? ""),
        html`${code}`,
      ];
    }),
  );
}

function outcome(event: EventItem): Html {
  const { code, hresult, count, requiredCount, detail } = event;
  if (code !== EVENT_CODE.requestHandled) {
    return html`<bdi>${sanitise(eventWords(code, detail), WORDS_LENGTH)}</bdi>`;
  }
  if (hresult !== HRESULT.success) {
    return html`<span class="bad">${formatHresult(hresult)}</span>: ${adviseOnResult(hresult).meaning}`;
  }
  const enough = (count ?? 0) >= (requiredCount ?? 0);
  return enough
    ? html`<span class="good">activated</span>, count ${count}`
    : html`count ${count} of ${requiredCount}`;
}
