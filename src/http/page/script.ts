/**
 * A macro: runs where the program is bundled (or, from source, loaded), so that what browsers get
 * is TypeScript here and one embedded text there. A bundler within the bundler would wait for
 * itself: it is a process of its own.
 */
export function browserScript(): string {
  const entry = Bun.fileURLToPath(new URL("./browser/main.ts", import.meta.url));
  const parameters = ["build", entry, "--minify", "--target=browser", "--format=iife"];
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, ...parameters], {
    env: { ...process.env, BUN_BE_BUN: "1" },
  });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString();
}
