import type { ProductKeyGroup } from "../protocol/types.ts";

/** How a host counts. The operator's choice; the defaults are the rules of Windows 7 and later. */
export type Policy = {
  /** `all`: virtual machines count (COUNT-4). `physical`: they do not (COUNT-3). */
  readonly counting: "all" | "physical";
  /** How long a record counts after the client's last request: 30 days (COUNT-6). */
  readonly recordDays: number;
  /** `bounded`: twice the largest required count (COUNT-7). `unbounded`: every client (COUNT-8). */
  readonly capacity: "bounded" | "unbounded";
  /** Whether an unbounded cache's count is capped in replies as a bounded one's is (COUNT-8). */
  readonly replyCount: "capped" | "true";
  /**
   * A product that the catalogue lacks: `refuse` it with 0xC004F042, or `accept` it as one of the
   * client group with its own application's count.
   */
  readonly unknownProducts: "refuse" | "accept";
  /** How far a client's clock may be off; undefined: as far as it likes. */
  readonly timeToleranceMinutes: number | undefined;
};

export const DEFAULT_POLICY: Policy = {
  counting: "all",
  recordDays: 30,
  capacity: "bounded",
  replyCount: "capped",
  unknownProducts: "refuse",
  timeToleranceMinutes: undefined,
};

/** What the host is entitled to (HOST-5, HOST-7). */
export type HostStanding =
  | { readonly kind: "licensed"; readonly group: ProductKeyGroup; readonly selfIssued: boolean }
  /** Has a key, and its activation lapsed or never was: activates nobody (HOST-7). */
  | { readonly kind: "unlicensed" }
  /** Has no key: its service is not enabled (HOST-5). */
  | { readonly kind: "disabled" };
