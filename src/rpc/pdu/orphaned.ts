import type { OctetQueue } from "../octet-queue.ts";
import { appendHeader, FIRST_AND_LAST, HEADER_LENGTH, PDU_TYPE } from "./header.ts";

/**
 * Writes an orphaned (C706 12.6.4.8): a header alone. The client wants no answer to the call any
 * more.
 */
export function appendOrphaned(output: OctetQueue, callId: number, littleEndian: boolean): void {
  appendHeader(output, PDU_TYPE.orphaned, FIRST_AND_LAST, HEADER_LENGTH, callId, littleEndian);
}
