import { describe, expect, test } from "bun:test";
import { runCommand } from "../support/command.ts";

const QUIET = { MUSTER_CONFIG: "/dev/null" };

describe("status", () => {
  const ask = (parameters: readonly string[], answer: () => Response | Promise<Response>) => {
    const asked: string[] = [];
    const fetch = async (url: string): Promise<Response> => {
      asked.push(url);
      return answer();
    };
    return runCommand(["status", ...parameters], { fetch, environment: QUIET }).then((result) => ({
      ...result,
      asked,
    }));
  };

  test("asks where the configuration says that the service listens", async () => {
    const result = await ask([], () => new Response("count 7\n"));
    expect(result).toMatchObject({ exitCode: 0, stdout: "count 7\n" });
    expect(result.asked).toEqual(["http://127.0.0.1:8080/status.txt"]);
  });

  test("asks a wildcard's loopback, an IPv6 address in brackets, another host by its URL", async () => {
    const answer = (): Response => new Response("");
    const asked = async (...parameters: string[]): Promise<string | undefined> =>
      (await ask(parameters, answer)).asked[0];
    expect(await asked("--set", "http.listen=0.0.0.0:81")).toBe("http://127.0.0.1:81/status.txt");
    expect(await asked("--set", "http.listen=[::]:81")).toBe("http://[::1]:81/status.txt");
    expect(await asked("--url", "http://192.0.2.1:81", "--json")).toBe(
      "http://192.0.2.1:81/status",
    );
    expect(await asked("--url", "http://192.0.2.1/box")).toBe("http://192.0.2.1/box/status.txt");
  });

  test("what answers cannot move the cursor", async () => {
    const { stdout } = await ask([], () => new Response("name \u001b[2J\u202e\nnext\n"));
    expect(stdout).toBe("name \\x1b[2J\\u202e\nnext\n");
  });

  const failures: readonly (readonly [string, () => Response | Promise<Response>, string])[] = [
    ["nobody answers", () => Promise.reject(new Error("no route")), "no route"],
    ["something else answers", () => new Response("", { status: 404 }), "HTTP 404"],
    ["it does not end", () => new Response("x".repeat(2 ** 21)), "the answer is no status"],
  ];
  for (const [name, answer, reason] of failures) {
    test(`5 where ${name}`, async () => {
      const { exitCode, stdout, stderr } = await ask([], answer);
      expect([exitCode, stdout]).toEqual([5, ""]);
      expect(stderr).toStartWith(
        `no appliance answers at http://127.0.0.1:8080/status.txt: ${reason};`,
      );
    });
  }

  test("5 where the service is switched off", async () => {
    const { exitCode, stderr } = await ask(["--set", "http.listen="], () => new Response(""));
    expect(exitCode).toBe(5);
    expect(stderr).toContain("http.listen is empty");
  });
});
