import { describe, expect, test } from "bun:test";
import { literalName, nameToText } from "../../src/dns/name.ts";
import { type KnownHost, roguesAmong } from "../../src/dns/rogue-check.ts";
import { knownHosts } from "../../src/dns/rogue-watch.ts";

const found = (name: string, ...addresses: readonly string[]) => ({
  name: literalName(name),
  port: 1688,
  addresses,
});
const known = (name: string, addresses: readonly string[] | undefined): KnownHost => ({
  name: literalName(name),
  addresses,
});

describe("hosts that nobody meant", () => {
  test.each([
    ["ours", [found("Box.lab.test", "192.0.2.1")], []],
    ["ours, of whom nobody gave an address", [found("box.lab.test")], []],
    ["one whose addresses nobody knows", [found("far.example", "203.0.113.1")], []],
    ["an IPv6 address written otherwise", [found("box.lab.test", "2001:db8:0::1")], []],
    ["another", [found("rogue.lab.test", "192.0.2.1")], ["rogue.lab.test. unknown-host 192.0.2.1"]],
    [
      "our name at another address",
      [found("box.lab.test", "192.0.2.1", "192.0.2.66")],
      ["box.lab.test. unknown-address 192.0.2.66"],
    ],
  ])("%s", (_, hosts, expected) => {
    const own = [
      known("box.lab.test", ["192.0.2.1", "2001:db8::1"]),
      known("far.example", undefined),
    ];
    const rogues = roguesAmong(hosts, own).map(
      ({ name, kind, addresses }) => `${nameToText(name)} ${kind} ${addresses.join()}`,
    );
    expect(rogues).toEqual(expected);
  });

  test("known are this host and the others of the file, a single label in the first zone", () => {
    const place = { kind: "key", path: [] } as const;
    const common = { port: 1, priority: 0, weight: 0, place };
    const hosts = knownHosts({
      host: "box.lab.test",
      addresses: [],
      zones: ["lab.test", "corp.test"],
      hosts: [
        { name: "second", addresses: ["192.0.2.2"], ...common },
        { name: "far.example", addresses: [], ...common },
      ],
    });
    expect(hosts.map(({ name, addresses }) => [nameToText(name), addresses])).toEqual([
      ["box.lab.test.", undefined],
      ["second.lab.test.", ["192.0.2.2"]],
      ["far.example.", undefined],
    ]);
  });
});
