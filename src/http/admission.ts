import type { HttpLimits } from "./limits.ts";

export type Verdict = "admitted" | "too-many-requests" | "unavailable";

export type Admission = {
  /** Counts a request in, unless there are too many; what is admitted has to leave. */
  readonly enter: (address: string) => Verdict;
  readonly leave: (address: string) => void;
  readonly inWork: () => number;
};

/**
 * Bounds the requests in work, all together and per address. No more addresses are remembered than
 * requests are in work.
 */
export function createAdmission(limits: HttpLimits): Admission {
  const byAddress = new Map<string, number>();
  let total = 0;
  return {
    enter: (address) => {
      if (total >= limits.requestsAtOnce) return "unavailable";
      const present = byAddress.get(address) ?? 0;
      if (present >= limits.requestsAtOncePerAddress) return "too-many-requests";
      byAddress.set(address, present + 1);
      total += 1;
      return "admitted";
    },
    leave: (address) => {
      const present = byAddress.get(address) ?? 0;
      if (present <= 1) byAddress.delete(address);
      else byAddress.set(address, present - 1);
      total -= 1;
    },
    inWork: () => total,
  };
}
