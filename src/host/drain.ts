/** Sending clients to other hosts (HOST-12): since when and until when. */
import type { Clock } from "../platform/clock.ts";
import { ok, type Result } from "../platform/result.ts";
import type { StoreFailure } from "../store/health.ts";
import type { Store } from "../store/store.ts";

/** Unix milliseconds by the host's clock; `until` undefined: until somebody ends it. */
export type DrainState = { readonly since: number; readonly until: number | undefined };

export type Drain = {
  /** Undefined where the host keeps its clients. */
  readonly state: () => DrainState | undefined;
  /** From now on, for so long; one that is under way keeps its beginning. */
  readonly begin: (milliseconds: number | undefined) => Promise<Result<DrainState, StoreFailure>>;
  readonly end: () => Promise<Result<undefined, StoreFailure>>;
  /** Told when an operator began or ended it; a time that runs out is for `state` to say. */
  readonly onChange: (listener: () => void) => void;
  readonly close: () => void;
};

type DrainStore = Pick<Store, "setting" | "putSetting" | "onHealthChange">;

const SETTING = "drain";

/** Takes up what was decided before a restart: a drain outlives it. */
export async function openDrain(store: DrainStore, clock: Clock): Promise<Drain> {
  const listeners: (() => void)[] = [];
  let kept: DrainState | undefined;
  const load = async (): Promise<void> => {
    const text = await store.setting(SETTING).catch(() => undefined);
    if (text !== undefined) kept = parseState(text);
  };
  await load();
  const unsubscribe = store.onHealthChange((health) => {
    if (health.state === "ok") void load();
  });
  const state = (): DrainState | undefined => {
    const isOver = kept?.until !== undefined && kept.until <= clock();
    return isOver ? undefined : kept;
  };
  const keep = async (next: DrainState | undefined): Promise<Result<undefined, StoreFailure>> => {
    const stored = await store.putSetting(SETTING, JSON.stringify(next ?? {}));
    if (!stored.ok) return stored;
    kept = next;
    for (const listener of listeners) listener();
    return stored;
  };
  return {
    state,
    begin: async (milliseconds) => {
      const now = clock();
      const until = milliseconds === undefined ? undefined : now + milliseconds;
      const next = { since: state()?.since ?? now, until };
      const stored = await keep(next);
      return stored.ok ? ok(next) : stored;
    },
    end: () => keep(undefined),
    onChange: (listener) => void listeners.push(listener),
    close: unsubscribe,
  };
}

/** Of our own writing; an empty object says that nothing is drained. */
function parseState(text: string): DrainState | undefined {
  const { since, until } = JSON.parse(text) as Partial<DrainState>;
  return since === undefined ? undefined : { since, until };
}
