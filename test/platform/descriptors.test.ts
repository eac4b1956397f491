import { expect, test } from "bun:test";
import { descriptorLimit, parseDescriptorLimit } from "../../src/platform/descriptors.ts";

const line = (soft: string) =>
  `Max processes             95000     95000     processes \n` +
  `Max open files            ${soft.padEnd(20)} 524288               files     \n`;

test("the soft limit of open files, as proc_pid_limits(5) writes it", () => {
  expect(parseDescriptorLimit(line("1024"))).toBe(1024);
  expect(parseDescriptorLimit(line("unlimited"))).toBeUndefined();
  expect(parseDescriptorLimit("")).toBeUndefined();
});

test.if(process.platform === "linux")("this process has one (Linux)", () => {
  expect(descriptorLimit()).toBeGreaterThan(0);
});
