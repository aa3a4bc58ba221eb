import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "../support/jest.ts";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENTS = ["", "docs", "docs/adr", "bench"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

const read = (document: string) => readFileSync(join(ROOT, document), "utf8").replaceAll(/^ *```.*?^ *```$/gms, "");

/** The anchors that GitHub gives the headings of a document. */
function anchorsOf(document: string): readonly string[] {
  return [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test.each(DOCUMENTS)("%s has no broken link", (document) => {
  const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
  const broken = links.filter(([, file = "", anchor]) => {
    const target = file === "" ? document : relative(ROOT, join(ROOT, dirname(document), file));
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});
