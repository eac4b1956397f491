import { html, raw } from "hono/html";
import { renderSVG } from "uqr";
import { LICENCE_STATES } from "../../../protocol/types.ts";
import { licenceWords, rpcWords, storeWords } from "../../status-summary.ts";
import type { PageFacts } from "../facts.ts";
import { figure, type Html, isolated } from "../page.ts";
import { pairs, section } from "../section.ts";
import { STATE_WORDS } from "../state-words.ts";

/** Cumulative requests (HOST-8). */
export function requestsSection({ status: { requests } }: PageFacts): Html {
  return section(
    { id: "requests", title: "Requests" },
    pairs(
      "Since the installation, by the state that clients reported",
      [
        ["In total", html`${figure(requests.total)}`],
        ["Failed", html`${figure(requests.failed)}`],
        ...LICENCE_STATES.map((state) => {
          return [STATE_WORDS[state], html`${figure(requests.byLicenceState[state])}`] as const;
        }),
      ],
      "number",
    ),
  );
}

/** The host and its parts (HOST-9). */
export function hostSection({ status }: PageFacts): Html {
  const { host, intervals } = status;
  const minutes = `activation ${intervals.activationMinutes}, renewal ${intervals.renewalMinutes}`;
  return section(
    { id: "host", title: "Host" },
    pairs("What it is and how it does", [
      ["Licence", isolated(licenceWords(status))],
      ["Description", isolated(host.description)],
      ["Extended PID", isolated(host.extendedPid)],
      ["Installation ID", isolated(host.installationId)],
      ["Partial product key", isolated(host.partialProductKey)],
      ["Intervals in minutes", html`${minutes}`],
      ["RPC", isolated(rpcWords(status))],
      ["Store", isolated(storeWords(status))],
    ]),
  );
}

/** The page's own address, for a telephone's camera. */
export function addressSection({ url }: PageFacts): Html {
  const code = renderSVG(url, { border: 2 });
  return html`<section aria-labelledby="address-title">
        <h2 id="address-title">This page</h2>
        <figure class="code" role="img" aria-label="QR code of ${url}">${raw(code)}</figure>
        <p><a href="${url}">${url}</a></p>
      </section>`;
}
