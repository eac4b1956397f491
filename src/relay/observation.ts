/** From what a genuine client sent, and was answered, to an entry of the log (RELAY-2, RELAY-4). */
import { ZERO_GUID } from "../activation/catalogue.ts";
import { type RequestEffect, unreadableEvent } from "../activation/decide.ts";
import type { RequestEvent } from "../activation/events.ts";
import type { DecodeError, Result } from "../platform/result.ts";
import { HRESULT } from "../protocol/hresult.ts";
import {
  decodeMicrosoftRequest,
  type MicrosoftRequest,
  type ReadableMicrosoftRequest,
} from "../protocol/microsoft-request.ts";
import { decodeOutStub } from "../protocol/stub.ts";
import type { RpcOutcome } from "../rpc/interface.ts";
import { FAULT_STATUS } from "../rpc/pdu/fault.ts";
import { formatDetail, type MicrosoftDetail } from "./microsoft-detail.ts";
import { decodeMicrosoftReply } from "./microsoft-reply.ts";

/** A request on Microsoft's interface, as far as it can be read without a key. */
export type SeenRequest = {
  readonly decoded: Result<MicrosoftRequest, DecodeError>;
  /** Unix milliseconds by this host's clock. */
  readonly time: number;
  readonly peerAddress: string;
};

/** What it was answered with. */
export type SeenAnswer = {
  readonly source: "observed" | "relayed";
  readonly hresult: number;
  /** 0 where it is not known. */
  readonly count: number;
  /** The licensed host that was asked last; undefined where none was reached. */
  readonly upstream?: string | undefined;
  /** Why there is no answer, in words. */
  readonly reason?: string | undefined;
};

/**
 * The octets of a request stub, read; nothing is wrong with passing on what cannot be read. Without
 * a view into the stub.
 */
export function seeRequest(
  octets: Result<Uint8Array, DecodeError>,
  time: number,
  peerAddress: string,
): SeenRequest {
  const decoded = octets.ok ? decodeMicrosoftRequest(octets.value) : octets;
  return { decoded, time, peerAddress };
}

/** Never counted, never a record of the cache: the inventory and the log alone (RELAY-4). */
export function observationOf(seen: SeenRequest, answer: SeenAnswer): RequestEffect {
  const event = eventOf(seen, answer);
  return {
    event,
    source: answer.source,
    inInventory: event.cmid !== ZERO_GUID,
    replacedSequence: undefined,
    recordSequence: undefined,
  };
}

function eventOf({ decoded, time, peerAddress }: SeenRequest, answer: SeenAnswer): RequestEvent {
  const { hresult, count, upstream, reason } = answer;
  const context = { now: time, peerAddress };
  if (!decoded.ok) {
    const { code, field, offset } = decoded.error;
    const unreadable = `${code}: ${field} at octet ${offset}`;
    return unreadableEvent(formatDetail({ unreadable, upstream, reason }), hresult, context);
  }
  const request = decoded.value;
  const detail = { ...detailOf(request), upstream, reason };
  const event = unreadableEvent(formatDetail(detail), hresult, context);
  if (request.kind === "opaque") return event;
  const { requiredCount, machineName, cmid, licenceState, minutesToExpiration } = request;
  const { virtual, activationId, applicationId } = request;
  return {
    ...event,
    requiredCount,
    machineName,
    cmid,
    clientTime: request.clientTime ?? 0,
    virtual,
    licenceState,
    minutesToExpiration,
    activationId,
    applicationId,
    count,
  };
}

function detailOf(request: MicrosoftRequest): MicrosoftDetail {
  const { majorVersion, minorVersion, size } = request;
  const version = { version: `${majorVersion}.${minorVersion}`, octets: size };
  if (request.kind === "opaque") return version;
  const { countedId, previousCmid } = request;
  return {
    ...version,
    countedId,
    previousCmid: previousCmid === ZERO_GUID ? undefined : previousCmid,
  };
}

const WIN32_STATUS_MAXIMUM = 0xffff;
/** HRESULT_FROM_WIN32 (MS-ERREF 2.1.2): facility 7, severity error. */
const WIN32_FACILITY = 0x80070000;

/** A fault's status as the log shows it beside HRESULTs; nca statuses stand as they are. */
export function hresultOfFault(status: number): number {
  // As the client is told: a fault of status 0 would be no fault.
  if (status === 0) return FAULT_STATUS.unspecified;
  return status <= WIN32_STATUS_MAXIMUM ? (WIN32_FACILITY | status) >>> 0 : status;
}

/** What a licensed host answered, as far as it stands in clear: its result, and the count. */
export function readOutcome(
  outcome: RpcOutcome,
  { decoded }: SeenRequest,
): { readonly hresult: number; readonly count: number; readonly reason?: string } {
  if (outcome.kind === "fault") {
    return { hresult: hresultOfFault(outcome.status), count: 0, reason: "fault" };
  }
  const answer = decodeOutStub(outcome.stub, outcome.littleEndian ?? true);
  if (!answer.ok) {
    return { hresult: HRESULT.malformedRequest, count: 0, reason: "its answer cannot be read" };
  }
  const { octets, hresult } = answer.value;
  const request = decoded.ok && decoded.value.kind === "readable" ? decoded.value : undefined;
  return { hresult, count: readCount(octets, request) };
}

/** Of an answer to this very client: anything else is not what it seems. */
function readCount(
  octets: Uint8Array | undefined,
  request: ReadableMicrosoftRequest | undefined,
): number {
  if (octets === undefined || request === undefined) return 0;
  const reply = decodeMicrosoftReply(octets);
  return reply.ok && reply.value.cmid === request.cmid ? reply.value.count : 0;
}
