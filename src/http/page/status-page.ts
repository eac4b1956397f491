/** The status page for browsers. */
import { html } from "hono/html";
import { LICENCE_STATES } from "../../protocol/types.ts";
import type { PartReadiness, StatusReport, VersionReport } from "../sources.ts";
import {
  clientsWords,
  countWords,
  dnsWords,
  licenceWords,
  rpcWords,
  stateWords,
  storeWords,
} from "../status-summary.ts";
import { duration, headlineApplication, isoTime } from "../status-view.ts";
import { type Html, isolated, joined, page } from "./page.ts";

export function statusPage(
  status: StatusReport,
  version: VersionReport,
  parts: readonly PartReadiness[],
): Html {
  const content = html`    <header>
      <h1>${isolated(status.name)}</h1>
      <p>muster ${isolated(version.version)}, up ${duration(status.uptimeSeconds)}</p>
      ${stateLine(parts)}
    </header>
    <main>
      ${warningsSection(status)}
      ${countSection(status)}
      ${partsSection(status)}
      ${applicationsTable(status)}
      ${requestsTable(status)}
    </main>
    <footer>
      <p>As of <time datetime="${isoTime(status.hostTime)}">${isoTime(status.hostTime)}</time>.
      The same as <a href="/status">JSON</a> and as <a href="/status.txt">text</a>;
      <a href="/readyz">readiness</a>.</p>
    </footer>`;
  return page(`${status.name}: activation host`, content);
}

function stateLine(parts: readonly PartReadiness[]): Html {
  const kind = parts.every(({ ready }) => ready) ? "good" : "bad";
  return html`<p class="${kind}">State: ${isolated(stateWords(parts))}</p>`;
}

function warningsSection({ warnings }: StatusReport): Html {
  if (warnings.length === 0) return html``;
  const items = warnings.map(({ message }) => html`<li>${isolated(message)}</li>`);
  return html`<section aria-labelledby="warnings">
        <h2 id="warnings">Warnings</h2>
        <ul class="bad">${joined(items)}</ul>
      </section>`;
}

function countSection(status: StatusReport): Html {
  return html`<section aria-labelledby="count">
        <h2 id="count">Count towards the thresholds</h2>
        <p class="count">${headlineApplication(status.applications)?.count ?? 0}</p>
        <p>${countWords(status)}</p>
        <p>Clients: ${clientsWords(status)}</p>
      </section>`;
}

function partsSection(status: StatusReport): Html {
  const { host, intervals } = status;
  const minutes = `activation ${intervals.activationMinutes}, renewal ${intervals.renewalMinutes}`;
  const rows = [
    ["Licence", licenceWords(status)],
    ["Description", host.description],
    ["Extended PID", host.extendedPid],
    ["Installation ID", host.installationId],
    ["Partial product key", host.partialProductKey],
    ["Intervals in minutes", minutes],
    ["RPC", rpcWords(status)],
    ["DNS", dnsWords(status)],
    ["Store", storeWords(status)],
  ].map(
    ([label = "", text = ""]) =>
      html`<tr><th scope="row">${label}</th><td>${isolated(text)}</td></tr>`,
  );
  return html`<div class="scroll"><table>
        <caption>Host</caption>
        <tbody>${joined(rows)}</tbody>
      </table></div>`;
}

function applicationsTable({ applications }: StatusReport): Html {
  const rows = applications.map(
    ({ applicationId, products, count, cacheCapacity }) => html`<tr>
          <th scope="row">${applicationId}</th>
          <td>${isolated(products.join(", "))}</td>
          <td class="number">${count}</td>
          <td class="number">${cacheCapacity}</td>
        </tr>`,
  );
  return html`<div class="scroll"><table>
        <caption>Count by application</caption>
        <thead><tr>
          <th scope="col">Application</th><th scope="col">Products</th>
          <th scope="col" class="number">Count</th><th scope="col" class="number">Cache</th>
        </tr></thead>
        <tbody>${joined(rows)}</tbody>
      </table></div>`;
}

const STATE_WORDS = {
  unlicensed: "Unlicensed",
  licensed: "Licensed",
  initialGrace: "Initial grace",
  outOfTolerance: "Expired or out of tolerance",
  nonGenuineGrace: "Non-genuine grace",
  notification: "Notification",
} as const;

function requestsTable({ requests }: StatusReport): Html {
  const rows = [
    ["In total", requests.total] as const,
    ["Failed", requests.failed] as const,
    ...LICENCE_STATES.map((state) => [STATE_WORDS[state], requests.byLicenceState[state]] as const),
  ].map(
    ([label, figure]) =>
      html`<tr><th scope="row">${label}</th><td class="number">${figure}</td></tr>`,
  );
  return html`<div class="scroll"><table>
        <caption>Requests since the installation, by the state that clients reported</caption>
        <tbody>${joined(rows)}</tbody>
      </table></div>`;
}
