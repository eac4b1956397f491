/** The status page for browsers: what has to be looked at first, then the figures. */
import { html } from "hono/html";
import { stateWords } from "../status-summary.ts";
import { duration, isoTime } from "../status-view.ts";
import type { PageFacts } from "./facts.ts";
import { type Html, isolated, page } from "./page.ts";
import { attentionSection } from "./sections/attention.ts";
import { clientsSection } from "./sections/clients.ts";
import { countSection } from "./sections/count.ts";
import { dnsSection } from "./sections/dns.ts";
import { eventsSection } from "./sections/events.ts";
import { historySection } from "./sections/history.ts";
import { addressSection, hostSection, requestsSection } from "./sections/host.ts";

export function statusPage(facts: PageFacts): Html {
  const { status } = facts;
  const content = html`    <header>
      ${headline(facts)}
    </header>
    <main>
      ${attentionSection(facts)}
      ${countSection(facts)}
      ${requestsSection(facts)}
      ${historySection(facts)}
      ${clientsSection(facts)}
      ${eventsSection(facts)}
      ${dnsSection(facts)}
      ${hostSection(facts)}
      ${addressSection(facts)}
    </main>
    <footer>
      <p>The same as <a href="/status">JSON</a> and as <a href="/status.txt">text</a>;
      <a href="/readyz">readiness</a>, <a href="/metrics">metrics</a>,
      <a href="/docs">documentation</a>.</p>
    </footer>`;
  return page(`${status.name}: activation host`, content, { isLive: true });
}

function headline({ status, version, parts }: PageFacts): Html {
  const kind = parts.every(({ ready }) => ready) ? "good" : "bad";
  const { hostTime } = status;
  return html`<h1>${isolated(status.name)}</h1>
      <div id="headline" data-live>
        <p class="state ${kind}">${isolated(stateWords(parts))}</p>
        <p>muster ${isolated(version.version)}, up ${duration(status.uptimeSeconds)}, as of
          <time datetime="${isoTime(hostTime)}">${isoTime(hostTime).slice(0, 19).replace("T", " ")} UTC</time></p>
      </div>
      <p id="connection" role="status"></p>`;
}
