// npm start: installs, builds and runs the appliance for a look at it, on ports that need no
// privilege.
import { spawn } from "node:child_process";
import { build } from "./build.mjs";
import { install } from "./tools.mjs";

function main() {
  if (!install()) throw new Error("npm ci failed");
  const parameters = ["serve", "--trial", ...process.argv.slice(2)];
  const child = spawn(build(), parameters, { stdio: "inherit" });
  // Ctrl-C reaches the appliance by itself; it ends in order, and then so do we.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("close", (code) => {
    process.exitCode = code ?? 1;
  });
}

try {
  main();
} catch (error) {
  console.error(`start: ${error.message}`);
  process.exitCode = 1;
}
