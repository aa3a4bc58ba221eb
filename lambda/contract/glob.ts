import { lineOf } from "./text-matching.ts";

/** A text in which `*` matches any characters, also `/`, and every other character matches itself. */
export function Glob(what: string) {
  return lineOf(1, 200, `expected ${what}: 1 to 200 characters in one line, in which * stands for any characters`);
}

/**
 * Whether a text matches a glob. Node's `path.matchesGlob` is for file paths: its `*` stops at `/` and at a leading dot,
 * and it gives a meaning to `?`, `[`, `{`, `!`, `\` and `..`, which names of branches and tags may contain.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const [first = "", ...others] = glob.split("*");
  const last = others.pop();
  if (last === undefined) return text === glob;
  if (!text.startsWith(first) || !text.slice(first.length).endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
