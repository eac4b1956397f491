/** The short form of `scripts/fuzz-dns.ts`. */
import { expect, test } from "bun:test";
import { fuzzByTcp, fuzzByUdp } from "../support/dns-fuzz.ts";
import { endpointOf, query, readReply, startServer, udpClient } from "./support.ts";

const COUNT = 5000;

test("spoilt messages are answered one by one, and harm nobody (RFC 8906)", async () => {
  const server = await startServer();
  await fuzzByUdp(endpointOf(server), COUNT, 1);
  await fuzzByTcp(endpointOf(server), COUNT, 2);
  const client = await udpClient(server);
  const reply = await client.ask(query({ name: "_vlmcs._tcp.kms.test", type: 33 }));
  expect(readReply(reply).answer).toEqual(["_vlmcs._tcp.kms.test 3600 SRV 0 0 1688 kms.kms.test"]);
  expect(server.statistics()).toMatchObject({ defects: 0, unsent: 0 });
  client.close();
  await server.close();
});
