import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { writeGuid } from "../../src/rpc/guid.ts";
import { OctetQueue } from "../../src/rpc/octet-queue.ts";
import { appendBind, decodeBind } from "../../src/rpc/pdu/bind.ts";
import { appendBindAck, decodeBindAck } from "../../src/rpc/pdu/bind-ack.ts";
import { appendBindNak, decodeBindNak } from "../../src/rpc/pdu/bind-nak.ts";
import { appendFault, decodeFault } from "../../src/rpc/pdu/fault.ts";
import { decodeHeader, PDU_TYPE, type PduHeader } from "../../src/rpc/pdu/header.ts";
import { appendRequest, decodeRequest } from "../../src/rpc/pdu/request.ts";
import { appendResponse, decodeResponse } from "../../src/rpc/pdu/response.ts";
import { readUuid, uuidFrom, uuidText, writeUuid } from "../../src/rpc/uuid.ts";
import { bind, context, ECHO, FEATURES_3, hex, MGMT, NDR32, NDR64, pdu, TYPE } from "./octets.ts";

function written(write: (output: OctetQueue) => void): Uint8Array {
  const output = new OctetQueue(16);
  write(output);
  return output.toBytes();
}

function header(bytes: Uint8Array, offset = 0): PduHeader {
  const decoded = decodeHeader(bytes, offset);
  if (!decoded.ok) throw new Error(decoded.error.code);
  return decoded.value;
}

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const guid = fc.uuid().map((text) => text.toLowerCase());
const syntax = fc.record({ uuid: guid.map(uuidFrom), versionMajor: u16, versionMinor: u16 });

describe("what is written is read again, in both byte orders", () => {
  test("bind and alter_context", () => {
    const body = fc.record({
      maxTransmit: u16,
      maxReceive: u16,
      associationGroup: u32,
      contexts: fc.array(
        fc.record({
          id: u16,
          abstractSyntax: syntax,
          transferSyntaxes: fc.array(syntax, { maxLength: 4 }),
        }),
        { maxLength: 5 },
      ),
    });
    fc.assert(
      fc.property(body, u32, fc.boolean(), (value, callId, littleEndian) => {
        const bytes = written((output) => {
          appendBind(output, PDU_TYPE.bind, 3, callId, value, littleEndian);
        });
        const read = header(bytes);
        expect(read).toMatchObject({ type: PDU_TYPE.bind, callId, littleEndian });
        expect(read.fragLength).toBe(bytes.length);
        expect(decodeBind(bytes, 0, read)).toEqual({ ok: true, value });
      }),
    );
  });

  test("bind_ack and alter_context_resp", () => {
    const body = fc.record({
      maxTransmit: u16,
      maxReceive: u16,
      associationGroup: u32,
      secondaryAddress: fc.integer({ min: 0, max: 65535 }).map((port) => (port ? `${port}` : "")),
      results: fc.array(fc.record({ result: u16, reason: u16, transferSyntax: syntax }), {
        maxLength: 5,
      }),
    });
    fc.assert(
      fc.property(body, fc.boolean(), (value, littleEndian) => {
        const bytes = written((output) => {
          appendBindAck(output, PDU_TYPE.bindAck, 3, 1, value, littleEndian);
        });
        expect(decodeBindAck(bytes, 0, header(bytes))).toEqual({ ok: true, value });
      }),
    );
  });

  test("fault", () => {
    const body = fc.record({ contextId: u16, status: u32, didNotExecute: fc.boolean() });
    fc.assert(
      fc.property(body, fc.boolean(), (value, littleEndian) => {
        const bytes = written((output) => appendFault(output, 1, value, littleEndian));
        expect(bytes).toHaveLength(32);
        expect(decodeFault(bytes, 0, header(bytes))).toEqual({ ok: true, value });
      }),
    );
  });

  test("request and response: the fragments carry the stub, and alloc_hint what is to come", () => {
    const objectUuid = fc.option(guid, { nil: undefined });
    const max = fc.integer({ min: 256, max: 5840 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 4000 }),
        objectUuid,
        max,
        fc.boolean(),
        (stub, object, maxFragment, littleEndian) => {
          const call = { callId: 5, contextId: 6, opnum: 7, objectUuid: object, littleEndian };
          const requests = written((output) => appendRequest(output, call, stub, maxFragment));
          expectFragments(requests, stub, maxFragment, (bytes, start, read) => {
            const decoded = decodeRequest(bytes, start, read);
            if (!decoded.ok) throw new Error(decoded.error.code);
            expect(decoded.value).toMatchObject({ contextId: 6, opnum: 7, objectUuid: object });
            return decoded.value;
          });
          const responses = written((output) => {
            appendResponse(output, 5, 6, stub, maxFragment, littleEndian);
          });
          expectFragments(responses, stub, maxFragment, (bytes, start, read) => {
            const decoded = decodeResponse(bytes, start, read);
            if (!decoded.ok) throw new Error(decoded.error.code);
            return decoded.value;
          });
        },
      ),
    );
  });
});

