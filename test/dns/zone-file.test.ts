import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { literalName, nameToText } from "../../src/dns/name.ts";
import { typeToText } from "../../src/dns/rdata.ts";
import { rdataToText } from "../../src/dns/record-text.ts";
import { readZoneFile, secondsFromText } from "../../src/dns/zone-file.ts";

const OPTIONS = { apex: literalName("kms.test"), defaultTtl: 60 };

function read(text: string): readonly string[] {
  return [...readZoneFile(text, OPTIONS)].map((entry) => {
    if (!entry.ok) return `${entry.error.line}:${entry.error.column} ${entry.error.what}`;
    const { name, ttl, type, rdata } = entry.value;
    return `${nameToText(name)} ${ttl} ${typeToText(type)} ${rdataToText(type, rdata)}`;
  });
}

describe("DNS-9: zone files, RFC 1035 section 5", () => {
  test("the example of RFC 1035 section 5.3, with more of the format", () => {
    const text = `\uFEFF; a zone
$ORIGIN ISI.EDU.
@   IN  SOA     VENERA      Action\\.domains (
                                 20     ; SERIAL
                                 7200   ; REFRESH
                                 600    ; RETRY
                                 3600000; EXPIRE
                                 60)    ; MINIMUM

        NS      A.ISI.EDU.
        NS      VENERA\r
        MX      10      VENERA
$ORIGIN sub
A       A       26.3.0.103
`;
    expect(read(text)).toEqual([
      "ISI.EDU. 60 SOA VENERA.ISI.EDU. Action\\.domains.ISI.EDU. 20 7200 600 3600000 60",
      "ISI.EDU. 60 NS A.ISI.EDU.",
      "ISI.EDU. 60 NS VENERA.ISI.EDU.",
      "ISI.EDU. 60 MX 10 VENERA.ISI.EDU.",
      "A.sub.ISI.EDU. 60 A 26.3.0.103",
    ]);
  });

  test.each([
    ["TTL and class in either order", "a 5 IN A 1.2.3.4\nb IN 6 A 1.2.3.4", ["a 5", "b 6"]],
    ["without $TTL the last one holds on", "a 5 A 1.2.3.4\nb A 1.2.3.4", ["a 5", "b 5"]],
    [
      "with $TTL that holds (RFC 2308)",
      "$TTL 1h\na 5 A 1.2.3.4\nb A 1.2.3.4\n$TTL 2m30s\nc A 1.2.3.4",
      ["a 5", "b 3600", "c 150"],
    ],
    [
      "$origin in lower case, and for good",
      "$origin x\na A 1.2.3.4\n  A 1.2.3.5",
      ["a.x 60", "a.x 60"],
    ],
  ])("%s", (_, text, expected) => {
    const found = read(text).map((line) => line.replace(".kms.test.", "").split(" A ")[0]);
    expect(found as string[]).toEqual(expected);
  });

  test.each([
    ["an unknown type", "x TYPE666 \\# 4 dead beef", "x.kms.test. 60 TYPE666 \\# 4 deadbeef"],
    ["a known type as opaque data", "x A \\# 4 c0000201", "x.kms.test. 60 A 192.0.2.1"],
    ["type by number", "x TYPE1 192.0.2.1", "x.kms.test. 60 A 192.0.2.1"],
    ["text over lines", 'x TXT ( "a;b"\n "c" ) ; end', 'x.kms.test. 60 TXT "a;b" "c"'],
    ["escapes", 'a\\.b\\032c TXT "\\"\\065\\\\"', 'a\\.b\\032c.kms.test. 60 TXT "\\"A\\\\"'],
    ["an escaped blank is no end", "a\\ b TXT x\\;y", 'a\\032b.kms.test. 60 TXT "x;y"'],
    [
      "times with units in SOA",
      "@ SOA a b 1 1h 15m 1w 5M",
      "kms.test. 60 SOA a.kms.test. b.kms.test. 1 3600 900 604800 300",
    ],
    ["a name beyond ASCII", "\u00e4 A 1.2.3.4", "\\195\\164.kms.test. 60 A 1.2.3.4"],
    ["no newline at the end", "x A 1.2.3.4", "x.kms.test. 60 A 1.2.3.4"],
    ["a class that is a name", "in IN A 1.2.3.4", "in.kms.test. 60 A 1.2.3.4"],
    ["an empty text", 'x TXT ""', 'x.kms.test. 60 TXT ""'],
  ])("%s", (_, text, expected) => {
    expect(read(text)).toEqual([expected]);
  });

  test.each([
    ["x A 999.1.1.1", '1:5 "999.1.1.1" is no IPv4 address'],
    ["x A", "1:3 the record ends before its IPv4 address"],
    ["x", "1:1 the record ends before its type"],
    ["x 5", "1:3 the record ends before its type"],
    ["x A 1.2.3.4 5", '1:13 "5" is too much'],
    [
      "\n\nthis is nonsense",
      '3:6 "is" is no record type; write TYPE and its number for one that is not known here',
    ],
    ["x 99999999999 A 1.2.3.4", '1:3 "99999999999" is no time to live'],
    ["x 2147483648 A 1.2.3.4", '1:3 "2147483648" is no time to live'],
    ["x CH TXT a", '1:3 class "CH" is not IN'],
    ["x TYPE666 abc", "1:11 data of type TYPE666 is written as \\# length hexadecimal"],
    ["x TYPE666 \\# 3 abcd", '1:14 "3" is no data'],
    ["x SRV 0 70000 1 y", '1:9 "70000" is no number up to 65535'],
    ["x MX 5\n", "1:6 the record ends before its name"],
    ["a..b A 1.2.3.4", '1:1 "a..b" is no name: empty-label'],
    [`${"a".repeat(80)} A 1.2.3.4`, `1:1 "${"a".repeat(64)}..." is no name: label-too-long`],
    ["  A 1.2.3.4", "1:3 there is no name before this line"],
    ["$INCLUDE other.zone", "1:1 $INCLUDE is not followed: put the records into this file"],
    ["$GENERATE 1-9 h$ A 10.0.0.$", '1:1 "$GENERATE" is not known'],
    ["$TTL", "1:1 $TTL says nothing"],
    ["$TTL soon", '1:6 "soon" is no time to live'],
    ["$ORIGIN a b", '1:11 "b" is too much'],
    ["x A ( 1.2.3.4\n; end", "2:6 the file ends within parentheses"],
    ["x A 1.2.3.4 )", "1:13 a parenthesis is closed that was not opened"],
    ['x TXT "a\n"', "1:7 the quotation is not closed on its line"],
    ['x TXT "a', "1:7 the quotation is not closed on its line"],
  ])("%j: a mistake, with its place", (text, expected) => {
    expect(read(text)[0]).toBe(expected);
  });

  test("reading goes on after a mistake; what hung on a bad name is not told again", () => {
    expect(read("a..b A 1.2.3.4\n  A 1.2.3.5\nx A 1.2.3.4\ny A z\n")).toEqual([
      '1:1 "a..b" is no name: empty-label',
      "x.kms.test. 60 A 1.2.3.4",
      '4:5 "z" is no IPv4 address',
    ]);
  });

  test("any text gives records or mistakes whose place is in the text, and ends", () => {
    const word = fc.constantFrom(
      "a",
      "A",
      "IN",
      "1.2.3.4",
      "(",
      ")",
      '"',
      "\\",
      ";",
      "\n",
      " ",
      "$TTL",
      "@",
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const lines = text.split("\n");
        for (const entry of readZoneFile(text, OPTIONS)) {
          const { line, column } = entry.ok ? entry.value : entry.error;
          expect(lines[line - 1]).toBeDefined();
          expect(column).toBeGreaterThan(0);
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
        }
      }),
    );
  });
});

test.each([
  ["0", 0],
  ["2147483647", 2_147_483_647],
  ["1w2d3h4m5s", 788_645],
  ["1H", 3600],
  ["", undefined],
  ["h", undefined],
  ["1x", undefined],
  ["9999w", undefined],
])("secondsFromText(%j)", (text, expected) => {
  expect(secondsFromText(text)).toBe(expected as number);
});
