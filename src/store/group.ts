import type { RequestEffect } from "../activation/decide.ts";
import { CLIENT_SOURCES, type ClientSource, type GeneralEvent } from "../activation/events.ts";
import type { ApplicationEffect, GroupEffect } from "../activation/state.ts";
import { GUID_LENGTH, readGuid, writeGuid } from "../protocol/guid.ts";
import type { Guid } from "../protocol/types.ts";

/** Everything that is stored in one commit, or not at all (STORE-1, STORE-2). */
export type CommitGroup = {
  readonly requests: readonly RequestEffect[];
  /** undefined where nothing was decided: figures and applications stay. */
  readonly effect: GroupEffect | undefined;
  /** Applications whose records and largest required count go before anything else (COUNT-12). */
  readonly resets: readonly Guid[];
  readonly general: readonly GeneralEvent[];
};

/**
 * The requests of a group as they pass to the writer's thread: one buffer that changes hands. A
 * structured clone of the same values takes three times as long at 64 requests.
 *
 * Per request, little-endian; a sequence that is not a number stands for none:
 *
 *     offset  octets
 *          0       8  time                          80       8  replaced sequence
 *          8       4  hresult                       88       8  record sequence
 *         12       4  required count                96       4  licence state
 *         16      16  client machine id            100       1  bit 0 virtual, bit 1 inventory
 *         32      16  application id               101       1  source
 *         48      16  activation id                102       2  octets of the machine name
 *         64       8  client time                  104       2  octets of the address
 *         72       4  minutes to expiration        106       2  octets of the detail
 *         76       4  count                        108       8  time of record and inventory
 *                                                  116          name, address, detail in UTF-8
 */
const FIXED_LENGTH = 116;
const TIME = 0;
const HRESULT_OFFSET = 8;
const REQUIRED_COUNT = 12;
const CMID = 16;
const APPLICATION_ID = 32;
const ACTIVATION_ID = 48;
const CLIENT_TIME = 64;
const MINUTES = 72;
const COUNT = 76;
const REPLACED_SEQUENCE = 80;
const RECORD_SEQUENCE = 88;
const LICENCE_STATE = 96;
const FLAGS = 100;
const SOURCE = 101;
const NAME_LENGTH = 102;
const ADDRESS_LENGTH = 104;
const DETAIL_LENGTH = 106;
const ENTERED_AT = 108;

const FLAG_VIRTUAL = 1;
const FLAG_IN_INVENTORY = 2;
/** Longest text kept, in octets of UTF-8; what is longer is cut. */
const TEXT_MAXIMUM = 1024;

/** A request as the writer reads it; ids are views of 16 octets. */
export type PackedRequest = {
  readonly time: number;
  /** When record and inventory say that it came: mostly the same. */
  readonly enteredAt: number;
  readonly hresult: number;
  readonly requiredCount: number;
  readonly cmid: Uint8Array;
  readonly applicationId: Uint8Array;
  readonly activationId: Uint8Array;
  readonly clientTime: number;
  readonly minutesToExpiration: number;
  readonly count: number;
  readonly replacedSequence: number | undefined;
  readonly recordSequence: number | undefined;
  readonly licenceState: number;
  readonly virtual: boolean;
  readonly inInventory: boolean;
  /** Index into CLIENT_SOURCES. */
  readonly source: number;
  readonly machineName: string;
  readonly address: string;
  readonly detail: string;
};

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * `applications` say which records the group's end already dropped: writing those, or deleting
 * them one by one, would be for nothing.
 */
export function packRequests(
  requests: readonly RequestEffect[],
  applications: readonly ApplicationEffect[] = [],
): ArrayBuffer {
  const oldest = new Map(applications.map((one) => [one.applicationId, one.oldestSequence]));
  let bound = 0;
  for (const { event } of requests) {
    const { machineName, peerAddress, detail } = event;
    bound += FIXED_LENGTH + textBound(machineName) + textBound(peerAddress) + textBound(detail);
  }
  const octets = new Uint8Array(bound);
  const view = new DataView(octets.buffer);
  let offset = 0;
  for (const request of requests) {
    const surviving = oldest.get(request.event.applicationId) ?? 0;
    offset += packRequest(octets, view, offset, request, surviving);
  }
  return octets.buffer.slice(0, offset);
}

