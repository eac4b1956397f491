/**
 * What the kernel keeps for a listening TCP socket and the connections it accepts. Bun has no
 * options for it, so libc sets them.
 */
import { dlopen, ptr } from "bun:ffi";

/** sys/socket.h on Linux. */
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;

const LIBRARIES = ["libc.so.6", "libc.so"] as const;

const SYMBOLS = {
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
} as const;

export type ListeningOptions = {
  /**
   * Connections that wait to be accepted, at most net.core.somaxconn; Bun's own 512 are full in a
   * moment, and whoever finds them full tries again after one second, then two, then four.
   */
  readonly backlog: number;
  /**
   * Octets unread, and unsent, of each connection accepted from now on: what one event brings is no
   * more. Otherwise the kernel lets them grow to megabytes. For its own records it takes as much.
   */
  readonly receiveOctets: number;
  readonly sendOctets: number;
};

/** False where something was not done: on other systems what they have holds. */
export function tuneListeningSocket(listener: object, options: ListeningOptions): boolean {
  // Undeclared in the types of Bun 1.4.
  const descriptor = "fd" in listener ? listener.fd : undefined;
  if (process.platform !== "linux" || typeof descriptor !== "number") return false;
  const libc = openLibc();
  if (descriptor < 0 || libc === undefined) return false;
  const { setsockopt, listen } = libc.symbols;
  const set = (option: number, value: number): boolean => {
    const octets = Int32Array.of(value);
    return setsockopt(descriptor, SOL_SOCKET, option, ptr(octets), octets.byteLength) === 0;
  };
  const done = [
    set(SO_RCVBUF, options.receiveOctets),
    set(SO_SNDBUF, options.sendOctets),
    // Of a socket that listens already this changes the backlog alone (listen(2)).
    listen(descriptor, options.backlog) === 0,
  ];
  libc.close();
  return done.every(Boolean);
}

function openLibc(): ReturnType<typeof dlopen<typeof SYMBOLS>> | undefined {
  for (const library of LIBRARIES) {
    try {
      return dlopen(library, SYMBOLS);
    } catch {
      // The next name may be the one of this system.
    }
  }
  return undefined;
}
