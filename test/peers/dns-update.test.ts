/** Dynamic updates and signed queries as the tools of BIND and Knot send them. */
import { afterEach, beforeEach, describe, expect } from "bun:test";
import { nameToText } from "../../src/dns/name.ts";
import { TSIG_ALGORITHMS, type TsigKey } from "../../src/dns/tsig/tsig.ts";
import { endpointOf } from "../dns/support.ts";
import { KEYS, keyOf, MASTER, startUpdatable, type Updatable } from "../dns/update-support.ts";
import { peerTest } from "../support/peers.ts";

let host: Updatable;
beforeEach(async () => {
  // Real tools have the real time.
  host = await startUpdatable({ clock: Date.now });
});
afterEach(() => host.server.close());

function keyText({ name, algorithm, secret }: TsigKey): string {
  return `${algorithm}:${nameToText(name)}:${secret.toBase64()}`;
}

type Output = { readonly exitCode: number; readonly text: string };

async function run(command: readonly string[], input = ""): Promise<Output> {
  const child = Bun.spawn([...command], {
    stdin: new TextEncoder().encode(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, text: out + err };
}

/** What the tool says of an update: `NOERROR` or the rcode's name; an exit code must go with it. */
async function updateBy(
  program: string,
  lines: readonly string[],
  options: { readonly key?: TsigKey; readonly byTcp?: boolean } = {},
): Promise<string> {
  const { key, byTcp = false } = options;
  const { address, port } = endpointOf(host.server);
  const keyFlags = key === undefined ? [] : ["-y", keyText(key)];
  const input = [`server ${address} ${port}`, "zone kms.test.", ...lines, "send", "answer"];
  const flags = [...(byTcp ? ["-v"] : []), "-t", "10", ...keyFlags];
  const { exitCode, text } = await run([program, ...flags], `${input.join("\n")}\n`);
  const failure = /update failed(?: with error)?:? '?(\w+)/i.exec(text)?.[1];
  const status = /status: (\w+)/.exec(text)?.[1];
  const said = failure ?? status ?? `nothing: ${text}`;
  if ((said === "NOERROR") !== (exitCode === 0)) throw new Error(`${exitCode}: ${text}`);
  return said;
}

async function answers(dig: string, ...question: readonly string[]): Promise<readonly string[]> {
  const { address, port } = endpointOf(host.server);
  const flags = ["+norec", "+tries=1", "+time=5", "+short"];
  const { text } = await run([dig, `@${address}`, "-p", String(port), ...flags, ...question]);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

describe.each([["nsupdate"], ["knsupdate"]])("%s", (tool) => {
  const peers = [tool, "dig"] as const;
  const SRV = ["_vlmcs._tcp.kms.test", "SRV"] as const;

  peerTest(peers, "50, 51 adds with every algorithm, by UDP and TCP", async (program, dig) => {
    expect(KEYS).toHaveLength(TSIG_ALGORITHMS.length);
    for (const [index, key] of KEYS.entries()) {
      for (const byTcp of [false, true]) {
        const line = `add w${index}.kms.test. 60 A 192.0.2.9`;
        expect(await updateBy(program, [line], { key, byTcp })).toBe("NOERROR");
        expect(await answers(dig, `w${index}.kms.test`)).toEqual(["192.0.2.9"]);
      }
    }
    expect(host.storage.records.size).toBe(KEYS.length);
  });

  peerTest(peers, "49 unsigned is REFUSED", async (program) => {
    expect(await updateBy(program, ["add w1.kms.test. 60 A 192.0.2.9"])).toBe("REFUSED");
    expect(host.storage.records.size).toBe(0);
  });

  peerTest(peers, "52, 53 prerequisites", async (program, dig) => {
    const add = "add w1.kms.test. 60 TXT done";
    const cases: readonly (readonly [prerequisite: string, said: string])[] = [
      ["yxdomain zz.kms.test.", "NXDOMAIN"],
      ["nxdomain kms.kms.test.", "YXDOMAIN"],
      ["yxrrset kms.kms.test. TXT", "NXRRSET"],
      ["nxrrset kms.kms.test. A", "YXRRSET"],
      ["yxrrset kms.kms.test. A 192.0.2.2", "NXRRSET"],
    ];
    for (const [prerequisite, said] of cases) {
      expect(await updateBy(program, [`prereq ${prerequisite}`, add], { key: MASTER })).toBe(said);
    }
    expect(await answers(dig, "w1.kms.test", "TXT")).toEqual([]);
    const met = ["prereq yxrrset kms.kms.test. A 192.0.2.1", "prereq nxdomain w1.kms.test.", add];
    expect(await updateBy(program, met, { key: MASTER })).toBe("NOERROR");
    expect(await answers(dig, "w1.kms.test", "TXT")).toEqual(['"done"']);
  });

  peerTest(peers, "59 a second host comes and goes (DNS-3)", async (program, dig) => {
    const srv = (target: string) => `_vlmcs._tcp.kms.test. 60 SRV 0 0 1688 ${target}.kms.test.`;
    const both = [`add ${srv("w1")}`, `add ${srv("w2")}`];
    expect(await updateBy(program, both, { key: MASTER })).toBe("NOERROR");
    expect(await answers(dig, ...SRV)).toHaveLength(3);
    const one = srv("w1").replace(" 60 ", " ");
    expect(await updateBy(program, [`del ${one}`], { key: MASTER })).toBe("NOERROR");
    const left = ["0 0 1688 kms.kms.test.", "0 0 1688 w2.kms.test."];
    expect(await answers(dig, ...SRV)).toEqual(left);
    expect(await updateBy(program, ["del _vlmcs._tcp.kms.test. SRV"], { key: MASTER })).toBe(
      "NOERROR",
    );
    expect(await answers(dig, ...SRV)).toEqual(left.slice(0, 1));
  });

  peerTest(peers, "types of every form, and one that nobody knows", async (program, dig) => {
    const lines = ["add h.kms.test. 60 AAAA 2001:db8::9", "add p.kms.test. 60 PTR h.kms.test."];
    lines.push('add h.kms.test. 60 TXT "a b" "c"', "add c.kms.test. 60 CNAME h.kms.test.");
    lines.push("add h.kms.test. 60 TYPE731 \\# 3 abcdef");
    expect(await updateBy(program, lines, { key: MASTER })).toBe("NOERROR");
    expect(await answers(dig, "c.kms.test", "AAAA")).toEqual(["2001:db8::9", "h.kms.test."]);
    expect(await answers(dig, "h.kms.test", "TXT")).toEqual(['"a b" "c"']);
    expect(await answers(dig, "h.kms.test", "TYPE731")).toEqual(["\\# 3 ABCDEF"]);
    expect(await updateBy(program, ["del h.kms.test."], { key: MASTER })).toBe("NOERROR");
    expect(await answers(dig, "h.kms.test", "AAAA")).toEqual([]);
  });

  peerTest(peers, "61, 62 a key that we do not know, and another secret", async (program) => {
    const line = "add w1.kms.test. 60 A 192.0.2.9";
    expect(await updateBy(program, [line], { key: keyOf("nobody.key") })).toMatch(/NOTAUTH|BADKEY/);
    const wrong = { ...MASTER, secret: new Uint8Array(32) };
    expect(await updateBy(program, [line], { key: wrong })).toMatch(/NOTAUTH|BADSIG/);
    expect(host.storage.records.size).toBe(0);
  });
});

describe.each([
  ["dig", "+tries=1"],
  ["kdig", "+retry=0"],
])("%s", (tool, once) => {
  async function ask(program: string, ...rest: readonly string[]): Promise<string> {
    const { address, port } = endpointOf(host.server);
    const flags = [`@${address}`, "-p", String(port), "+norec", once, "+time=5"];
    return (await run([program, ...flags, ...rest])).text;
  }

  peerTest([tool], "verifies the signature of an answer, by UDP and TCP", async (program) => {
    for (const key of [MASTER, ...KEYS]) {
      for (const transport of ["+notcp", "+tcp"]) {
        const text = await ask(program, "-y", keyText(key), transport, "kms.kms.test", "A");
        expect(text).toContain("192.0.2.1");
        expect(text).toMatch(/TSIG/);
        expect(text).not.toMatch(/fail|could ?n.t|invalid|WARNING/i);
      }
    }
  });

  peerTest([tool], "a negative answer, and one cut for its signature", async (program) => {
    const key = keyText(MASTER);
    expect(await ask(program, "-y", key, "nope.kms.test")).toMatch(/NXDOMAIN/);
    const text = await ask(program, "-y", key, "big.kms.test", "TXT");
    expect(text).toContain("text number 59 of sixty");
    expect(text).not.toMatch(/fail|could ?n.t|invalid/i);
  });

  peerTest([tool], "sees that a key is not known", async (program) => {
    const text = await ask(program, "-y", keyText(keyOf("nobody.key")), "kms.kms.test", "A");
    expect(text).toMatch(/BADKEY/);
    expect(text).not.toContain("192.0.2.1");
  });
});
