/** What there is to read on a network where nothing can be looked up, embedded. */

import changelog from "../../docs/API-CHANGELOG.md" with { type: "text" };
import readme from "../../README.md" with { type: "text" };
import { renderReference } from "../config/reference.ts";

export type ManualDocument = {
  /** Its name in paths and commands. */
  readonly slug: string;
  readonly title: string;
  readonly markdown: string;
};

export function manualDocuments(): readonly ManualDocument[] {
  return [
    { slug: "manual", title: "Manual", markdown: readme },
    { slug: "configuration", title: "Configuration", markdown: renderReference() },
    { slug: "api-changelog", title: "Changes of the API", markdown: changelog },
  ];
}
