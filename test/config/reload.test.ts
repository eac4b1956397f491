import { describe, expect, test } from "bun:test";
import type { Configuration } from "../../src/config/configuration.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { nodeAt } from "../../src/config/outline.ts";
import { keysForRestart, RELOADED_DNS_KEYS } from "../../src/config/reload.ts";

function load(text: string): Configuration {
  const surroundings = { hostName: "box", baseDirectory: "/srv" };
  const loaded = loadConfiguration({ text, environment: {}, settings: [], ...surroundings });
  if (!loaded.ok) throw new Error(loaded.error.map(({ what }) => what).join("; "));
  return loaded.value.configuration;
}

const after = (text: string) => keysForRestart(load(""), load(text));

describe("what holds after a restart only", () => {
  test.each([
    ["nothing", "", []],
    ["a listener", '[rpc]\nlisten = ["127.0.0.1:1688"]', ["rpc.listen"]],
    ["within a section", "[dns.limits]\ntcp_idle_seconds = 5", ["dns.limits"]],
    [
      "a key",
      '[[dns.key]]\nname = "a"\nsecret = "bXVzdGVyLWV4YW1wbGUtc2VjcmV0LTMyLW9jdGV0cyE="',
      ["dns.key"],
    ],
    ["the root", "[dns]\nisolated_root = true", ["dns.isolated_root"]],
    ["the level of the log", '[log]\nlevel = "debug"', ["log.level"]],
  ])("%s", (_, text, keys) => expect(after(text)).toEqual(keys));

  test("and not: what DNS takes again while it serves", () => {
    const text = `[dns]
publish = false
addresses = ["192.0.2.1"]
priority = 1
weight = 2
ttl = 3
reverse = false
[[dns.record]]
name = "a"
type = "A"
values = ["192.0.2.1"]
[[dns.zone_file]]
zone = "lab.internal"
path = "x"
[[dns.other_host]]
name = "b"
addresses = ["192.0.2.2"]
[dns.publish_to]
enabled = true
[dns.rogue_check]
resolvers = ["192.0.2.53:53"]
`;
    expect(after(text)).toEqual([]);
    // The host's name follows the first zone.
    expect(after('[dns]\nzones = ["a.test"]')).toContain("dns.host");
  });

  test("the file says which", () => {
    const section = nodeAt(["dns"])?.description ?? "";
    for (const key of RELOADED_DNS_KEYS.filter((name) => /^[a-z]+$/.test(name))) {
      if (key === "records") continue;
      expect(section).toContain(key);
    }
    for (const key of ["record", "zone_file", "other_host", "publish_to", "rogue_check"]) {
      const node = nodeAt(["dns", key]);
      expect(node?.description ?? node?.items?.description).toContain("Read again on SIGHUP");
    }
  });
});
