import plotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import { StaticContent } from "../compression.ts";
import icon from "../page/icon.svg" with { type: "text" };
import { browserScript } from "../page/script.ts" with { type: "macro" };
import style from "../page/style.css" with { type: "text" };
import type { Route } from "../routing.ts";

const SCRIPT: string = browserScript();

const ASSETS: readonly (readonly [name: string, mediaType: string, content: string])[] = [
  ["style.css", "text/css; charset=utf-8", `${plotStyle}\n${style}`],
  ["app.js", "text/javascript; charset=utf-8", SCRIPT],
  ["icon.svg", "image/svg+xml", icon],
];

/** What pages consist of, embedded in the executable. */
export function assetRoutes(): readonly Route[] {
  return ASSETS.map(([name, mediaType, content]) => {
    const asset = new StaticContent(mediaType, () => content);
    return { path: `/assets/${name}`, methods: { GET: [asset.respond] } };
  });
}