type Part = { readonly allocHint: number; readonly stubStart: number; readonly stubEnd: number };

function expectFragments(
  bytes: Uint8Array,
  stub: Uint8Array,
  maxFragment: number,
  decode: (bytes: Uint8Array, start: number, header: PduHeader) => Part,
): void {
  let start = 0;
  let sent = 0;
  do {
    const read = header(bytes, start);
    const part = decode(bytes, start, read);
    const length = part.stubEnd - part.stubStart;
    expect(read.flags & 1).toBe(start === 0 ? 1 : 0);
    expect((read.flags & 2) !== 0).toBe(start + read.fragLength === bytes.length);
    expect(read.fragLength).toBeLessThanOrEqual(maxFragment);
    if ((read.flags & 2) === 0) expect(length % 8).toBe(0);
    expect(part.allocHint).toBe(stub.length - sent);
    expect(bytes.slice(part.stubStart, part.stubEnd)).toEqual(stub.slice(sent, sent + length));
    sent += length;
    start += read.fragLength;
  } while (start < bytes.length);
  expect(sent).toBe(stub.length);
}

test("bind_nak names version 5.0 and its reason", () => {
  const bytes = written((output) => appendBindNak(output, 9, 8));
  expect(hex(bytes)).toBe("05000d03100000001800000009000000" + "0800010500000000");
  expect(decodeBindNak(bytes, 0, header(bytes))).toEqual({ ok: true, value: { reason: 8 } });
});

test("HOST-4 a bind of one context is 72 octets, its acknowledgement on port 1688 is 60", () => {
  const contexts = [
    {
      id: 0,
      abstractSyntax: { uuid: uuidFrom(MGMT[0]), versionMajor: 1, versionMinor: 0 },
      transferSyntaxes: [{ uuid: uuidFrom(NDR32[0]), versionMajor: 2, versionMinor: 0 }],
    },
  ];
  const body = { maxTransmit: 5840, maxReceive: 5840, associationGroup: 0, contexts };
  const ours = written((output) => appendBind(output, PDU_TYPE.bind, 3, 1, body, true));
  expect(ours).toHaveLength(72);
  expect(hex(ours)).toBe(hex(bind([context(0, MGMT, NDR32)])));
  const acknowledgement = written((output) => {
    const results = [{ result: 0, reason: 0, transferSyntax: contexts[0]?.transferSyntaxes[0] }];
    appendBindAck(
      output,
      PDU_TYPE.bindAck,
      3,
      1,
      {
        maxTransmit: 5840,
        maxReceive: 5840,
        associationGroup: 1,
        secondaryAddress: "1688",
        results: results.flatMap(({ transferSyntax, ...rest }) =>
          transferSyntax === undefined ? [] : [{ ...rest, transferSyntax }],
        ),
      },
      true,
    );
  });
  expect(acknowledgement).toHaveLength(60);
  expect(hex(acknowledgement.slice(24, 32))).toBe("0500313638380000");
});

describe("every cut of a PDU is an error with its place, never an exception", () => {
  const whole = bind([context(0, ECHO, NDR32), context(1, ECHO, NDR64, FEATURES_3)]);
  test("bind", () => {
    const full = header(whole);
    for (let length = 16; length < whole.length; length += 1) {
      const decoded = decodeBind(whole, 0, { ...full, fragLength: length });
      expect(decoded).toMatchObject({ ok: false, error: { code: "truncated" } });
      if (!decoded.ok) expect(decoded.error.offset).toBeLessThanOrEqual(length);
    }
  });

  test("header", () => {
    for (let length = 0; length < 16; length += 1) {
      expect(decodeHeader(whole.slice(0, length), 0)).toMatchObject({ ok: false });
    }
    const short = pdu(TYPE.request, new Uint8Array(0), { fragLength: 15 });
    const error = { code: "tooShort", offset: 8, field: "frag_length" };
    expect(decodeHeader(short, 0)).toEqual({ ok: false, error });
  });

  test("the others", () => {
    const decoders = [decodeBindAck, decodeBindNak, decodeRequest, decodeResponse, decodeFault];
    const base = header(pdu(TYPE.response, new Uint8Array(0), {}));
    for (const decode of decoders) {
      expect(decode(new Uint8Array(64), 0, base)).toMatchObject({ ok: false });
    }
  });
});

test("a UUID is the same as numbers, as octets and as text", () => {
  fc.assert(
    fc.property(guid, fc.boolean(), (text, littleEndian) => {
      expect(uuidText(uuidFrom(text))).toBe(text);
      const [byNumbers, byText] = [new Uint8Array(16), new Uint8Array(16)];
      writeUuid(byNumbers, 0, uuidFrom(text), littleEndian);
      writeGuid(byText, 0, text, littleEndian);
      expect(byNumbers).toEqual(byText);
      expect(readUuid(byText, 0, littleEndian)).toEqual(uuidFrom(text));
    }),
  );
});
