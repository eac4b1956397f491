import { html } from "hono/html";
import { isoTime } from "../status-view.ts";
import type { Html } from "./page.ts";

/** `2026-03-04 05:06:07`, UTC. */
export function shortTime(time: number): Html {
  const iso = isoTime(time);
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace("T", " ")}</time>`;
}

/** The same; without the date where there is little room. */
export function timeOfDay(time: number): Html {
  const iso = isoTime(time);
  const [day = "", rest = ""] = iso.split("T");
  return html`<time datetime="${iso}"><span class="wide">${day} </span>${rest.slice(0, 8)}</time>`;
}
