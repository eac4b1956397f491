/** The RPC port of the executable against peers that do not speak as they should. */
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { encodeRequest } from "../../src/protocol/request.ts";
import { encodeInStub } from "../../src/protocol/stub.ts";
import {
  bind,
  context,
  faultText,
  joined,
  NDR32,
  pdu,
  request,
  type Syntax,
  TYPE,
  u32,
} from "../rpc/octets.ts";
import { RawClient } from "../rpc/raw-client.ts";
import { ask, newRequest } from "../support/callers.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { configurationText, only } from "../support/world.ts";

const BUILD_MILLISECONDS_MAXIMUM = 120_000;
setDefaultTimeout(30_000);
const ACTIVATION: Syntax = ["ea6fc547-3cd9-4d4d-824f-02c7678d2ad5", 1];
const BIND = bind([context(0, ACTIVATION, NDR32)]);
const FAULT = { operationRange: 0x1c010002, badStub: 0x6f7 };

let appliance: RunningAppliance;
beforeAll(async () => {
  executable();
  appliance = await startExecutable({
    configuration: configurationText({
      rpc: { listen: ["127.0.0.1:0"], limits: { bind_seconds: 1, request_seconds: 1 } },
      log: { level: "debug" },
    }),
  });
}, BUILD_MILLISECONDS_MAXIMUM);
afterAll(async () => {
  expect(await appliance.stop()).toBe(0);
});

/** Whatever came before: the next client is served, in the same process, and nothing was thrown. */
afterEach(async () => {
  const { hresult } = await ask(only(appliance.listening.rpc), newRequest());
  expect(hresult).toBe(0);
  expect(appliance.stderr()).not.toMatch(/"level":"error"/);
});

const peer = () => RawClient.connect(only(appliance.listening.rpc).port);

function activation(): Uint8Array {
  return request(0, encodeInStub(encodeRequest(newRequest())));
}

/** Type of a PDU in hexadecimal text; the text itself where it is none. */
function typeOf(text: string): number | string {
  return /^05/.test(text) ? Number.parseInt(text.slice(4, 6), 16) : text;
}

