import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../infra/bundle.ts";
import { bundleCommandLine, COMMAND_LINE } from "../../infra/bundle-entry.ts";
import { expect, test } from "../support/jest.ts";

test("ci/cutover.mjs is what `npm run build:cli` writes now, byte by byte", () => {
  const folder = mkdtempSync(join(tmpdir(), "cutover-cli-"));
  try {
    bundleCommandLine(join(folder, "cutover.mjs"));
    const isSame = readFileSync(join(folder, "cutover.mjs")).equals(readFileSync(COMMAND_LINE));
    expect(isSame ? "up to date" : "out of date: run `npm run build:cli` and commit ci/cutover.mjs").toBe("up to date");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("npx cutover runs it, because it starts in half the time of the sources", () => {
  const { bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(join(ROOT, bin.cutover)).toBe(COMMAND_LINE);
});
