import { revalidated } from "../entity-tag.ts";
import icon from "../page/icon.svg" with { type: "text" };
import style from "../page/style.css" with { type: "text" };
import type { Route } from "../routing.ts";

const ASSETS: readonly (readonly [name: string, mediaType: string, content: string])[] = [
  ["style.css", "text/css; charset=utf-8", style],
  ["icon.svg", "image/svg+xml", icon],
];

/** What pages consist of, embedded in the executable. */
export function assetRoutes(): readonly Route[] {
  return ASSETS.map(([name, mediaType, content]) => ({
    path: `/assets/${name}`,
    methods: {
      GET: [
        ...revalidated,
        () => new Response(content, { headers: { "content-type": mediaType } }),
      ],
    },
  }));
}
