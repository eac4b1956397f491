// What start, build and test share: installing, finding the tools, running them.
// Plain Node and nothing else: this runs before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A real executable is larger than the stub that the package carries until its script has run. */
const EXECUTABLE_SIZE_MINIMUM = 1024 * 1024;

/** Installs what package-lock.json says, unless it is there already. True where that went well. */
export function install() {
  if (isInstalled()) return true;
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm === undefined ? ["npm"] : [process.execPath, npm];
  // The checks and Bun itself are development packages: NODE_ENV=production must not leave them
  // out.
  const result = spawnSync(command, [...first, "ci", "--include=dev", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
  });
  return result.status === 0;
}

/** Compares what npm says it installed with what the lock file asks for. */
function isInstalled() {
  try {
    const wanted = readPackages("package-lock.json");
    const present = readPackages(join("node_modules", ".package-lock.json"));
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === "") return true;
      // Packages for other platforms are in the lock file only.
      if (present[path] === undefined) return entry.optional === true;
      return present[path].version === entry.version;
    });
  } catch {
    return false;
  }
}

function readPackages(path) {
  return JSON.parse(readFileSync(join(root, path), "utf8")).packages;
}

/**
 * Bun as npm brought it. Its install script puts the executable into the package; where scripts are
 * not allowed, it stays in the package of the platform.
 */
export function findBun() {
  const found = bunCandidates().find((path) => {
    if (!existsSync(path) || statSync(path).size < EXECUTABLE_SIZE_MINIMUM) return false;
    // Of several builds for one platform, not every processor runs each.
    return spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0;
  });
  if (found === undefined) throw new Error("Bun is not in node_modules: run npm ci");
  return found;
}

function bunCandidates() {
  const modules = join(root, "node_modules");
  const platforms = join(modules, "@oven");
  const builds = existsSync(platforms) ? readdirSync(platforms).sort() : [];
  return [
    join(modules, "bun", "bin", "bun.exe"),
    ...builds.flatMap((build) =>
      ["bun", "bun.exe"].map((name) => join(platforms, build, "bin", name)),
    ),
  ];
}

/** Runs to the end with our own output; resolves to the exit code, 1 where a signal ended it. */
export function run(command, parameters, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, { cwd: root, stdio: "inherit", ...options });
    child.on("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(1);
    });
    child.on("close", (code) => resolve(code ?? 1));
  });
}
