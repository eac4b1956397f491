/** The status page in a browser of others, driven from outside. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { formatEndpoint } from "../../src/platform/endpoint.ts";
import { askAll, newRequest } from "../support/callers.ts";
import { executable, type RunningAppliance, startExecutable } from "../support/executable.ts";
import { peer } from "../support/peers.ts";
import { only } from "../support/world.ts";

const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];
const TIMEOUT_MILLISECONDS = 60_000;
const BUILD_MILLISECONDS_MAXIMUM = 120_000;

const path = peer("chromium");
const describePeer = path === undefined ? describe.skip : describe;

/** What a page asked for, and what it complained of. */
type Watched = { readonly page: Page; readonly asked: string[]; readonly complaints: string[] };

describePeer("the page in a browser", () => {
  let appliance: RunningAppliance;
  let url: string;
  let profile: string;
  let context: BrowserContext;

  beforeAll(async () => {
    executable();
    appliance = await startExecutable();
    url = `http://${formatEndpoint(only(appliance.listening.http))}/`;
    profile = mkdtempSync(join(tmpdir(), "muster-browser-"));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: path ?? "",
      args: FLAGS,
      viewport: { width: 1280, height: 900 },
    });
  }, BUILD_MILLISECONDS_MAXIMUM);

  afterAll(async () => {
    await context?.close();
    await appliance?.stop();
    if (profile !== undefined) rmSync(profile, { recursive: true, force: true });
  });

  async function open(target = url): Promise<Watched> {
    const page = await context.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (line) => {
      if (["error", "warning"].includes(line.type())) complaints.push(line.text());
    });
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
    await page.goto(target);
    return { page, asked, complaints };
  }

  const textOf = async (page: Page, selector: string): Promise<string> =>
    (await page.textContent(selector)) ?? "";
  const countOf = async (page: Page): Promise<number> =>
    Number(await textOf(page, "#count .count"));
  /** Waits for a text in the page, without a script in it: the page's policy lets none in. */
  const seen = (page: Page, selector: string, text: RegExp): Promise<void> =>
    page.locator(selector, { hasText: text }).first().waitFor();

  test(
    "asks for nothing outside the box and complains of nothing",
    async () => {
      const { page, asked, complaints } = await open();
      await page.waitForSelector("#chart canvas");
      await page.waitForSelector('#connection[data-state="live"]');
      expect(asked.map((address) => new URL(address).pathname).sort()).toEqual([
        "/",
        "/",
        "/api/v1/history",
        "/api/v1/status/stream",
        "/assets/app.js",
        "/assets/icon.svg",
        "/assets/style.css",
      ]);
      for (const address of asked) expect(address).toStartWith(url);
      expect(complaints).toEqual([]);
      await page.close();
    },
    TIMEOUT_MILLISECONDS,
  );

  test(
    "shows the count as clients activate, and their events, without being loaded anew",
    async () => {
      const { page, asked, complaints } = await open();
      await page.waitForSelector('#connection[data-state="live"]');
      const before = await countOf(page);
      await page.evaluate("window.isSameDocument = true");
      const requests = Array.from({ length: 30 }, (_, index) =>
        newRequest({ machineName: `BROWSER-${index}<b>` }),
      );
      await askAll(only(appliance.listening.rpc), requests);
      await seen(page, "#count .count", new RegExp(`^${before + 30}$`));
      await seen(page, "#events", /BROWSER-/);
      expect(await textOf(page, "#events")).toContain("<b>");
      expect(await page.evaluate("window.isSameDocument")).toBe(true);
      expect(await textOf(page, "#count")).toContain("Client systems need 25: reached");
      // It fetched itself, and no more often than once a second.
      const fetched = asked.filter((address) => address === url).length;
      expect(fetched).toBeGreaterThan(1);
      expect(complaints).toEqual([]);
      await page.close();
    },
    TIMEOUT_MILLISECONDS,
  );

  test(
    "what the reader opened stays open, and the keyboard stays where it was",
    async () => {
      const { page } = await open();
      await page.waitForSelector('#connection[data-state="live"]');
      await page.click("#history-figures summary");
      const before = await countOf(page);
      await askAll(only(appliance.listening.rpc), [newRequest(), newRequest()]);
      await seen(page, "#count .count", new RegExp(`^${before + 2}$`));
      expect(await page.evaluate(`document.querySelector("#history-figures").open`)).toBe(true);
      await page.focus("#chart button:nth-of-type(2)");
      await page.keyboard.press("Enter");
      await page.waitForSelector('#chart button:nth-of-type(2)[aria-pressed="true"]');
      await page.close();
    },
    TIMEOUT_MILLISECONDS,
  );

  test(
    "says that it is stale when the host is gone",
    async () => {
      const other = await startExecutable();
      const { page } = await open(`http://${formatEndpoint(only(other.listening.http))}/`);
      await page.waitForSelector('#connection[data-state="live"]');
      await other.stop();
      await page.waitForSelector('#connection[data-state="lost"]');
      await page.close();
    },
    TIMEOUT_MILLISECONDS,
  );

  const axe = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");
  for (const scheme of ["light", "dark"] as const) {
    for (const width of [1280, 360]) {
      test(
        `is accessible and fits, ${scheme}, ${width} pixels wide`,
        async () => {
          for (const target of ["", "docs/api", "docs/configuration", "problems"]) {
            const { page } = await open("about:blank");
            await page.emulateMedia({ colorScheme: scheme });
            await page.setViewportSize({ width, height: 800 });
            await page.goto(`${url}${target}`);
            if (target === "") await page.waitForSelector("#chart canvas");
            // Evaluated by the debugger: the page's own policy lets no script in.
            await page.evaluate(axe);
            const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
            const grave = violations.filter(({ impact }) => {
              return impact === "serious" || impact === "critical";
            });
            expect(
              grave.map(({ id, nodes }) => `${target} ${id}: ${nodes[0]?.html} (${nodes.length})`),
            ).toEqual([]);
            const overflow = "document.documentElement.scrollWidth - innerWidth";
            expect(await page.evaluate(overflow)).toBe(0);
            await page.close();
          }
        },
        TIMEOUT_MILLISECONDS,
      );
    }
  }

  test(
    "is complete without a script",
    async () => {
      const plain = await chromium.launch({ executablePath: path ?? "", args: FLAGS });
      const silent = await plain.newContext({ javaScriptEnabled: false });
      const page = await silent.newPage();
      await page.goto(url);
      expect(await countOf(page)).toBeGreaterThan(0);
      for (const id of ["attention", "requests", "clients", "events", "dns", "host"]) {
        expect((await textOf(page, `#${id}`)).length).toBeGreaterThan(0);
      }
      expect(await page.locator("#events tbody tr").count()).toBeGreaterThan(1);
      await plain.close();
    },
    TIMEOUT_MILLISECONDS,
  );
});
