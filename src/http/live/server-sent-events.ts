/** The text form of server-sent events (HTML Living Standard, section 9.2). */
import { escapeUnsafe } from "../../platform/text.ts";

export const SERVER_SENT_EVENTS_MEDIA_TYPE = "text/event-stream";

/** One message; `id` is what the client sends as Last-Event-ID when it comes back. */
export function message(value: unknown, id?: number): string {
  return `${idLine(id)}data: ${escapeUnsafe(JSON.stringify(value))}\n\n`;
}

/**
 * Nothing to say, but still here; an `id` says how far was looked. An event and no comment: scripts
 * of a page are not told of comments, and could not tell a quiet host from one that is gone.
 */
export function heartbeat(id?: number): string {
  return `${idLine(id)}event: heartbeat\ndata: {}\n\n`;
}

/** The first line of a stream: how long to wait before coming back. */
export function retryAfter(milliseconds: number): string {
  return `retry: ${milliseconds}\n\n`;
}

function idLine(id: number | undefined): string {
  return id === undefined ? "" : `id: ${id}\n`;
}

/** The id that a client comes back with; undefined where it has none of ours. */
export function lastEventId(field: string | undefined): number | undefined {
  return field !== undefined && /^\d{1,15}$/.test(field) ? Number(field) : undefined;
}
