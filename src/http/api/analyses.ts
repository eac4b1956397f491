/** Schemas of the analyses, in the form of `analysis/views.ts`. */
import { z } from "zod";
import { ALERT_KINDS } from "../../analysis/alerts.ts";
import { LICENCE_STATES } from "../../protocol/types.ts";
import { clientView } from "./views.ts";

const guid = () => z.string().meta({ format: "uuid" });
const time = () => z.string().meta({ format: "date-time" });
const whole = () => z.number().int();
const untrusted = () => z.string().describe("As the machine sent it: untrusted text");
const byState = () => z.record(z.enum(LICENCE_STATES), whole());
const asOf = () => time().describe("When it was looked at; for a while the same is shown again");

export const alertSchema = z
  .strictObject({
    key: z.string().describe("Names the matter: the same key is the same alert"),
    kind: z.enum(ALERT_KINDS),
    severity: z.enum(["critical", "warning"]),
    raisedAt: time(),
    message: z.string(),
  })
  .meta({ id: "Alert" });
export const alertsSchema = z.strictObject({ items: z.array(alertSchema) });

const duplicateSchema = z
  .strictObject({
    cmid: guid(),
    applicationId: guid(),
    certainty: z.enum(["certain", "likely"]),
    evidence: z.enum(["namesInterleave", "severalNames", "addressesAlternate"]),
    lastSeen: time(),
    machines: z.array(
      z.strictObject({ machineName: untrusted(), address: z.string(), lastSeen: time() }),
    ),
    message: z.string(),
  })
  .meta({ id: "Duplicate", description: "A client id that several machines share (COUNT-10)" });
export const duplicatesSchema = z.strictObject({ asOf: asOf(), items: z.array(duplicateSchema) });

const forecastSchema = z
  .strictObject({
    applicationId: guid(),
    count: whole(),
    capacity: whole(),
    silent: whole().describe("Machines that have not asked in their interval"),
    thresholds: z.array(
      z.strictObject({
        threshold: whole(),
        outlook: z.enum(["holds", "falls", "below"]),
        at: time().nullable().describe("When the count falls below it; null unless it does"),
        leavingTotal: whole(),
        leaving: z.array(
          z.strictObject({
            cmid: guid(),
            machineName: untrusted(),
            address: z.string(),
            lastSeen: time(),
            leavesAt: time(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: "Forecast", description: "When the count falls below a threshold (COUNT-11)" });
export const forecastsSchema = z.strictObject({ asOf: asOf(), items: z.array(forecastSchema) });

export const activityRowSchema = z
  .strictObject({
    day: z.string().meta({ format: "date" }).describe("UTC"),
    host: z.string(),
    product: z.string().describe("Empty where none could be read"),
    activations: whole(),
    renewals: whole(),
    waiting: whole().describe("Answered, and the count did not suffice"),
    refused: whole(),
  })
  .meta({ id: "Activity" });
export const activitySchema = z.strictObject({
  asOf: asOf(),
  items: z.array(activityRowSchema),
});

export const licensingSchema = z
  .strictObject({
    asOf: asOf(),
    machines: whole(),
    byState: byState(),
    byProduct: z.array(
      z.strictObject({
        activationId: guid(),
        product: z.string().nullable(),
        byState: byState(),
      }),
    ),
    daysLeft: z
      .array(z.strictObject({ atMostDays: whole().nullable(), machines: whole() }))
      .describe("Licensed machines by the days that are left; null is what is above"),
    expiringTotal: whole(),
    expiring: z
      .array(
        z.strictObject({
          cmid: guid(),
          applicationId: guid(),
          activationId: guid(),
          product: z.string().nullable(),
          machineName: untrusted(),
          address: z.string(),
          state: z.enum(LICENCE_STATES),
          endsAt: time(),
          lastSeen: time(),
        }),
      )
      .nullable()
      .describe("null where single machines are not shown without the token"),
  })
  .meta({ id: "Licensing", description: "How machines stand (REPORT-2)" });

const explanationSchema = z
  .strictObject({
    cmid: guid(),
    machineName: untrusted(),
    address: z.string(),
    product: z.string().nullable(),
    applicationId: guid(),
    activationId: guid(),
    verdict: z.enum(["activated", "waiting", "refused", "lapsed", "elsewhere"]),
    code: z.string().describe("The HRESULT that the client shows"),
    asked: z.strictObject({
      at: time(),
      count: whole(),
      threshold: whole(),
      shortfall: whole(),
      reportedState: z.string(),
    }),
    countNow: whole().nullable(),
    shortfallNow: whole().nullable(),
    state: z.enum(LICENCE_STATES),
    stateEndsAt: time().nullable(),
    asksAgainAt: time(),
    isOverdue: z.boolean(),
    reason: z.string(),
    advice: z.array(z.string()),
  })
  .meta({ id: "Explanation", description: "Why a machine is activated or not" });

export const clientDetailsSchema = z
  .strictObject({
    cmid: guid(),
    entries: z
      .array(z.strictObject({ client: clientView, explanation: explanationSchema }))
      .describe("One for each application"),
    names: z
      .array(
        z.strictObject({
          applicationId: guid(),
          machineName: untrusted(),
          address: z.string(),
          firstSeen: time(),
          lastSeen: time(),
          requests: whole(),
        }),
      )
      .describe("Where it had several (COUNT-10)"),
  })
  .meta({ id: "ClientDetails" });
