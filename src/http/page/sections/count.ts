import { html } from "hono/html";
import type { Product } from "../../../activation/catalogue.ts";
import type { ApplicationReport } from "../../sources.ts";
import { clientsWords, countWords } from "../../status-summary.ts";
import { headlineApplication } from "../../status-view.ts";
import type { PageFacts } from "../facts.ts";
import { figure, type Html, isolated, joined, nothing } from "../page.ts";
import { section, table } from "../section.ts";

/** The count against the thresholds of its clients (COUNT-1, COUNT-2). */
export function countSection({ status, products }: PageFacts): Html {
  const headline = headlineApplication(status.applications);
  const others = status.applications.filter((one) => one !== headline && one.cacheCapacity > 0);
  return section(
    { id: "count", title: "Count towards the thresholds" },
    html`<p class="count">${figure(headline?.count ?? 0)}</p>
        ${headline === undefined ? nothing : progress(headline, products)}
        <p>${countWords(status)}</p>
        <p>Clients: ${clientsWords(status)}</p>
        ${others.length === 0 ? nothing : otherApplications(others)}`,
  );
}

/** Distinct thresholds of an application's products, the smallest first. */
export function thresholdsOf(
  { applicationId }: ApplicationReport,
  products: readonly Product[],
): readonly { readonly threshold: number; readonly kind: Product["kind"] }[] {
  const own = products.filter((product) => product.applicationId === applicationId);
  const byThreshold = new Map(own.map(({ threshold, kind }) => [threshold, kind]));
  return [...byThreshold]
    .map(([threshold, kind]) => ({ threshold, kind }))
    .sort((one, other) => one.threshold - other.threshold);
}

const KINDS = { client: "Client systems", server: "Servers" } as const;

function progress(application: ApplicationReport, products: readonly Product[]): Html {
  const { count, cacheCapacity } = application;
  const thresholds = thresholdsOf(application, products);
  const whole = Math.max(cacheCapacity, count, ...thresholds.map(({ threshold }) => threshold), 1);
  const marks = thresholds.map(
    ({ threshold }) =>
      html`<rect class="mark" x="${share(threshold, whole)}" width="0.6" height="8"/>`,
  );
  const lines = thresholds.map(({ threshold, kind }) =>
    count >= threshold
      ? html`<li class="good">${KINDS[kind]} need ${threshold}: reached</li>`
      : html`<li>${KINDS[kind]} need ${threshold}: ${threshold - count} more</li>`,
  );
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect class="track" width="100" height="8"/>
          <rect class="value" width="${share(count, whole)}" height="8"/>
          ${joined(marks)}
        </svg>
        <ul class="thresholds">${joined(lines)}</ul>`;
}

function share(value: number, whole: number): string {
  return ((Math.min(value, whole) / whole) * 100).toFixed(2);
}

function otherApplications(applications: readonly ApplicationReport[]): Html {
  return table(
    "Other applications",
    [{ title: "Products" }, { title: "Count", isNumber: true }, { title: "Cache", isNumber: true }],
    applications.map(({ applicationId, products, count, cacheCapacity }) => [
      isolated(products.join(", ") || applicationId),
      html`${figure(count)}`,
      html`${figure(cacheCapacity)}`,
    ]),
  );
}
