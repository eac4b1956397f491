/** Items of the listings as the API says them; the schemas make the OpenAPI document too. */
import { z } from "zod";
import { CLIENT_SOURCES } from "../../activation/events.ts";
import { formatHresult } from "../../protocol/hresult.ts";
import { LICENCE_STATES } from "../../protocol/types.ts";
import type { ClientItem, EventItem } from "../../store/listing.ts";
import { isoTime } from "../status-view.ts";

const guid = () => z.string().meta({ format: "uuid" });
const time = () => z.string().meta({ format: "date-time" });
const untrusted = () => z.string().describe("As the client sent it: untrusted text");
const result = () => z.string().describe("HRESULT, such as 0xc004f042");
const state = () => z.string().describe(`${LICENCE_STATES.join(", ")}, or a number beyond`);
const whole = () => z.number().int();

export const clientView = z
  .object({
    cmid: guid(),
    applicationId: guid(),
    activationId: guid(),
    product: z.string().nullable().describe("By the catalogue; null where it lacks the product"),
    source: z.enum(CLIENT_SOURCES),
    machineName: untrusted(),
    address: z.string(),
    previousAddress: z.string().nullable(),
    virtual: z.boolean(),
    licenceState: state(),
    minutesToExpiration: whole(),
    requiredCount: whole(),
    firstSeen: time(),
    lastSeen: time(),
    clientTime: time().describe("By the client's clock"),
    requests: whole(),
    failed: whole(),
    lastResult: result(),
    lastCount: whole(),
    lastEvent: whole(),
    namesSeen: whole().describe("Above 1: perhaps one id on several machines (COUNT-10)"),
    addressChanges: whole(),
    addressReturns: whole(),
  })
  .meta({ id: "Client", description: "A client of the inventory (COUNT-9)" });
export type ClientView = z.output<typeof clientView>;

export const eventView = z
  .object({
    id: whole(),
    time: time(),
    code: whole(),
    result: result(),
    requiredCount: whole().nullable(),
    machineName: untrusted().nullable(),
    cmid: guid().nullable(),
    clientTime: time().nullable(),
    virtual: z.boolean().nullable(),
    licenceState: state().nullable(),
    minutesToExpiration: whole().nullable(),
    activationId: guid().nullable(),
    applicationId: guid().nullable(),
    product: z.string().nullable(),
    count: whole().nullable(),
    address: z.string().nullable(),
    source: z.enum(CLIENT_SOURCES).nullable(),
    detail: z.string().nullable(),
  })
  .meta({ id: "Event", description: "An entry of the event log (EVENT-1)" });
export type EventView = z.output<typeof eventView>;

/** The name of a product by its activation id. */
export type ProductName = (activationId: string) => string | undefined;

export function viewClient(item: ClientItem, productName: ProductName): ClientView {
  return {
    cmid: item.cmid,
    applicationId: item.applicationId,
    activationId: item.activationId,
    product: productName(item.activationId) ?? null,
    source: item.source,
    machineName: item.machineName,
    address: item.address,
    previousAddress: item.previousAddress,
    virtual: item.virtual,
    licenceState: stateName(item.licenceState),
    minutesToExpiration: item.minutesToExpiration,
    requiredCount: item.requiredCount,
    firstSeen: isoTime(item.firstSeen),
    lastSeen: isoTime(item.lastSeen),
    clientTime: isoTime(item.clientTime),
    requests: item.requests,
    failed: item.failed,
    lastResult: formatHresult(item.lastResult),
    lastCount: item.lastCount,
    lastEvent: item.lastEvent,
    namesSeen: item.namesSeen,
    addressChanges: item.addressChanges,
    addressReturns: item.addressReturns,
  };
}

export function viewEvent(item: EventItem, productName: ProductName): EventView {
  const { activationId, clientTime, licenceState } = item;
  return {
    id: item.id,
    time: isoTime(item.time),
    code: item.code,
    result: formatHresult(item.hresult),
    requiredCount: item.requiredCount,
    machineName: item.machineName,
    cmid: item.cmid,
    clientTime: clientTime === null ? null : isoTime(clientTime),
    virtual: item.virtual,
    licenceState: licenceState === null ? null : stateName(licenceState),
    minutesToExpiration: item.minutesToExpiration,
    activationId,
    applicationId: item.applicationId,
    product: activationId === null ? null : (productName(activationId) ?? null),
    count: item.count,
    address: item.address,
    source: item.source,
    detail: item.detail,
  };
}

function stateName(licenceState: number): string {
  return LICENCE_STATES[licenceState] ?? String(licenceState);
}
