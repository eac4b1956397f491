/** A service with something in every place: hostile names among it. */
import type { StandingAlert } from "../../src/analysis/alerts.ts";
import type { DuplicateCmid } from "../../src/analysis/duplicates.ts";
import { explainClient } from "../../src/analysis/explain.ts";
import type { Forecast } from "../../src/analysis/forecast.ts";
import type { AnalysisSources } from "../../src/http/analyses/sources.ts";
import type { HttpSources } from "../../src/http/sources.ts";
import { LICENCE_STATES } from "../../src/protocol/types.ts";
import type { ClientItem, EventItem } from "../../src/store/listing.ts";
import { ANALYSES, CLIENT_APPLICATION, HOSTILE_NAME, NOW, PRODUCTS, SOURCES } from "./sources.ts";

export const CLIENT_ID = "672d9c27-0c6c-4f37-9ea5-d8bd768d55b5";
const ACTIVATION = PRODUCTS[0]?.activationId ?? "";

export const ALERT: StandingAlert = {
  key: "disk",
  kind: "disk",
  severity: "critical",
  message: "12 MiB are left",
  raisedAt: NOW,
};
const DUPLICATE: DuplicateCmid = {
  cmid: CLIENT_ID,
  applicationId: CLIENT_APPLICATION,
  evidence: "severalNames",
  certainty: "likely",
  machines: [
    { machineName: "=cmd()", address: "192.0.2.1", lastSeen: NOW },
    { machineName: HOSTILE_NAME, address: "192.0.2.2", lastSeen: NOW - 1 },
  ],
  lastSeen: NOW,
  message: "shared",
};
const FORECAST: Forecast = {
  applicationId: CLIENT_APPLICATION,
  count: 27,
  capacity: 50,
  silent: 3,
  thresholds: [
    {
      threshold: 25,
      outlook: "falls",
      at: NOW + 1,
      leavingTotal: 1,
      leaving: [
        {
          cmid: CLIENT_ID,
          time: NOW - 1,
          machineName: "desk",
          address: "::1",
          isActivated: true,
          leavesAt: NOW + 1,
        },
      ],
    },
    { threshold: 5, outlook: "holds", at: undefined, leavingTotal: 0, leaving: [] },
  ],
};
const CLIENT: ClientItem = {
  id: 1,
  cmid: CLIENT_ID,
  applicationId: CLIENT_APPLICATION,
  activationId: ACTIVATION,
  source: "own",
  firstSeen: NOW - 1000,
  lastSeen: NOW,
  machineName: HOSTILE_NAME,
  address: "192.0.2.7",
  previousAddress: null,
  namesSeen: 2,
  addressChanges: 0,
  addressReturns: 0,
  virtual: false,
  licenceState: 2,
  minutesToExpiration: 43_200,
  requiredCount: 25,
  clientTime: NOW,
  requests: 3,
  failed: 0,
  lastResult: 0,
  lastCount: 7,
  lastEvent: 17,
};

const reading = <Value>(value: Value) => Promise.resolve({ asOf: NOW, value });
export const FULL_ANALYSES: AnalysisSources = {
  ...ANALYSES,
  alerts: () => [ALERT],
  duplicates: () => reading([DUPLICATE]),
  forecasts: () => reading([FORECAST]),
  activity: (days) =>
    reading([
      {
        day: "2026-03-04",
        host: "lab-box",
        product: "Desktop",
        activations: days,
        renewals: 2,
        waiting: 3,
        refused: 4,
      },
    ]),
  client: async (cmid) =>
    cmid === CLIENT_ID
      ? {
          entries: [
            {
              client: CLIENT,
              explanation: explainClient(CLIENT, {
                rules: {
                  intervals: { activationMinutes: 120, renewalMinutes: 10_080 },
                  validityDays: 180,
                },
                now: NOW,
                counting: "all",
                count: 7,
                productName: "Desktop",
                duplicate: undefined,
              }),
            },
          ],
          names: [
            {
              applicationId: CLIENT_APPLICATION,
              machineName: HOSTILE_NAME,
              address: "192.0.2.7",
              firstSeen: NOW - 5,
              lastSeen: NOW,
              requests: 2,
            },
          ],
        }
      : { entries: [], names: [] },
};

const EVENT = {
  id: 17,
  time: NOW,
  code: 12290,
  hresult: 0,
  requiredCount: 25,
  machineName: HOSTILE_NAME,
  cmid: CLIENT_ID,
  clientTime: NOW,
  virtual: true,
  licenceState: LICENCE_STATES.length,
  minutesToExpiration: 0,
  activationId: ACTIVATION,
  applicationId: CLIENT_APPLICATION,
  count: 27,
  address: "192.0.2.7",
  source: "own",
  detail: null,
} as EventItem;

export const FULL_SOURCES: HttpSources = {
  ...SOURCES,
  analyses: FULL_ANALYSES,
  clients: () => ({ items: [CLIENT], next: "bmV4dA" }),
  events: () => ({
    items: [EVENT, { ...EVENT, id: 16, cmid: null, source: null }],
    next: undefined,
  }),
};
