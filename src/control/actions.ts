/** What can be changed in a running appliance: plain functions that the composition wires. */
import type { DrainState } from "../host/drain.ts";
import type { Result } from "../platform/result.ts";
import type { Guid } from "../protocol/types.ts";

/** A sentence for the operator: why it was not done. Nothing has changed then. */
export type Refusal = string;

export type ControlActions = {
  /** undefined where the host keeps its clients. */
  readonly drain: () => DrainState | undefined;
  /** How many clients were served and not sent away yet; undefined where the store cannot say. */
  readonly clientsToMove: () => Promise<number | undefined>;
  readonly beginDrain: (milliseconds: number | undefined) => Promise<Result<DrainState, Refusal>>;
  readonly endDrain: () => Promise<Result<undefined, Refusal>>;
  /** The applications whose count was reset (COUNT-12); undefined: every one. */
  readonly resetCount: (applicationId?: Guid) => Promise<Result<readonly Guid[], Refusal>>;
  readonly reload: () => Promise<Result<undefined, Refusal>>;
  /** To an absolute path (STORE-4); resolves with the length of the copy in octets. */
  readonly backup: (path: string) => Promise<Result<number, Refusal>>;
};