/** Everything the server says until it ends the connection. */
async function hear(client: RawClient): Promise<readonly (number | string)[]> {
  const heard: (number | string)[] = [];
  for (;;) {
    const text = await client.pdu();
    if (text === "end" || text.startsWith("cut:")) return [...heard, text.slice(0, 4)];
    heard.push(typeOf(text));
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const GARBAGE = Uint8Array.from({ length: 65_536 }, (_, index) => (index * 7919 + 13) % 251);

const UNKNOWN_PROTOCOL: readonly (readonly [title: string, sent: Uint8Array])[] = [
  ["garbage", GARBAGE],
  ["HTTP", bytes("GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n")],
  ["HTTP with a body", bytes(`POST / HTTP/1.1\r\ncontent-length: 9000\r\n\r\n${"x".repeat(9000)}`)],
  ["the start of TLS", joined(Uint8Array.of(0x16, 3, 1, 0, 200), GARBAGE.slice(0, 200))],
  ["SSH", bytes("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")],
  ["a request without a bind", activation()],
];

describe("what is no bind is refused, and the connection ends", () => {
  for (const [title, sent] of UNKNOWN_PROTOCOL) {
    test(title, async () => {
      const client = await peer();
      await client.send(sent);
      const heard = await hear(client);
      expect(heard.at(-1)).toBe("end");
      expect(heard.slice(0, -1).every((type) => type === TYPE.fault)).toBe(true);
      client.close();
    });
  }
});

const TRUNCATED: readonly (readonly [title: string, sent: Uint8Array])[] = [
  ["nothing at all", new Uint8Array()],
  ["half a header", BIND.slice(0, 8)],
  ["half a bind", BIND.slice(0, 40)],
  [
    "a bind that says it is longer than it is",
    pdu(TYPE.bind, BIND.slice(16), { fragLength: 2000 }),
  ],
  ["a bind of the greatest length", pdu(TYPE.bind, BIND.slice(16), { fragLength: 0xffff })],
];

describe("what never becomes whole ends", () => {
  test("when its time is up", async () => {
    const heard = TRUNCATED.map(async ([, sent]) => {
      const client = await peer();
      await client.send(sent);
      return hear(client);
    });
    expect(await Promise.all(heard)).toEqual(TRUNCATED.map(() => ["end"]));
  });

  for (const [title, sent] of TRUNCATED) {
    test(`${title}: when the peer ends`, async () => {
      const client = await peer();
      await client.send(sent);
      client.shutdown();
      expect(await hear(client)).toEqual(["end"]);
      client.close();
    });
  }

  test("a request cut off in the middle", async () => {
    const client = await peer();
    await client.send(BIND, activation().slice(0, 60));
    expect(await hear(client)).toEqual([TYPE.bindAck, "end"]);
    client.close();
  });
});

describe("too much", () => {
  test("an activation of more than 512 octets is malformed, and the next one is served", async () => {
    const client = await peer();
    const long = joined(u32(516), u32(516), new Uint8Array(516));
    await client.send(BIND, request(0, long), activation());
    expect(typeOf(await client.pdu())).toBe(TYPE.bindAck);
    expect(await client.pdu()).toEndWith("0d000780");
    expect(await client.pdu()).toEndWith("00000000");
    client.close();
  });

  test("sizes that lie get an error each, on one connection", async () => {
    const client = await peer();
    const fault = (status: number) => faultText(1, status, { didNotExecute: true });
    const lies = [
      [request(0, joined(u32(4), u32(0xffff_ffff), new Uint8Array(8))), fault(FAULT.badStub)],
      // More than 512 is malformed whether or not it comes.
      [request(0, joined(u32(0xffff_ffff), u32(0xffff_ffff))), "0d000780"],
      [request(0), fault(FAULT.badStub)],
      [request(9), fault(FAULT.operationRange)],
      [activation(), "00000000"],
    ] as const;
    await client.send(BIND, ...lies.map(([sent]) => sent));
    expect(typeOf(await client.pdu())).toBe(TYPE.bindAck);
    for (const [, answer] of lies) expect(await client.pdu()).toEndWith(answer);
    client.close();
  });

  test("a request without end is cut off", async () => {
    const client = await peer();
    await client.send(BIND);
    const fragment = (flags: number) => request(0, new Uint8Array(4000), { flags });
    await client.send(fragment(1), ...Array.from({ length: 40 }, () => fragment(0)));
    expect(await hear(client)).toEqual([TYPE.bindAck, TYPE.fault, "end"]);
    client.close();
  });
});

describe("unusual, and right", () => {
  test("one octet at a time", async () => {
    const client = await peer();
    await client.sendOctetwise(joined(BIND, activation()));
    expect([typeOf(await client.pdu()), typeOf(await client.pdu())]).toEqual([
      TYPE.bindAck,
      TYPE.response,
    ]);
    client.close();
  });

  test("a peer that ends its half right after its request has its reply", async () => {
    const client = await peer();
    await client.send(BIND, activation());
    client.shutdown();
    expect(await hear(client)).toEqual([TYPE.bindAck, TYPE.response, "end"]);
    client.close();
  });

  test("a hundred peers that reset in the middle leave nothing behind", async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, peer));
    await Promise.all(clients.map((client) => client.send(BIND, activation().slice(0, 80))));
    for (const client of clients) client.close();
  });

  test("a big-endian peer", async () => {
    const client = await peer();
    const order = "big" as const;
    const octets = encodeRequest(newRequest());
    const stub = joined(u32(octets.length, order), u32(octets.length, order), octets);
    await client.send(
      bind([context(0, ACTIVATION, NDR32)], { order }),
      request(0, stub, { order }),
    );
    const types = [typeOf(await client.pdu()), typeOf(await client.pdu())];
    expect(types).toEqual([TYPE.bindAck, TYPE.response]);
    client.close();
  });
});
