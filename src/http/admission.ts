type Verdict = "admitted" | "too-many-requests" | "unavailable";

export type Admission = {
  /** Counts one in, unless there are too many; what is admitted has to leave. */
  readonly enter: (address: string) => Verdict;
  readonly leave: (address: string) => void;
  readonly inWork: () => number;
};

/**
 * Bounds how many are there at once, all together and per address. No more addresses are remembered
 * than are there.
 */
export function createAdmission(limit: {
  readonly all: number;
  readonly perAddress: number;
}): Admission {
  const byAddress = new Map<string, number>();
  let total = 0;
  return {
    enter: (address) => {
      if (total >= limit.all) return "unavailable";
      const present = byAddress.get(address) ?? 0;
      if (present >= limit.perAddress) return "too-many-requests";
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
