import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type DuplicateCandidate,
  type DuplicateCmid,
  findDuplicates,
  type NameUse,
} from "../../src/analysis/duplicates.ts";
import { CLIENT_PRODUCT, cmid } from "../activation/support.ts";
import { DAY, HOUR, INTERVALS, MINUTE, NOW } from "./support.ts";

type Request = { readonly time: number; readonly name: string; readonly address: string };

/** What the inventory keeps of these requests of one id, as the store's writer does. */
function candidateOf(requests: readonly Request[], changes: Partial<DuplicateCandidate> = {}) {
  const [first] = requests;
  if (first === undefined) throw new Error("no request");
  let { address } = first;
  let previousAddress: string | null = null;
  let addressChanges = 0;
  let addressReturns = 0;
  const names = new Map<string, NameUse>();
  for (const request of requests) {
    if (request.address !== address) {
      addressChanges += 1;
      if (request.address === previousAddress) addressReturns += 1;
      previousAddress = address;
      ({ address } = request);
    }
    const { name: machineName, time } = request;
    const firstSeen = names.get(machineName)?.firstSeen ?? time;
    names.set(machineName, { machineName, address, firstSeen, lastSeen: time });
  }
  const candidate: DuplicateCandidate = {
    cmid: cmid(1),
    applicationId: CLIENT_PRODUCT.applicationId,
    machineName: requests.at(-1)?.name ?? "",
    address,
    previousAddress,
    addressChanges,
    addressReturns,
    requests: requests.length,
    firstSeen: first.time,
    lastSeen: requests.at(-1)?.time ?? 0,
    requiredCount: 25,
    lastCount: 30,
    names: names.size > 1 ? [...names.values()] : [],
    ...changes,
  };
  return candidate;
}

function judge(requests: readonly Request[], now?: number): DuplicateCmid | undefined {
  const candidate = candidateOf(requests);
  return findDuplicates([candidate], INTERVALS, now ?? candidate.lastSeen)[0];
}

const at = (time: number, name: string, address = "192.0.2.1"): Request => ({
  time: NOW + time,
  name,
  address,
});

describe("COUNT-10: one id on several machines", () => {
  test("two names, each once: likely, with both machines and what to do", () => {
    const found = judge([at(0, "PC-1"), at(MINUTE, "PC-2", "192.0.2.2")]);
    expect(found).toMatchObject({ certainty: "likely", evidence: "severalNames" });
    expect(found?.machines.map(({ machineName }) => machineName)).toEqual(["PC-2", "PC-1"]);
    expect(found?.message).toContain("PC-2 (192.0.2.2) and PC-1 (192.0.2.1)");
    expect(found?.message).toContain("sysprep /generalize");
  });

  test("a name that comes back after another appeared: certain", () => {
    const found = judge([at(0, "PC-1"), at(MINUTE, "PC-2"), at(2 * MINUTE, "PC-1")]);
    expect(found).toMatchObject({ certainty: "certain", evidence: "namesInterleave" });
  });

  test("three names within a renewal: certain", () => {
    const found = judge([at(0, "PC-1"), at(1, "PC-2"), at(2, "PC-3")]);
    expect(found).toMatchObject({ certainty: "certain", machines: { length: 3 } });
  });

  test("one name from two addresses to and fro, oftener than one machine asks", () => {
    const requests = Array.from({ length: 8 }, (_, index) =>
      at(index * HOUR, "PC", `192.0.2.${1 + (index % 2)}`),
    );
    expect(judge(requests)).toMatchObject({
      evidence: "addressesAlternate",
      machines: [{ address: "192.0.2.2" }, { address: "192.0.2.1" }],
    });
  });

  test("names are escaped and many are summed up", () => {
    const requests = Array.from({ length: 16 }, (_, index) => at(index, `PC-${index}\u001b[2J`));
    const message = judge(requests)?.message ?? "";
    expect(message).toContain("PC-15\\x1b[2J (192.0.2.1)");
    expect(message).toContain("and 8 more;");
  });
});

describe("COUNT-10: must not fire", () => {
  test("for one machine whose address changed by DHCP, however often", () => {
    const address = fc.nat(3).map((host) => `192.0.2.${host}`);
    const wait = fc.integer({ min: 0, max: 3 * DAY });
    fc.assert(
      fc.property(fc.array(fc.record({ address, wait }), { minLength: 1 }), (steps) => {
        // It asks when its interval is over, or later: it was switched off meanwhile.
        let time = 0;
        const requests = steps.map(({ address: from, wait: late }) => {
          time += INTERVALS.renewalMinutes * MINUTE + late;
          return at(time, "PC", from);
        });
        expect(judge(requests)).toBeUndefined();
      }),
    );
  });

  test("for one that is not activated yet and asks every two hours from changing addresses", () => {
    const requests = Array.from({ length: 40 }, (_, index) =>
      at(index * INTERVALS.activationMinutes * MINUTE, "PC", `192.0.2.${1 + (index % 2)}`),
    );
    const candidate = candidateOf(requests, { lastCount: 3 });
    expect(findDuplicates([candidate], INTERVALS, candidate.lastSeen)).toEqual([]);
  });

  test("for a machine that was renamed, once its old name has missed a renewal", () => {
    const requests = [at(0, "OLD"), at(HOUR, "NEW"), at(7 * DAY, "NEW")];
    expect(judge(requests)).toMatchObject({ certainty: "likely" });
    expect(judge(requests)?.message).toContain("this goes away by 2026-01-26T00:00Z");
    expect(judge(requests, NOW + 11 * DAY)).toBeUndefined();
  });

  test("for the two spellings of one name", () => {
    expect(judge([at(0, "PC-1"), at(1, "pc-1"), at(2, "PC-1")])).toBeUndefined();
  });

  test("for clones of long ago", () => {
    const requests = [at(0, "A"), at(1, "B"), at(2, "A")];
    expect(judge(requests, NOW + 30 * DAY)).toBeUndefined();
  });
});

test("the most recently seen comes first", () => {
  const older = candidateOf([at(0, "A"), at(1, "B")], { cmid: cmid(1) });
  const newer = candidateOf([at(0, "A"), at(5, "B")], { cmid: cmid(2) });
  const found = findDuplicates([older, newer], INTERVALS, NOW + 10);
  expect(found.map((one) => one.cmid)).toEqual([cmid(2), cmid(1)]);
});
