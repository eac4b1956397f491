import type { OctetQueue } from "../octet-queue.ts";
import { appendHeader, FIRST_AND_LAST, HEADER_LENGTH, PDU_TYPE } from "./header.ts";

/** Writes a co_cancel (C706 12.6.4.6): a header alone. The server answers it with nothing. */
export function appendCancel(output: OctetQueue, callId: number, littleEndian: boolean): void {
  appendHeader(output, PDU_TYPE.cancel, FIRST_AND_LAST, HEADER_LENGTH, callId, littleEndian);
}
