/**
 * The limit to compare with: a bare Bun server that sends canned bytes for the octets of one
 * exchange. It reads no field, counts nothing, signs nothing and stores nothing. Prints its port
 * once it listens.
 */
const BIND_TYPE = 11;
const BIND_ACK = Buffer.from(
  "05000c03100000003c00000001000000d016d01601000000050031363838000001000000000000" +
    "00045d888aeb1cc9119fe808002b10486002000000",
  "hex",
);
const RESPONSE = Buffer.concat([
  Buffer.from("050002031000000090000000010000007800000000000000", "hex"),
  new Uint8Array(120),
]);

const server = Bun.listen({
  hostname: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
  allowHalfOpen: true,
  socket: {
    data(socket, chunk) {
      socket.write(chunk[2] === BIND_TYPE ? BIND_ACK : RESPONSE);
    },
    end(socket) {
      socket.end();
    },
  },
});
process.stdout.write(`${server.port}\n`);
