import { EVENT_CODE } from "../activation/events.ts";
import { formatHresult } from "../protocol/hresult.ts";
import type { Guid, LicenceState } from "../protocol/types.ts";
import { formatHostAddress, type HostAddress } from "./host-address.ts";

/**
 * The client's event log (EVENT-2): 12288 for each request that leaves, 12289 for each answer that
 * comes. A 12288 without a 12289 after it means that the host did not answer. Fields in the
 * original's order; 12288 is entered when its fate is known, because it carries the result.
 */
type RequestSentEvent = {
  readonly code: typeof EVENT_CODE.requestSent;
  /** Unix milliseconds, when the request was made. */
  readonly time: number;
  /** 0 where the request was delivered. */
  readonly hresult: number;
  readonly server: HostAddress;
  readonly cmid: Guid;
  readonly virtual: boolean;
  readonly licenceState: LicenceState;
  readonly minutesToExpiration: number;
  readonly activationId: Guid;
  readonly requiredCount: number;
  /** Why it was not delivered; empty otherwise. */
  readonly detail: string;
};

type ReplyReceivedEvent = {
  readonly code: typeof EVENT_CODE.replyReceived;
  readonly time: number;
  readonly hresult: number;
  readonly activated: boolean;
  /** 0, as the two intervals, where the host gave no reply that was believed. */
  readonly count: number;
  readonly activationIntervalMinutes: number;
  readonly renewalIntervalMinutes: number;
  /**
   * Why the reply does not activate; empty otherwise (CLIENT-7: "and the client's log says why").
   */
  readonly detail: string;
};

export type ClientEvent = RequestSentEvent | ReplyReceivedEvent;

/** One line: the code, the time, and the Info fields as the original's viewer shows them. */
export function formatClientEvent(event: ClientEvent): string {
  const time = new Date(event.time).toISOString();
  const info =
    event.code === EVENT_CODE.requestSent
      ? [
          formatHresult(event.hresult),
          formatHostAddress(event.server),
          event.cmid,
          time,
          Number(event.virtual),
          event.licenceState,
          event.minutesToExpiration,
          event.activationId,
          event.requiredCount,
        ]
      : [
          formatHresult(event.hresult),
          Number(event.activated),
          event.count,
          event.activationIntervalMinutes,
          event.renewalIntervalMinutes,
          time,
        ];
  const detail = event.detail === "" ? "" : ` (${event.detail})`;
  return `${event.code} ${time} Info: ${info.join(",")}${detail}`;
}
