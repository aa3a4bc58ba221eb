import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "../support/jest.ts";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");

function readWalk(title: string): readonly string[] {
  const [, section = ""] = new RegExp(`\n## ${title}\n(.*?)(?=\n## |$)`, "s").exec(DOCUMENT) ?? [];
  return [...section.matchAll(/^\d+\. `(.*?)`/gm)].map(([, file = ""]) => file);
}

test.each(["A flip", "A gate", "An approval", "A freeze", "A rollback"])(
  "the walk along %s names files that exist, each once",
  (title) => {
    const files = readWalk(title);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(new Set(files).size).toBe(files.length);
  },
);
