/**
 * How much the kernel keeps for a TCP connection, and so how much one event brings. Bun has no such
 * option, so libc sets it.
 */
import { dlopen, ptr } from "bun:ffi";

/** sys/socket.h on Linux. */
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;

const LIBRARIES = ["libc.so.6", "libc.so"] as const;

const SYMBOLS = {
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
} as const;

export type SocketBuffers = { readonly receiveOctets: number; readonly sendOctets: number };

/**
 * Bounds the buffers of the connections that a listening socket accepts from now on: without it
 * the kernel lets each grow to megabytes. The kernel itself takes twice as much, for its own
 * records. False where nothing was done: on other systems their own bounds hold.
 */
export function limitSocketBuffers(listener: object, buffers: SocketBuffers): boolean {
  // Undeclared in the types of Bun 1.4.
  const descriptor = "fd" in listener ? listener.fd : undefined;
  if (process.platform !== "linux" || typeof descriptor !== "number" || descriptor < 0)
    return false;
  const { receiveOctets, sendOctets } = buffers;
  return set(descriptor, SO_RCVBUF, receiveOctets) && set(descriptor, SO_SNDBUF, sendOctets);
}

function set(descriptor: number, option: number, value: number): boolean {
  const octets = Int32Array.of(value);
  const result = openLibrary()?.setsockopt(
    descriptor,
    SOL_SOCKET,
    option,
    ptr(octets),
    octets.byteLength,
  );
  return result === 0;
}

type Library = ReturnType<typeof dlopen<typeof SYMBOLS>>["symbols"];
let opened: Library | undefined;

function openLibrary(): Library | undefined {
  for (const name of opened === undefined ? LIBRARIES : []) {
    try {
      opened = dlopen(name, SYMBOLS).symbols;
      break;
    } catch {
      // The next name; a system without either keeps its own bounds.
    }
  }
  return opened;
}
