/**
 * The streams that are open. A stream makes its next text when its client has taken the one before:
 * nothing is kept for a slow client but the place where it goes on.
 */
import { type Admission, createAdmission } from "../admission.ts";
import type { HttpContext } from "../environment.ts";
import type { HttpLimits } from "../limits.ts";
import { RETRY_AFTER_SECONDS } from "../limits.ts";
import { problemResponse } from "../problems.ts";
import { retryAfter, SERVER_SENT_EVENTS_MEDIA_TYPE } from "./server-sent-events.ts";

/** The next text of a stream, whenever there is one. The signal aborts when the stream is over. */
export type NextText = (signal: AbortSignal) => Promise<string>;

const RECONNECT_MILLISECONDS = 2000;
const HEADERS = {
  "content-type": SERVER_SENT_EVENTS_MEDIA_TYPE,
  // Proxies that collect an answer before they pass it on would keep it for ever.
  "x-accel-buffering": "no",
} as const;

export class StreamSet {
  readonly #admission: Admission;
  readonly #open = new Set<AbortController>();

  constructor({ streams, streamsPerAddress }: HttpLimits) {
    this.#admission = createAdmission({ all: streams, perAddress: streamsPerAddress });
  }

  get size(): number {
    return this.#open.size;
  }

  /** Answers with a stream, or with a problem where there are too many. */
  respond({ req, env }: HttpContext, next: NextText): Response {
    if (req.method === "HEAD") return new Response(null, { headers: HEADERS });
    const address = env?.peer?.address ?? "";
    const verdict = this.#admission.enter(address);
    if (verdict !== "admitted") {
      const headers = { "retry-after": String(RETRY_AFTER_SECONDS) };
      return problemResponse(verdict, { detail: "Too many streams are open.", headers });
    }
    env?.keepOpen?.();
    return new Response(this.#stream(address, next), { headers: HEADERS });
  }

  /** Ends every stream; clients come back, here or elsewhere. */
  close(): void {
    for (const controller of [...this.#open]) controller.abort();
  }

  #stream(address: string, next: NextText): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    const life = new AbortController();
    this.#open.add(life);
    life.signal.addEventListener("abort", () => {
      this.#open.delete(life);
      this.#admission.leave(address);
    });
    let text: Promise<string> = Promise.resolve(retryAfter(RECONNECT_MILLISECONDS));
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const ready = await text;
            if (life.signal.aborted) return controller.close();
            controller.enqueue(encoder.encode(ready));
            text = next(life.signal);
            // Whoever pulls next meets what went wrong here.
            text.catch(() => {});
          } catch (error) {
            life.abort();
            controller.error(error);
          }
        },
        cancel: () => life.abort(),
      },
      { highWaterMark: 0 },
    );
  }
}
