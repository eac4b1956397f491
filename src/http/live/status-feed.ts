/** The state of the host as it changes: made once for however many streams. */
import type { HttpSources } from "../sources.ts";
import { type StatusView, statusView } from "../status-view.ts";
import { Bell } from "./bell.ts";
import { HEARTBEAT_MILLISECONDS } from "./event-feed.ts";
import { heartbeat, message } from "./server-sent-events.ts";
import type { NextText } from "./stream-set.ts";

type FeedSources = Pick<HttpSources, "status" | "version" | "onStored">;

/** No more often than people can read it, however many commits there are. */
const QUIET_MILLISECONDS = 500;

export class StatusFeed {
  readonly #sources: FeedSources;
  readonly #bell = new Bell(QUIET_MILLISECONDS);
  readonly #unsubscribe: () => void;
  #version = 0;
  #text = "";
  #compared = "";
  #refreshing: Promise<void> | undefined;

  constructor(sources: FeedSources) {
    this.#sources = sources;
    this.#unsubscribe = sources.onStored(() => this.#bell.ring());
  }

  close(): void {
    this.#unsubscribe();
  }

  /** The state now, then each change. What no commit tells of is noticed with the heartbeat. */
  stream(): NextText {
    let seen = 0;
    return async (signal) => {
      const deadline = performance.now() + HEARTBEAT_MILLISECONDS;
      while (!signal.aborted) {
        const { rings } = this.#bell;
        await this.#refresh();
        if (this.#version !== seen) {
          seen = this.#version;
          return this.#text;
        }
        const left = deadline - performance.now();
        if (left <= 0) return heartbeat();
        await this.#bell.wait(rings, left, signal);
      }
      return "";
    };
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    const view = statusView(await this.#sources.status(), this.#sources.version());
    const compared = JSON.stringify(unmoving(view));
    if (compared === this.#compared) return;
    this.#compared = compared;
    this.#text = message(view);
    this.#version += 1;
  }
}

/** What passes by itself is no change. */
function unmoving({ hostTime: _hostTime, uptimeSeconds: _uptime, ...rest }: StatusView) {
  return rest;
}
