import { expect, test } from "bun:test";
import { tuneListeningSocket } from "../../src/platform/listening-socket.ts";

const OPTIONS = { backlog: 4096, receiveOctets: 16_384, sendOctets: 65_536 };

test.if(process.platform === "linux")(
  "one event brings no more than the kernel may keep (Linux)",
  async () => {
    const sizes: number[] = [];
    const whole = Promise.withResolvers<void>();
    const total = 500_000;
    let received = 0;
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data: (_socket, segment) => {
          sizes.push(segment.length);
          received += segment.length;
          if (received === total) whole.resolve();
        },
      },
    });
    expect(tuneListeningSocket(listener, OPTIONS)).toBe(true);
    let sent = 0;
    const send = (socket: { write: (octets: Uint8Array) => number }): void => {
      while (sent < total) {
        const taken = socket.write(new Uint8Array(total - sent));
        if (taken <= 0) return;
        sent += taken;
      }
    };
    const client = await Bun.connect({
      hostname: "127.0.0.1",
      port: listener.port,
      socket: { open: send, drain: send, data: () => {} },
    });
    await whole.promise;
    // The kernel takes twice what it is told.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * OPTIONS.receiveOctets);
    client.end();
    listener.stop(true);
  },
);

test("what is no listening socket is left alone", () => {
  expect(tuneListeningSocket({}, OPTIONS)).toBe(false);
  expect(tuneListeningSocket({ fd: -1 }, OPTIONS)).toBe(false);
});
