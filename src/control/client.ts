/** Asks the running appliance to do something, through its control socket. */
import { z } from "zod";
import { fail, ok, type Result } from "../platform/result.ts";
import { socketPath } from "./socket-path.ts";

export type ControlFetch = (url: string, options: BunFetchRequestInit) => Promise<Response>;

export type ControlCall = {
  /** Absolute. */
  readonly socket: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** `/drain`, ... */
  readonly path: string;
  readonly content?: object;
};

export type ControlFailure =
  /** Nobody is there, or it is not ours to reach. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** The appliance said no, and why. */
  | { readonly kind: "refused"; readonly reason: string };

const problem = z.object({ title: z.string(), detail: z.string().optional() });

/** An answer that is none is a failure too. Untrusted by nobody: both ends are of one user. */
export async function callControl<Schema extends z.ZodType>(
  fetch: ControlFetch,
  { socket, method, path, content }: ControlCall,
  schema: Schema,
): Promise<Result<z.output<Schema>, ControlFailure>> {
  const unix = socketPath(socket, process.cwd());
  if (unix === undefined) return unreachable(`${socket} is too long for a socket`);
  let response: Response;
  let value: unknown;
  try {
    response = await fetch(`http://localhost${path}`, {
      unix,
      method,
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });
    value = await response.json();
  } catch (error) {
    return unreachable(connectionWords(error));
  }
  if (!response.ok) {
    const read = problem.safeParse(value);
    const { title = `HTTP ${response.status}`, detail = title } = read.data ?? {};
    return fail({ kind: "refused", reason: detail });
  }
  const read = schema.safeParse(value);
  return read.success ? ok(read.data) : unreachable("the answer is none of ours");
}

const WORDS_BY_CODE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket",
  ECONNREFUSED: "nobody listens there",
  EACCES: "not permitted",
  EPERM: "not permitted",
};

function connectionWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return WORDS_BY_CODE[(error as NodeJS.ErrnoException).code ?? ""] ?? error.message;
}

function unreachable(reason: string): Result<never, ControlFailure> {
  return fail({ kind: "unreachable", reason });
}
