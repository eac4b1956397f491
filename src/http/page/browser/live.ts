/**
 * Keeps the page up to date: the host says that something changed, and the page fetches itself.
 * What the sections look like is then made in one place, with a script or without.
 */

/** Of the status document, what is used here. */
export type Status = {
  readonly hostTime: string;
  readonly count: number;
  readonly requests: { readonly total: number; readonly failed: number };
};

/** No more often than a person can follow. */
const REFRESH_MILLISECONDS = 1000;
/** The host speaks every five seconds; silence for so long means that it is gone. */
const SILENCE_MILLISECONDS = 15_000;

export function followStatus(onStatus: (status: Status) => void): void {
  const refresh = throttled(refreshSections, REFRESH_MILLISECONDS);
  let source: EventSource | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const heard = (): void => {
    say("live");
    clearTimeout(silence);
    silence = setTimeout(() => say("lost"), SILENCE_MILLISECONDS);
  };
  const open = (): void => {
    source = new EventSource("/api/v1/status/stream");
    source.addEventListener("open", heard);
    source.addEventListener("heartbeat", heard);
    source.addEventListener("error", () => say("lost"));
    source.addEventListener("message", ({ data }: MessageEvent<string>) => {
      heard();
      onStatus(JSON.parse(data) as Status);
      refresh();
    });
  };
  const close = (): void => {
    source?.close();
    clearTimeout(silence);
  };
  // A page that nobody sees costs the host nothing.
  document.addEventListener("visibilitychange", () => {
    close();
    if (document.visibilityState === "visible") open();
  });
  if (document.visibilityState === "visible") open();
}

function say(state: "live" | "lost"): void {
  const line = document.getElementById("connection");
  if (line === null || line.dataset["state"] === state) return;
  line.dataset["state"] = state;
  line.textContent = state === "live" ? "live" : "connection lost: this is how it was";
}

/** Puts the sections of a fresh page in the place of those that differ. */
async function refreshSections(): Promise<void> {
  const response = await fetch("/", { headers: { accept: "text/html" } });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const next of fresh.querySelectorAll<HTMLElement>("[data-live]")) {
    const current = document.getElementById(next.id);
    if (current === null || current.innerHTML === next.innerHTML) continue;
    replaceContent(current, next);
  }
}

/** What the reader opened stays open, and where the keyboard is it stays. */
function replaceContent(current: HTMLElement, next: HTMLElement): void {
  const focused = current.contains(document.activeElement) ? document.activeElement?.id : undefined;
  const open = new Set([...current.querySelectorAll("details[open]")].map(({ id }) => id));
  for (const details of next.querySelectorAll("details")) details.open = open.has(details.id);
  current.replaceChildren(...next.childNodes);
  if (focused !== undefined && focused !== "") document.getElementById(focused)?.focus();
}

/** Runs at once, then at most so often; a call meanwhile runs at the end of the time. */
function throttled(run: () => Promise<void>, milliseconds: number): () => void {
  let isWaiting = false;
  let isWanted = false;
  const start = async (): Promise<void> => {
    isWaiting = true;
    isWanted = false;
    const rest = new Promise((resolve) => setTimeout(resolve, milliseconds));
    await run().catch(() => {});
    await rest;
    isWaiting = false;
    if (isWanted) void start();
  };
  return () => {
    isWanted = true;
    if (!isWaiting) void start();
  };
}
