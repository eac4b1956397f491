/** The actions on the running parts. */
import { stat } from "node:fs/promises";
import type { ActivationHost } from "../host/activation-host.ts";
import type { Drain } from "../host/drain.ts";
import { fail, ok, type Result } from "../platform/result.ts";
import type { StoreFailure } from "../store/health.ts";
import type { Store } from "../store/store.ts";
import type { ControlActions, Refusal } from "./actions.ts";

export type ControlledParts = {
  readonly store: Pick<Store, "backup">;
  readonly host: Pick<ActivationHost, "resetCount">;
  readonly drain: Drain;
  readonly clientsToMove: ControlActions["clientsToMove"];
  readonly reload: () => Promise<void>;
  /** Told of what an operator did, one line each. */
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
};

export function applianceActions(parts: ControlledParts): ControlActions {
  const { store, host, drain, log } = parts;
  return {
    drain: drain.state,
    clientsToMove: parts.clientsToMove,
    beginDrain: async (milliseconds) => {
      const begun = await drain.begin(milliseconds);
      if (begun.ok) log("draining", begun.value);
      return inWords(begun);
    },
    endDrain: async () => {
      const ended = await drain.end();
      if (ended.ok) log("draining ended", {});
      return inWords(ended);
    },
    resetCount: async (applicationId) => {
      const reset = await host.resetCount(applicationId);
      if (reset.ok) log("count reset", { applications: reset.value });
      return inWords(reset);
    },
    reload: () =>
      attempt(async () => {
        await parts.reload();
        log("reloaded", {});
        return undefined;
      }),
    backup: (path) =>
      attempt(async () => {
        await store.backup(path);
        const { size } = await stat(path);
        log("backup written", { path, octets: size });
        return size;
      }),
  };
}

function inWords<Value>(outcome: Result<Value, StoreFailure>): Result<Value, Refusal> {
  if (outcome.ok) return outcome;
  const { reason, message } = outcome.error;
  return fail(`the store cannot keep it (${reason}): ${message}`);
}

async function attempt<Value>(act: () => Promise<Value>): Promise<Result<Value, Refusal>> {
  try {
    return ok(await act());
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
