import { html } from "hono/html";
import { dnsWords } from "../../status-summary.ts";
import type { PageFacts } from "../facts.ts";
import { figure, type Html, isolated } from "../page.ts";
import { section, table } from "../section.ts";

const SHOWN = 40;

/** The zones, and what they answer (DNS-1, DNS-4). */
export function dnsSection({ status, records }: PageFacts): Html {
  const rows = records
    .slice(0, SHOWN)
    .map(({ name, type, ttlSeconds, data }) => [
      isolated(name),
      html`${type}`,
      html`${figure(ttlSeconds)}`,
      isolated(data),
    ]);
  const more = records.length - rows.length;
  const rest =
    more > 0
      ? html`<p>${figure(more)} more are listed at <a href="/api/v1/dns">/api/v1/dns</a>.</p>`
      : html``;
  return section(
    { id: "dns", title: "DNS: zones and what they answer", width: "full" },
    html`<p>${isolated(dnsWords(status))}</p>
        ${
          rows.length === 0
            ? html`<p>There is no record.</p>`
            : table(
                "Records",
                [
                  { title: "Name" },
                  { title: "Type" },
                  { title: "TTL", isNumber: true, isWide: true },
                  { title: "Data" },
                ],
                rows,
              )
        }${rest}`,
  );
}
