import { html } from "hono/html";
import type { PageFacts } from "../facts.ts";
import { type Html, isolated, joined } from "../page.ts";
import { section, table } from "../section.ts";

/** What has to be looked at, before all else (COUNT-10, REPORT-3). */
export function attentionSection(facts: PageFacts): Html {
  return section(
    { id: "attention", title: "To look at", width: "full" },
    html`${messages(facts)}${duplicates(facts)}`,
  );
}

function messages({ status, details }: PageFacts): Html {
  const entries =
    details === undefined
      ? status.warnings.map(({ message }) => ({ severity: "warning", message }))
      : details.alerts;
  if (entries.length === 0) return html`<p class="good">Nothing.</p>`;
  const items = entries.map(
    ({ severity, message }) => html`<li class="${severity}"><strong>${severity}</strong>
            ${isolated(message)}</li>
          `,
  );
  return html`<ul class="alerts">${joined(items)}</ul>`;
}

function duplicates({ details }: PageFacts): Html {
  const shared = details?.duplicates ?? [];
  if (shared.length === 0) return html``;
  const rows = shared.slice(0, SHOWN).map(({ cmid, certainty, machines }) => [
    html`<a href="/api/v1/clients/${cmid}"><code>${cmid}</code></a>`,
    html`${certainty}`,
    joined(
      machines.slice(0, SHOWN).map(({ machineName, address }, index) => {
        return html`${index === 0 ? "" : ", "}${isolated(machineName)} (${isolated(address)})`;
      }),
    ),
  ]);
  return table(
    "Client machine ids that several machines share",
    [{ title: "Id" }, { title: "How sure" }, { title: "Machines" }],
    rows,
  );
}

const SHOWN = 8;
