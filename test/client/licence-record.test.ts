import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  activatedLicence,
  boundedInterval,
  installedLicence,
  type LicenceRecord,
  licenceAt,
  minutesToExpiration,
  STATE,
} from "../../src/client/licence-record.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);

describe("CLIENT-3: states by time", () => {
  const client = installedLicence("client", NOW);
  const server = installedLicence("server", NOW);
  const licensed = activatedLicence(NOW);
  const cases: readonly [string, LicenceRecord, number, number][] = [
    ["a client begins in its initial grace period", client, 0, STATE.initialGrace],
    ["30 days of it, to the last millisecond", client, 30 * DAY - 1, STATE.initialGrace],
    ["then notification", client, 30 * DAY, STATE.notification],
    ["60 days for a server", server, 60 * DAY - 1, STATE.initialGrace],
    ["then notification", server, 60 * DAY, STATE.notification],
    ["HOST-3: an activation lasts 180 days", licensed, 180 * DAY - 1, STATE.licensed],
    ["then 30 days out of tolerance", licensed, 180 * DAY, STATE.outOfTolerance],
    ["to the last millisecond", licensed, 210 * DAY - 1, STATE.outOfTolerance],
    ["then notification", licensed, 210 * DAY, STATE.notification],
    ["which stays", licensed, 4000 * DAY, STATE.notification],
    [
      "non-genuine grace ends in notification",
      { state: STATE.nonGenuineGrace, expiresAt: NOW + DAY },
      DAY,
      STATE.notification,
    ],
    ["unlicensed stays", { state: STATE.unlicensed, expiresAt: undefined }, DAY, STATE.unlicensed],
    ["a clock set back changes nothing", licensed, -100 * DAY, STATE.licensed],
  ];
  for (const [name, record, after, state] of cases) {
    test(name, () => expect(licenceAt(record, NOW + after).state).toBe(state as never));
  }

  test("looking often or seldom comes to the same", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(400 * DAY), { maxLength: 8 }),
        fc.nat(400 * DAY),
        (looks, end) => {
          const stepwise = looks
            .filter((look) => look <= end)
            .toSorted((one, other) => one - other)
            .reduce((record, look) => licenceAt(record, NOW + look), licensed);
          expect(licenceAt(stepwise, NOW + end)).toEqual(licenceAt(licensed, NOW + end));
        },
      ),
    );
  });
});

describe("minutes to expiration", () => {
  const cases: readonly [number | undefined, number][] = [
    [undefined, 0],
    [NOW, 0],
    [NOW - 1, 0],
    [NOW + 1, 1],
    [NOW + 60_000, 1],
    [NOW + 180 * DAY, 259_200],
    [NOW + 2 ** 52, 2 ** 32 - 1],
  ];
  for (const [expiresAt, minutes] of cases) {
    test(`${expiresAt}: ${minutes}`, () => {
      expect(minutesToExpiration({ state: STATE.licensed, expiresAt }, NOW)).toBe(minutes);
    });
  }
});

test("CLIENT-5: a host's intervals are taken within bounds", () => {
  expect([0, 1, 120, 10_080, 43_200, 43_201, 2 ** 32 - 1].map(boundedInterval)).toEqual([
    1, 1, 120, 10_080, 43_200, 43_200, 43_200,
  ]);
});