function packRequest(
  octets: Uint8Array,
  view: DataView,
  offset: number,
  request: RequestEffect,
  oldestSequence: number,
): number {
  const { event, source, inInventory } = request;
  const replacedSequence = notBefore(oldestSequence, request.replacedSequence);
  const recordSequence = notBefore(oldestSequence, request.recordSequence);
  view.setFloat64(offset + TIME, event.time, true);
  view.setUint32(offset + HRESULT_OFFSET, event.hresult, true);
  view.setUint32(offset + REQUIRED_COUNT, event.requiredCount, true);
  writeGuid(octets, offset + CMID, event.cmid);
  writeGuid(octets, offset + APPLICATION_ID, event.applicationId);
  writeGuid(octets, offset + ACTIVATION_ID, event.activationId);
  view.setFloat64(offset + CLIENT_TIME, event.clientTime, true);
  view.setUint32(offset + MINUTES, event.minutesToExpiration, true);
  view.setUint32(offset + COUNT, event.count, true);
  view.setFloat64(offset + REPLACED_SEQUENCE, replacedSequence, true);
  view.setFloat64(offset + RECORD_SEQUENCE, recordSequence, true);
  view.setUint32(offset + LICENCE_STATE, event.licenceState, true);
  view.setFloat64(offset + ENTERED_AT, request.enteredAt ?? event.time, true);
  octets[offset + FLAGS] =
    (event.virtual ? FLAG_VIRTUAL : 0) | (inInventory ? FLAG_IN_INVENTORY : 0);
  octets[offset + SOURCE] = sourceNumber(source);
  let end = offset + FIXED_LENGTH;
  end += packText(octets, view, end, offset + NAME_LENGTH, event.machineName);
  end += packText(octets, view, end, offset + ADDRESS_LENGTH, event.peerAddress);
  end += packText(octets, view, end, offset + DETAIL_LENGTH, event.detail);
  return end - offset;
}

function notBefore(oldest: number, sequence: number | undefined): number {
  return sequence !== undefined && sequence >= oldest ? sequence : Number.NaN;
}

export function sourceNumber(source: ClientSource): number {
  return CLIENT_SOURCES.indexOf(source);
}

/** Octets that `text` takes at most: three for a UTF-16 unit. */
function textBound(text: string): number {
  return Math.min(text.length * 3, TEXT_MAXIMUM);
}

function packText(
  octets: Uint8Array,
  view: DataView,
  offset: number,
  lengthOffset: number,
  text: string,
): number {
  // encodeInto cuts between characters where the room ends.
  const room = octets.subarray(offset, offset + textBound(text));
  const { written } = ENCODER.encodeInto(text, room);
  view.setUint16(lengthOffset, written, true);
  return written;
}

/** Reads what {@link packRequests} wrote. */
export function* unpackRequests(buffer: ArrayBuffer): Generator<PackedRequest> {
  const octets = new Uint8Array(buffer);
  const view = new DataView(buffer);
  for (let offset = 0; offset < octets.length; ) {
    const nameStart = offset + FIXED_LENGTH;
    const addressStart = nameStart + view.getUint16(offset + NAME_LENGTH, true);
    const detailStart = addressStart + view.getUint16(offset + ADDRESS_LENGTH, true);
    const end = detailStart + view.getUint16(offset + DETAIL_LENGTH, true);
    const flags = view.getUint8(offset + FLAGS);
    yield {
      time: view.getFloat64(offset + TIME, true),
      enteredAt: view.getFloat64(offset + ENTERED_AT, true),
      hresult: view.getUint32(offset + HRESULT_OFFSET, true),
      requiredCount: view.getUint32(offset + REQUIRED_COUNT, true),
      cmid: guidOctets(octets, offset + CMID),
      applicationId: guidOctets(octets, offset + APPLICATION_ID),
      activationId: guidOctets(octets, offset + ACTIVATION_ID),
      clientTime: view.getFloat64(offset + CLIENT_TIME, true),
      minutesToExpiration: view.getUint32(offset + MINUTES, true),
      count: view.getUint32(offset + COUNT, true),
      replacedSequence: sequenceAt(view, offset + REPLACED_SEQUENCE),
      recordSequence: sequenceAt(view, offset + RECORD_SEQUENCE),
      licenceState: view.getUint32(offset + LICENCE_STATE, true),
      virtual: (flags & FLAG_VIRTUAL) !== 0,
      inInventory: (flags & FLAG_IN_INVENTORY) !== 0,
      source: view.getUint8(offset + SOURCE),
      machineName: DECODER.decode(octets.subarray(nameStart, addressStart)),
      address: DECODER.decode(octets.subarray(addressStart, detailStart)),
      detail: DECODER.decode(octets.subarray(detailStart, end)),
    };
    offset = end;
  }
}

function guidOctets(octets: Uint8Array, offset: number): Uint8Array {
  return octets.subarray(offset, offset + GUID_LENGTH);
}

function sequenceAt(view: DataView, offset: number): number | undefined {
  const sequence = view.getFloat64(offset, true);
  return Number.isNaN(sequence) ? undefined : sequence;
}

/** A GUID as the database holds it: its 16 octets on the wire. */
export function guidToOctets(guid: Guid): Uint8Array {
  const octets = new Uint8Array(GUID_LENGTH);
  writeGuid(octets, 0, guid);
  return octets;
}

export function guidFromOctets(octets: Uint8Array): Guid {
  return readGuid(octets, 0);
}
