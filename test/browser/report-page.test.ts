import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeReportPage } from "../../lambda/core/report/report-page.ts";
import { afterAll, expect, test } from "../support/jest.ts";
import { findBarriers, LOOKS, useBrowser } from "../support/use-browser.ts";
import { aPage, HEBREW, SCRIPT } from "./a-page.ts";

const folder = mkdtempSync(join(tmpdir(), "cutover-page-"));
afterAll(() => rmSync(folder, { recursive: true }));
const { open } = useBrowser();

function write(customers: number): string {
  const file = join(folder, `${customers}.html`);
  writeFileSync(file, writeReportPage(aPage(customers)));
  return pathToFileURL(file).href;
}

test("opens from disk without a request, and shows every customer", async () => {
  const url = write(40);
  const { page, requests, complaints } = await open(url);
  expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("promote 2026.11.0");
  expect(await page.getByRole("table", { name: "Customers" }).getByRole("row").count()).toBe(41);
  expect(await page.getByRole("img").evaluateAll((bars) => bars.map((bar) => bar.getAttribute("aria-label")))).toEqual([
    "4 of 4 done",
    "16 of 16 done",
    "0 of 15 done",
  ]);
  expect(requests).toEqual([url]);
  expect(complaints).toEqual([]);
});

test("shows a name that is markup, and a name from right to left, as text", async () => {
  const { page, complaints } = await open(write(40));
  expect(await page.title()).toBe("promote 2026.11.0");
  expect(await page.locator("main script, main img, [onerror]").count()).toBe(0);
  expect(await page.locator("tr", { hasText: "REF-1001" }).locator("b").innerText()).toBe(SCRIPT);
  const row = page.locator("tr", { hasText: "REF-1002" });
  // Without the override, which would turn the letters after it.
  expect(await row.locator("b").innerText()).toBe(HEBREW.replace("\u202E", ""));
  const [name, id] = [await row.locator("b").boundingBox(), await row.locator("small").boundingBox()];
  expect(id?.x).toBe(name?.x);
  expect(complaints).toEqual([]);
});

test.each(LOOKS)("has no barrier that axe knows, and fits: $looks", async ({ options }) => {
  const { page } = await open(write(40), options);
  expect(await findBarriers(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(options.viewport.width);
});

test("is searched and filtered from the keyboard", async () => {
  const { page } = await open(write(40));
  const shown = page.locator(".customers tbody tr:visible");
  const search = page.getByRole("searchbox", { name: "Search" });
  await search.focus();
  await page.keyboard.type("nordwind REF-101");
  expect(await page.getByRole("status").innerText()).toBe("2 of 40 customers");
  expect(await shown.count()).toBe(2);
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowLeft");
  expect(await page.getByRole("radio", { name: "failed 3" }).isChecked()).toBe(true);
  expect(await shown.innerText()).toMatch(/^Nordwind Logistik GmbH 10\n/);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Delete");
  expect(await shown.count()).toBe(3);
});

test("draws 10,000 customers with less than 2 s of the browser's time", async () => {
  const { page } = await open("about:blank");
  const debuggers = await page.context().newCDPSession(page);
  // The time that the page's thread worked, whatever else the machine does.
  await debuggers.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(write(10_000));
  await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
  const { metrics } = await debuggers.send("Performance.getMetrics");
  expect(metrics.find(({ name }) => name === "ThreadTime")?.value).toBeLessThan(2);
  await page.locator("[type=search]").fill("REF-10999");
  expect(await page.locator("[role=status]").innerText()).toBe("1 of 10,000 customers");
});
