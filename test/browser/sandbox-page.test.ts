import type { Page } from "playwright-core";
import { expect, test } from "../support/jest.ts";
import { findBarriers, LOOKS, useBrowser } from "../support/use-browser.ts";
import { useSandbox } from "../support/use-sandbox.ts";

const waves = [{ customers: 20, bakeMinutes: 1_440 }, { rest: true }];
const { cutover, port } = useSandbox(
  {
    ...{ strategies: { "long-bake": { waves } }, strategy: "long-bake", settleSeconds: 1 },
    ...{ requestsPerSecond: 2_000, startRequestsPerSecond: 1_000 },
  },
  ...["--customers", "300", "--fast", "600"],
);
const { open } = useBrowser();

async function openWhileBaking(options: Parameters<typeof open>[1] = {}) {
  const opened = await open(`http://127.0.0.1:${port()}/`, options);
  await opened.page.getByText("bakes, wave 1 of 2").waitFor();
  return opened;
}

/** Presses a button as a viewer without a mouse does, agrees, and returns what was asked and what was answered. */
async function press(page: Page, name: string): Promise<readonly string[]> {
  const asked = new Promise<string>((resolve) => {
    page.once("dialog", (dialog) => {
      resolve(dialog.message());
      dialog.accept().catch(() => {});
    });
  });
  await page.getByRole("button", { name }).focus();
  await page.keyboard.press("Enter");
  const answer = page.getByRole("dialog").locator("p").first();
  await answer.waitFor();
  const answered = await answer.innerText();
  await page.keyboard.press("Escape");
  return [await asked, answered];
}

test("a viewer pauses, resumes and aborts the rollout that bakes, by the widget's buttons", async () => {
  expect(await cutover("stage", "1.0", "--all", "--yes", "--no-watch")).toMatchObject({ code: 0 });
  const { page, complaints } = await openWhileBaking();
  const buttons = () => page.locator("#widget button").allInnerTexts();
  expect(await buttons()).toEqual(["Pause", "Skip this bake", "Abort", "Stop everything"]);

  await page.getByLabel("Your name").fill("ann");
  const [asked, refused] = await press(page, "Pause");
  expect(asked).toBe("Pause: stage 1.0 flips no further customer for an hour, or until it is resumed.");
  expect(refused).toContain("the command was refused, nothing was done");

  await page.getByLabel("Reason").fill("<b>calls</b> drop");
  expect((await press(page, "Pause"))[1]).toContain("pause is noted");
  await page.getByText("ann").first().waitFor();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(await buttons()).toEqual(["Resume", "Skip this bake", "Abort", "Stop everything"]);
  expect((await press(page, "Resume"))[1]).toContain("resume is noted");

  expect((await press(page, "Abort"))[0]).toBe("Abort: stage 1.0 ends; every customer that it flipped is restored.");
  await page.locator(".pill", { hasText: "rolled back" }).waitFor();
  expect(await page.getByText("aborted by ann").first().innerText()).toContain("<b>calls</b> drop");
  expect(await buttons()).toEqual(["Stop everything"]);
  expect(complaints.filter((text) => !text.startsWith("dialog: "))).toEqual([]);

  await page.getByRole("link", { name: "stage 1.0" }).click();
  expect(await page.locator("tr[data-outcome=restored]").count()).toBe(20);
});

test.each(LOOKS)("the widget has no barrier that axe knows, and fits: $looks", async ({ options }) => {
  const { page } = await open(`http://127.0.0.1:${port()}/`, options);
  await page.getByRole("button", { name: "Stop everything" }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(options.viewport.width);
});
