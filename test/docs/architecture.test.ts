import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");

function readWalk(title: string): readonly string[] {
  const [, section = ""] = new RegExp(`\n## ${title}\n(.*?)(?=\n## |$)`, "s").exec(DOCUMENT) ?? [];
  return [...section.matchAll(/^\d+\. `(.*?)`/gm)].map(([, file = ""]) => file);
}

describe.each([
  ["A flip", 24],
  ["A rollback", 14],
] as const)("the walk along %s", (title, mostFiles) => {
  test("names files that exist, each once", () => {
    const files = readWalk(title);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(new Set(files).size).toBe(files.length);
  });

  test(`lists at most ${mostFiles} files`, () => {
    expect(readWalk(title).length).toBeGreaterThan(0);
    expect(readWalk(title).length).toBeLessThanOrEqual(mostFiles);
  });
});
