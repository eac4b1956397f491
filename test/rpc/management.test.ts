import { describe, expect, test } from "bun:test";
import type { RpcOutcome } from "../../src/rpc/interface.ts";
import { managementInterface } from "../../src/rpc/management.ts";
import { echoInterface } from "./echo-interface.ts";
import { hex, octets } from "./octets.ts";

const STATISTICS = { callsReceived: 1, callsSent: 0, pdusReceived: 0x01020304, pdusSent: 4 };

function call(opnum: number, stub: string, littleEndian = true): string {
  const management = managementInterface([echoInterface()], () => STATISTICS);
  const outcomes: RpcOutcome[] = [];
  const peer = { address: "192.0.2.1", port: 1 };
  const connection = { onClose: () => {} };
  management.invoke(
    { opnum, stub: octets(stub), littleEndian, objectUuid: undefined, peer, connection },
    (outcome) => outcomes.push(outcome),
  );
  const [outcome] = outcomes;
  if (outcome === undefined || outcomes.length > 1) throw new Error("not exactly one outcome");
  return outcome.kind === "response" ? hex(outcome.stub) : `fault ${outcome.status.toString(16)}`;
}

const plain = (text: string): string => text.replaceAll(" ", "");

describe("the management interface (C706 appendix Q)", () => {
  test("0 inq_if_ids: what is offered, without the management interface itself", () => {
    expect(call(0, "")).toBe(
      plain(
        "00000200 01000000 01000000 04000200" +
          "c55ea160 e84d d711 a637 005056a20182 0100 0000 00000000",
      ),
    );
  });

  test("1 inq_stats: calls in and out, PDUs in and out, as many as asked for", () => {
    const all = plain("04000000 04000000 01000000 00000000 04030201 04000000 00000000");
    expect(call(1, "04000000")).toBe(all);
    expect(call(1, "ffffffff")).toBe(all);
    expect(call(1, "00000001", false)).toBe(plain("01000000 01000000 01000000 00000000"));
    expect(call(1, "00000000")).toBe(plain("00000000 00000000 00000000"));
    expect(call(1, "0000")).toBe("fault 6f7");
  });

  test("2 is_server_listening: yes", () => {
    expect(call(2, "")).toBe(plain("00000000 01000000"));
  });

  test("3 stop_server_listening: denied", () => {
    expect(call(3, "")).toBe("05000000");
  });

  test("4 inq_princ_name: none, whatever the authentication", () => {
    expect(call(4, "0a000000 00010000")).toBe(
      plain("00010000 00000000 01000000 00 000000 d3060000"),
    );
    expect(call(4, "0a000000")).toBe("fault 6f7");
  });
});
