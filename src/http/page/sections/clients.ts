import { html } from "hono/html";
import { LICENCE_STATES } from "../../../protocol/types.ts";
import type { PageFacts } from "../facts.ts";
import { figure, type Html, isolated } from "../page.ts";
import { section, table } from "../section.ts";
import { STATE_WORDS } from "../state-words.ts";

/** Machines by product and the state that they are presumed to be in now (REPORT-2). */
export function clientsSection({ licensing, products }: PageFacts): Html {
  return section(
    { id: "clients", title: "Clients by product and state", width: "full" },
    licensing === undefined
      ? html`<p>They are being counted: look again in a moment.</p>`
      : licensing.machines === 0
        ? html`<p>No client has asked yet.</p>`
        : clientsTable(licensing, products),
  );
}

function clientsTable(
  { byProduct, byState, machines }: NonNullable<PageFacts["licensing"]>,
  products: PageFacts["products"],
): Html {
  const names = new Map(products.map(({ activationId, name }) => [activationId, name]));
  // A state that no machine is in is no column: seven do not fit a telephone.
  const states = LICENCE_STATES.filter((state) => byState[state] > 0);
  const row = (name: Html, counts: typeof byState, total: number): readonly Html[] => [
    name,
    ...states.map((state) => html`${figure(counts[state])}`),
    html`${figure(total)}`,
  ];
  const rows = byProduct.map(({ activationId, byState: counts }) => {
    const total = LICENCE_STATES.reduce((sum, state) => sum + counts[state], 0);
    return row(isolated(names.get(activationId) ?? activationId), counts, total);
  });
  return table(
    "Machines, by what is known of each",
    [
      { title: "Product" },
      ...states.map((state) => ({ title: STATE_WORDS[state], isNumber: true })),
      { title: "All", isNumber: true },
    ],
    [...rows, row(html`All products`, byState, machines)],
  );
}
