import type { Socket } from "bun";
import { hex } from "./octets.ts";

/** A peer that says what it is told to: octets out, PDUs or the end in. */
export class RawClient {
  #socket: Socket<undefined> | undefined;
  #received = Buffer.alloc(0);
  #ended = false;
  #closed = false;
  #wake: (() => void) | undefined;

  static async connect(port: number, host = "127.0.0.1"): Promise<RawClient> {
    const client = new RawClient();
    client.#socket = await Bun.connect({
      hostname: host,
      port,
      allowHalfOpen: true,
      socket: {
        data: (_socket, segment) => {
          client.#received = Buffer.concat([client.#received, segment]);
          client.#wake?.();
        },
        end: () => client.#end(),
        close: () => client.#close(),
        error: () => client.#close(),
        drain: () => client.#wake?.(),
      },
    });
    client.#socket.setNoDelay(true);
    return client;
  }

  get socket(): Socket<undefined> {
    if (this.#socket === undefined) throw new Error("not connected");
    return this.#socket;
  }

  /** Sends everything, waiting for room where there is none. False where the connection is over. */
  async send(...parts: readonly Uint8Array[]): Promise<boolean> {
    const bytes = Buffer.concat(parts);
    let sent = 0;
    while (sent < bytes.length) {
      const taken = this.socket.write(bytes, sent, bytes.length - sent);
      if (taken < 0 || this.#closed) return false;
      sent += taken;
      if (sent < bytes.length) await this.#change();
    }
    return true;
  }

  /** One write per octet, each on its way before the next. */
  async sendOctetwise(bytes: Uint8Array): Promise<void> {
    for (let index = 0; index < bytes.length; index += 1) {
      this.socket.write(bytes, index, 1);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** The next PDU as hexadecimal text, or "end" where the server closed. */
  async pdu(): Promise<string> {
    for (;;) {
      if (this.#received.length >= 16) {
        const big = this.#received[4] === 0;
        const length = big ? this.#received.readUInt16BE(8) : this.#received.readUInt16LE(8);
        if (this.#received.length >= length) {
          const bytes = this.#received.subarray(0, length);
          this.#received = this.#received.subarray(length);
          return hex(bytes);
        }
      }
      if (this.#ended) return this.#received.length === 0 ? "end" : `cut:${hex(this.#received)}`;
      await this.#change();
    }
  }

  /** Sends no more; still reads. */
  shutdown(): void {
    this.socket.shutdown();
  }

  close(): void {
    this.socket.terminate();
  }

  #close(): void {
    this.#closed = true;
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
