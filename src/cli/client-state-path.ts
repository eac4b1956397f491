import { join, resolve } from "node:path";
import type { CliContext } from "./context.ts";

/** Names the file where this machine is kept as a client; `--state` goes before it. */
export const CLIENT_STATE_VARIABLE = "MUSTER_CLIENT_STATE";

/**
 * Where this machine is kept as a client: the file of `--state`, of
 * {@link CLIENT_STATE_VARIABLE}, or `muster/client.json` among the user's state (XDG Base
 * Directory Specification). Undefined where the user has no place for it.
 */
export function clientStatePath(
  { process: { env } }: CliContext,
  flag: string | undefined,
): string | undefined {
  const given = flag ?? env[CLIENT_STATE_VARIABLE];
  if (given !== undefined && given !== "") return resolve(given);
  const { XDG_STATE_HOME: stateHome, HOME: home } = env;
  if (stateHome?.startsWith("/")) return join(stateHome, "muster", "client.json");
  return home === undefined || home === ""
    ? undefined
    : join(home, ".local", "state", "muster", "client.json");
}
