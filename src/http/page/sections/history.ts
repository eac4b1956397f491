import { html } from "hono/html";
import { headlineApplication } from "../../status-view.ts";
import type { PageFacts } from "../facts.ts";
import { figure, type Html } from "../page.ts";
import { table } from "../section.ts";
import { shortTime } from "../times.ts";
import { thresholdsOf } from "./count.ts";

/** The chart is the script's; its figures are there as a table too. */
export function historySection({ status, products, hours }: PageFacts): Html {
  const headline = headlineApplication(status.applications);
  const thresholds = headline === undefined ? [] : thresholdsOf(headline, products);
  const listed = thresholds.map(({ threshold }) => threshold).join(" ");
  const rows = hours.toReversed().map((sample, index, all) => {
    const before = all[index + 1];
    const requests = before === undefined ? "" : figure(sample.requests - before.requests);
    return [
      shortTime(sample.time),
      html`${figure(sample.count)}`,
      html`${requests}`,
      html`${figure(sample.clientsKnown)}`,
    ];
  });
  return html`<section class="full" aria-labelledby="history-title">
        <h2 id="history-title">Over time</h2>
        <div id="chart" data-thresholds="${listed}"></div>
        <div id="history" data-live>
        <details id="history-figures"><summary>The last 24 hours in figures</summary>
        ${table(
          "By the hour (UTC)",
          [
            { title: "Hour" },
            { title: "Count", isNumber: true },
            { title: "Requests since the row below", isNumber: true },
            { title: "Clients known", isNumber: true },
          ],
          rows,
        )}</details></div>
      </section>`;
}
