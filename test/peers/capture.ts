/** Writes captures of conversations that never were on a wire, for programs that read them. */

const CLIENT = [192, 0, 2, 1] as const;
const SERVER = [192, 0, 2, 2] as const;
const SERVER_PORT = 1688;
const FIRST_CLIENT_PORT = 40_000;
/** LINKTYPE_RAW: IPv4 without a link layer. */
const LINK_TYPE = 101;
const SEGMENT_MAX = 1400;
const FLAGS = { syn: 0x02, synAck: 0x12, ack: 0x10, push: 0x18, finAck: 0x11 };

export type Exchange = { readonly sent: Uint8Array; readonly answered: Uint8Array };

/**
 * A capture in the format of libpcap: per exchange a TCP connection, all sent, then all answered.
 */
export function capture(exchanges: readonly Exchange[]): Uint8Array {
  const parts: Uint8Array[] = [fileHeader()];
  for (const [index, { sent, answered }] of exchanges.entries()) {
    const port = FIRST_CLIENT_PORT + index;
    let up = 1000;
    let down = 9000;
    parts.push(frame(port, true, up, 0, FLAGS.syn), frame(port, false, down, up + 1, FLAGS.synAck));
    up += 1;
    down += 1;
    for (const segment of segments(sent)) {
      parts.push(frame(port, true, up, down, FLAGS.push, segment));
      up += segment.length;
    }
    for (const segment of segments(answered)) {
      parts.push(frame(port, false, down, up, FLAGS.push, segment));
      down += segment.length;
    }
    parts.push(
      frame(port, true, up, down, FLAGS.finAck),
      frame(port, false, down, up + 1, FLAGS.finAck),
    );
  }
  return new Uint8Array(Buffer.concat(parts));
}

function segments(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / SEGMENT_MAX);
  return Array.from({ length: count }, (_, index) =>
    bytes.slice(index * SEGMENT_MAX, (index + 1) * SEGMENT_MAX),
  );
}

function fileHeader(): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 0xffff, true);
  view.setUint32(20, LINK_TYPE, true);
  return new Uint8Array(view.buffer);
}

/** One frame: its record header, IPv4 and TCP headers (checksums left at zero), and its octets. */
function frame(
  clientPort: number,
  fromClient: boolean,
  sequence: number,
  acknowledged: number,
  flags: number,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const length = 40 + payload.length;
  const bytes = new Uint8Array(16 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, length, true);
  view.setUint32(12, length, true);
  bytes[16] = 0x45;
  view.setUint16(18, length);
  bytes[24] = 64;
  bytes[25] = 6;
  bytes.set(fromClient ? CLIENT : SERVER, 28);
  bytes.set(fromClient ? SERVER : CLIENT, 32);
  view.setUint16(36, fromClient ? clientPort : SERVER_PORT);
  view.setUint16(38, fromClient ? SERVER_PORT : clientPort);
  view.setUint32(40, sequence);
  view.setUint32(44, acknowledged);
  bytes[48] = 0x50;
  bytes[49] = flags;
  view.setUint16(50, 0xffff);
  bytes.set(payload, 56);
  return bytes;
}
