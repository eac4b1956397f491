/**
 * The control service as a function from request to response. Whoever reaches its socket is the
 * appliance's own user: there is nothing more to ask for. It opens no socket: `server.ts` does.
 */
import { isAbsolute } from "node:path";
import { Hono } from "hono";
import { z } from "zod";
import { problemResponse } from "../http/problems.ts";
import { jsonResponse } from "../http/responses.ts";
import { parseGuid } from "../protocol/guid.ts";
import type { ControlActions, Refusal } from "./actions.ts";

/** Longer than any renewal interval; who means for ever says nothing. */
const DRAIN_SECONDS_MAXIMUM = 366 * 86_400;
/** Octets of a request's content. */
export const CONTENT_OCTETS_MAXIMUM = 16_384;

const drainRequest = z.strictObject({
  seconds: z.int().min(1).max(DRAIN_SECONDS_MAXIMUM).optional(),
});
const resetRequest = z.strictObject({
  applicationId: z
    .string()
    .refine((text) => parseGuid(text) !== undefined, "not a GUID")
    .transform((text) => text.toLowerCase())
    .optional(),
});
const backupRequest = z.strictObject({
  path: z.string().refine((text) => isAbsolute(text) && !text.includes("\0"), "not absolute"),
});

export type DrainReport = {
  readonly draining: boolean;
  /** ISO 8601; null where nothing is drained, or without end. */
  readonly since: string | null;
  readonly until: string | null;
  /** null where nothing is drained, or the store cannot say. */
  readonly clientsToMove: number | null;
};

export function createControlApp(
  actions: ControlActions,
  reportError: (error: Error) => void,
): Hono {
  const app = new Hono();
  app.get("/drain", async () => jsonResponse(await drainReport(actions)));
  app.post("/drain", (context) =>
    answer(context.req.raw, drainRequest, async ({ seconds }) => {
      const milliseconds = seconds === undefined ? undefined : seconds * 1000;
      const begun = await actions.beginDrain(milliseconds);
      return begun.ok ? drainReport(actions) : refused(begun.error);
    }),
  );
  app.delete("/drain", async () => {
    const ended = await actions.endDrain();
    return ended.ok ? jsonResponse(await drainReport(actions)) : refused(ended.error);
  });
  app.post("/reset-count", (context) =>
    answer(context.req.raw, resetRequest, async ({ applicationId }) => {
      const reset = await actions.resetCount(applicationId);
      return reset.ok ? { applications: reset.value } : refused(reset.error);
    }),
  );
  app.post("/reload", async () => {
    const reloaded = await actions.reload();
    return reloaded.ok ? jsonResponse({ reloaded: true }) : refused(reloaded.error);
  });
  app.post("/backup", (context) =>
    answer(context.req.raw, backupRequest, async ({ path }) => {
      const written = await actions.backup(path);
      return written.ok ? { path, octets: written.value } : refused(written.error);
    }),
  );
  app.notFound(() => problemResponse("not-found"));
  app.onError((error) => {
    reportError(error);
    return problemResponse("internal-error");
  });
  return app;
}

async function drainReport(actions: ControlActions): Promise<DrainReport> {
  const state = actions.drain();
  if (state === undefined) {
    return { draining: false, since: null, until: null, clientsToMove: null };
  }
  return {
    draining: true,
    since: new Date(state.since).toISOString(),
    until: state.until === undefined ? null : new Date(state.until).toISOString(),
    clientsToMove: (await actions.clientsToMove()) ?? null,
  };
}

/** Reads the content by its schema; 400 where it does not fit. */
async function answer<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
  act: (content: z.output<Schema>) => Promise<Response | object>,
): Promise<Response> {
  const text = await request.text();
  const read = schema.safeParse(parseJson(text));
  if (!read.success) {
    const detail = read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    return problemResponse("invalid-request", { detail: detail.join("; ") });
  }
  const outcome = await act(read.data);
  return outcome instanceof Response ? outcome : jsonResponse(outcome);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(detail: Refusal): Response {
  return problemResponse("unavailable", { detail });
}
