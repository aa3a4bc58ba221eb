import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "../support/jest.ts";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");

function readWalk(title: string): readonly string[] {
  const [, section = ""] = new RegExp(`\n## ${title}\n(.*?)(?=\n## |$)`, "s").exec(DOCUMENT) ?? [];
  return [...section.matchAll(/^\d+\. `(.*?)`/gm)].map(([, file = ""]) => file);
}

const WALKS = [...DOCUMENT.matchAll(/^## (.*)$/gm)].map(([, title = ""]) => title);

test.each(WALKS)("the walk along %s names files that exist", (title) => {
  const files = readWalk(title);
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

test.each([
  ["A flip", 24],
  ["A gate", 9],
  ["A rollback", 14],
])("the walk along %s has each file once, and at most %d files", (title, most) => {
  const files = readWalk(title);
  expect(new Set(files).size).toBe(files.length);
  expect(files.length).toBeLessThanOrEqual(most);
});
