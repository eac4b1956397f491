import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isGuid } from "../../src/rpc/guid.ts";
import { NdrReader, NdrWriter } from "../../src/rpc/ndr.ts";
import { hex, octets } from "./octets.ts";

const GUID = "01020304-0506-0708-090a-0b0c0d0e0f10";

describe("NDR in octets (C706 chapter 14)", () => {
  test("everything is aligned to its own size, with zeros between", () => {
    const bytes = new NdrWriter().u8(1).u16(2).u8(3).u32(4).finish();
    expect(hex(bytes)).toBe("01 00 0200 03 000000 04000000".replaceAll(" ", ""));
  });

  test("big-endian", () => {
    const bytes = new NdrWriter({ littleEndian: false }).u16(0x0102).u32(0x03040506).guid(GUID);
    expect(hex(bytes.finish())).toBe(
      "0102 0000 03040506 0102030405060708090a0b0c0d0e0f10".replaceAll(" ", ""),
    );
  });

  test("a GUID in little-endian order swaps its first three fields", () => {
    expect(hex(new NdrWriter().guid(GUID).finish())).toBe("0403020106050807090a0b0c0d0e0f10");
  });

  test("pointers that are not null have ids of their own", () => {
    const writer = new NdrWriter().uniquePointer(true).uniquePointer(false).uniquePointer(true);
    expect(hex(writer.finish())).toBe("000002000000000004000200");
  });

  test("a conformant array carries its own count", () => {
    const writer = new NdrWriter().conformantOctets(octets("aabbcc")).hresult(0x8007000d);
    expect(hex(writer.finish())).toBe("03000000aabbcc000d000780");
  });
});

describe("reading", () => {
  test("what was written, in both orders", () => {
    const values = fc.record({
      octet: fc.integer({ min: 0, max: 0xff }),
      short: fc.integer({ min: 0, max: 0xffff }),
      long: fc.integer({ min: 0, max: 0xffffffff }),
      guid: fc.uuid(),
      data: fc.uint8Array({ maxLength: 100 }),
      present: fc.boolean(),
    });
    fc.assert(
      fc.property(values, fc.boolean(), (value, littleEndian) => {
        const bytes = new NdrWriter({ littleEndian, capacity: 1 })
          .u8(value.octet)
          .u16(value.short)
          .conformantOctets(value.data)
          .uniquePointer(value.present)
          .u32(value.long)
          .guid(value.guid)
          .finish();
        const reader = new NdrReader(bytes, littleEndian);
        const read = reader.finish({
          octet: reader.u8("octet"),
          short: reader.u16("short"),
          data: reader.conformantOctets(value.data.length, "data").slice(),
          present: reader.uniquePointer("present"),
          long: reader.u32("long"),
          guid: reader.guid("guid"),
        });
        expect(read).toEqual({ ok: true, value });
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test("past the end: the first failure stays, with its field and place", () => {
    const reader = new NdrReader(octets("01000000 02"), true);
    expect(reader.u32("first")).toBe(1);
    expect(reader.u32("second")).toBe(0);
    expect(reader.guid("third")).toBe("");
    const error = { code: "truncated", offset: 4, field: "second" };
    expect(reader.finish("value")).toEqual({ ok: false, error });
  });

  test("a conformant array of another size than its argument says", () => {
    const reader = new NdrReader(octets("04000000 aabbccdd"), true);
    expect(reader.conformantOctets(3, "data")).toHaveLength(0);
    const error = { code: "sizeMismatch", offset: 0, field: "data" };
    expect(reader.finish("value")).toEqual({ ok: false, error });
  });

  test("a conformant array of a size that is not there allocates nothing", () => {
    const reader = new NdrReader(octets("ffffffff aabbccdd"), true);
    expect(reader.conformantOctets(0xffffffff, "data")).toHaveLength(0);
    expect(reader.finish("value")).toMatchObject({ error: { code: "truncated" } });
  });
});

test("isGuid takes the one text form of this project", () => {
  expect(isGuid(GUID)).toBe(true);
  for (const text of ["", GUID.toUpperCase().replace("0", "A"), `{${GUID}}`, GUID.slice(1)]) {
    expect(isGuid(text)).toBe(false);
  }
});
