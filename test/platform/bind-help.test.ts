import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { explainBindError } from "../../src/platform/bind-help.ts";
import { BindError } from "../../src/platform/endpoint.ts";
import { findPortHolders } from "../../src/platform/port-holder.ts";
import { scratchDirectory } from "../support/scratch.ts";

function explain(code: string, address = "0.0.0.0", holderName?: string): string {
  const error = new BindError("dns", { address, port: 53 }, code);
  const holders = holderName === undefined ? [] : [{ processId: 812, name: holderName }];
  return explainBindError(error, holders).join("\n");
}

describe("a listener that could not be opened", () => {
  test("in use: by whom, and that the stub resolver leaves other addresses free", () => {
    const text = explain("EADDRINUSE", "0.0.0.0", "systemd-resolve");
    expect(text).toContain("the port is in use by systemd-resolve (process 812)");
    expect(text).toContain('dns.listen = ["192.0.2.10:53"]');
  });

  test("in use by someone we may not see: how to look", () => {
    expect(explain("EADDRINUSE")).toContain("ss -lntup 'sport = :53'");
  });

  test("a process's name cannot move the cursor", () => {
    expect(explain("EADDRINUSE", "0.0.0.0", "\u001b[2J")).toContain("\\x1b[2J (process 812)");
  });

  test("not permitted: three ways, none of them setcap", () => {
    for (const code of ["EACCES", "EPERM"]) {
      const text = explain(code);
      expect(text).toContain("AmbientCapabilities=CAP_NET_BIND_SERVICE");
      expect(text).toContain("net.ipv4.ip_unprivileged_port_start=53");
      expect(text).toContain('dns.listen = ["0.0.0.0:5053"]');
      expect(text).not.toContain("setcap");
    }
  });

  test("an address or a family that the machine lacks", () => {
    expect(explain("EADDRNOTAVAIL", "192.0.2.1")).toContain("no such address");
    expect(explain("EAFNOSUPPORT", "::")).toContain("no IPv6");
  });

  test("anything else by its code", () => {
    expect(explain("EIO")).toBe("dns: cannot listen on 0.0.0.0:53: EIO");
  });
});

describe("who holds a port", () => {
  test.skipIf(process.platform !== "linux")("this process, by its own /proc", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const holders = findPortHolders(port).map(({ processId }) => processId);
    await new Promise((resolve) => server.close(resolve));
    expect(holders).toEqual([process.pid]);
  });

  test("by the tables of every protocol, of TCP only those who listen", () => {
    const proc = scratchDirectory("proc");
    const row = (port: string, state: string, inode: number): string => {
      const sockets = `00000000:${port} 00000000:0000 ${state}`;
      return `   0: ${sockets} 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1 x\n`;
    };
    mkdirSync(join(proc, "net"));
    writeFileSync(
      join(proc, "net", "tcp"),
      `head\n${row("0035", "0A", 11)}${row("0035", "01", 12)}`,
    );
    writeFileSync(
      join(proc, "net", "udp6"),
      `head\n${row("0035", "07", 13)}${row("0036", "07", 14)}`,
    );
    for (const [processId, inode] of [
      [101, 11],
      [102, 12],
      [103, 13],
      [104, 14],
    ]) {
      const fd = join(proc, String(processId), "fd");
      mkdirSync(fd, { recursive: true });
      symlinkSync(`socket:[${inode}]`, join(fd, "7"));
      writeFileSync(join(proc, String(processId), "comm"), `daemon${processId}\n`);
    }
    expect(findPortHolders(53, proc)).toEqual([
      { processId: 101, name: "daemon101" },
      { processId: 103, name: "daemon103" },
    ]);
  });

  test("nobody, where there is no /proc", () => {
    expect(findPortHolders(53, "/nonexistent")).toEqual([]);
  });
});
