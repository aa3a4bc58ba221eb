import { existsSync } from "node:fs";
import axe, { type AxeResults } from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "./jest.ts";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run"];
const ALONE = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

const VIEWPORTS = [
  ["on a phone", { width: 375, height: 720 }],
  ["on a desktop", { width: 1_280, height: 800 }],
] as const;

/** How a page is looked at. */
export const LOOKS = VIEWPORTS.flatMap(([where, viewport]) =>
  (["light", "dark"] as const).map((colorScheme) => ({
    looks: `${colorScheme}, ${where}`,
    options: { colorScheme, viewport },
  })),
);

/** A real Chromium for a file of tests. */
export function useBrowser() {
  let browser: Browser;

  beforeAll(async () => {
    if (!existsSync(EXECUTABLE))
      throw new Error(`no Chromium at ${EXECUTABLE}: apt-get install chromium, or set CHROMIUM to its path`);
    const args = ["--no-sandbox", ...QUIET, ...ALONE];
    browser = await chromium.launch({ executablePath: EXECUTABLE, headless: true, args });
  });
  afterAll(() => browser.close());

  return {
    /** A page, and what it asked for, ran into and was warned of, besides the page itself. */
    async open(url: string, options: BrowserContextOptions = {}) {
      const page = await (await browser.newContext(options)).newPage();
      const requests: string[] = [];
      const complaints: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => complaints.push(message.text()));
      page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
      await page.goto(url);
      return { page, requests, complaints };
    },
  };
}

/** What axe finds, by rule and element. Its code comes in by the debugger, because pages let no other script run. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`));
}
