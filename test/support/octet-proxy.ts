/** Stands between a client and the appliance, passes everything on and keeps it. */
import { createConnection, createServer, type Socket } from "node:net";
import type { Endpoint } from "../../src/platform/endpoint.ts";

type Conversation = { readonly sent: Uint8Array; readonly answered: Uint8Array };

export type OctetProxy = {
  readonly endpoint: Endpoint;
  /** One for each connection so far, in their order. */
  readonly conversations: () => readonly Conversation[];
  readonly close: () => Promise<void>;
};

const ADDRESS = "127.0.0.1";

export async function startOctetProxy(target: Endpoint): Promise<OctetProxy> {
  const kept: { sent: Buffer[]; answered: Buffer[] }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const { address: host, port } = target;
    const upstream = createConnection({ host, port, allowHalfOpen: true, noDelay: true });
    const conversation = { sent: [] as Buffer[], answered: [] as Buffer[] };
    kept.push(conversation);
    client.on("data", (segment: Buffer) => conversation.sent.push(segment));
    upstream.on("data", (segment: Buffer) => conversation.answered.push(segment));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return {
    endpoint: { address: ADDRESS, port },
    conversations: () =>
      kept.map(({ sent, answered }) => ({
        sent: new Uint8Array(Buffer.concat(sent)),
        answered: new Uint8Array(Buffer.concat(answered)),
      })),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Types of the PDUs of one direction (C706 12.6.3.1). */
export function pduTypes(stream: Uint8Array): number[] {
  const types: number[] = [];
  for (let start = 0; start < stream.length; ) {
    types.push(stream[start + 2] ?? -1);
    start += Math.max(16, (stream[start + 8] ?? 0) | ((stream[start + 9] ?? 0) << 8));
  }
  return types;
}
