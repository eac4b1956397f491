/**
 * Telling the service manager how we are (sd_notify(3)): a datagram to a Unix socket. Neither Bun
 * nor Node opens such sockets, so libc does it.
 */
import { dlopen, type Pointer, ptr } from "bun:ffi";

/** sys/socket.h on Linux, the one system with this protocol. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** A manager that does not read must not stop us. */
const MSG_DONTWAIT = 0x40;
/** sun_path of unix(7). */
const PATH_LENGTH_MAXIMUM = 108;

const LIBRARIES = ["libc.so.6", "libc.so"] as const;

const SYMBOLS = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

export type ServiceNotifier = {
  /** Every socket is bound and the store is open. */
  readonly ready: (status: string) => void;
  readonly stopping: () => void;
  /** A sign of life. */
  readonly watchdog: () => void;
  /** How often to give one: half of what the manager waits. Undefined where it does not watch. */
  readonly watchdogMilliseconds: number | undefined;
};

const SILENT: ServiceNotifier = {
  ready: () => {},
  stopping: () => {},
  watchdog: () => {},
  watchdogMilliseconds: undefined,
};

/** By the environment that the manager gave; silent where there is none. Never throws. */
export function openServiceNotifier(environment: Environment, processId: number): ServiceNotifier {
  const address = socketAddress(environment["NOTIFY_SOCKET"] ?? "");
  if (address === undefined || process.platform !== "linux") return SILENT;
  const send = (state: string): void => sendDatagram(address, new TextEncoder().encode(state));
  return {
    ready: (status) => send(`READY=1\nSTATUS=${status.replaceAll("\n", " ")}`),
    stopping: () => send("STOPPING=1"),
    watchdog: () => send("WATCHDOG=1"),
    watchdogMilliseconds: watchdogInterval(environment, processId),
  };
}

/** sockaddr_un; `@name` stands for the abstract name, which begins with a NUL. */
function socketAddress(name: string): Uint8Array | undefined {
  if (!/^[/@]./.test(name)) return undefined;
  const path = new TextEncoder().encode(name);
  if (path.length >= PATH_LENGTH_MAXIMUM) return undefined;
  if (name.startsWith("@")) path[0] = 0;
  const address = new Uint8Array(2 + path.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(path, 2);
  return address;
}

/** sd_watchdog_enabled(3). */
function watchdogInterval(environment: Environment, processId: number): number | undefined {
  const microseconds = Number(environment["WATCHDOG_USEC"]);
  const meant = environment["WATCHDOG_PID"];
  if (!(microseconds > 0)) return undefined;
  if (meant !== undefined && meant !== String(processId)) return undefined;
  return Math.max(1, Math.floor(microseconds / 2000));
}

/** What does not arrive is lost: the manager then acts by its own time-outs. */
function sendDatagram(address: Uint8Array, payload: Uint8Array): void {
  const libc = openLibc();
  if (libc === undefined) return;
  const { socket, sendto, close } = libc.symbols;
  const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor >= 0) {
    const [to, data]: [Pointer, Pointer] = [ptr(address), ptr(payload)];
    sendto(
      descriptor,
      data,
      BigInt(payload.length),
      MSG_NOSIGNAL | MSG_DONTWAIT,
      to,
      address.length,
    );
    close(descriptor);
  }
  libc.close();
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
