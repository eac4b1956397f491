import { describe, expect, test } from "bun:test";
import { ok } from "../../src/platform/result.ts";
import { formatDetail, parseDetail } from "../../src/relay/microsoft-detail.ts";
import { hresultOfFault, readOutcome, seeRequest } from "../../src/relay/observation.ts";
import { joined, octets, u32 } from "../rpc/octets.ts";
import { outStub } from "./fake-upstream.ts";
import { OPAQUE_REQUEST, readableRequest, replyBeginning } from "./harness.ts";

const readable = seeRequest(ok(readableRequest()), 0, "192.0.2.1");
const opaque = seeRequest(ok(OPAQUE_REQUEST), 0, "192.0.2.1");
const response = (stub: Uint8Array, littleEndian = true) =>
  ({ kind: "response", stub, littleEndian }) as const;

describe("what an answer is logged as", () => {
  test("the count of a version 4 reply, of the client that asked", () => {
    const outcome = response(outStub(replyBeginning(27)));
    expect(readOutcome(outcome, readable)).toEqual({ hresult: 0, count: 27 });
  });

  test("no count of a reply to another client, or to a request that could not be read", () => {
    const other = response(outStub(replyBeginning(27, new Uint8Array(16))));
    expect(readOutcome(other, readable)).toEqual({ hresult: 0, count: 0 });
    const outcome = response(outStub(replyBeginning(27)));
    expect(readOutcome(outcome, opaque)).toEqual({ hresult: 0, count: 0 });
  });

  test("the error of an answer without octets, in either byte order", () => {
    const little = response(joined(u32(0), u32(0), u32(0xc004f038)));
    const big = response(joined(u32(0), u32(0), u32(0xc004f038, "big")), false);
    for (const outcome of [little, big]) {
      expect(readOutcome(outcome, readable)).toEqual({ hresult: 0xc004f038, count: 0 });
    }
  });

  test("a stub that is none is said to be", () => {
    const reason = "its answer cannot be read";
    const expected = { hresult: 0x8007000d, count: 0, reason };
    expect(readOutcome(response(octets("0102")), readable)).toEqual(expected);
  });
});

test("statuses of faults as results: Win32 codes with their facility, others as they stand", () => {
  const statuses = [5, 0x6ba, 0xffff, 0x1c010014, 0xc0000017];
  expect(statuses.map(hresultOfFault)).toEqual([
    0x80070005, 0x800706ba, 0x8007ffff, 0x1c010014, 0xc0000017,
  ]);
  // Never success.
  expect(hresultOfFault(0)).not.toBe(0);
});

describe("the detail of an entry", () => {
  test("reads as it was written", () => {
    const detail = { version: "6.0", octets: 260, upstream: "kms:1688", reason: "busy" };
    expect(parseDetail(formatDetail(detail))).toMatchObject(detail);
    expect(formatDetail({ version: undefined })).toBe("");
  });

  const foreign = ["", "no JSON", "[1]", "null", '"text"', '{"version":6,"octets":"x"}', null];
  for (const text of foreign) {
    test(`of another make: ${text}`, () => {
      expect(Object.values(parseDetail(text)).filter((value) => value !== undefined)).toEqual([]);
    });
  }
});
