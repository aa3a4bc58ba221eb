const MOST_CHARACTERS = 80;
const MOST_NAMES = 8;

/** A value in one short line: never a whole object, a control character or a password. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return `an object with ${listShortly(Object.keys(value)) || "no members"}`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "string") return String(value);
  return `"${cut(escapeText(hideSecrets(value)))}"`;
}

/** The first names, each cut to a readable length. */
export function listShortly(names: readonly string[], most = MOST_NAMES): string {
  const shown = names.slice(0, most).map((name) => cut(escapeText(name)));
  const more = names.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Escapes characters that break a line, are invisible on a terminal or change the text's direction. */
export function escapeText(text: string): string {
  return text.replaceAll(/["\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : `\\u${character.codePointAt(0)?.toString(16).padStart(4, "0")}`,
  );
}

/** Hides secrets in addresses and in `name=value`; linear in the text's length. */
function hideSecrets(text: string): string {
  const colon = text.indexOf(":");
  const at = text.lastIndexOf("@");
  const bare = colon >= 0 && colon < at ? `${text.slice(0, colon + 1)}…${text.slice(at)}` : text;
  return bare
    .slice(0, 4 * MOST_CHARACTERS)
    .replace(/(:\/\/[^\s?#]*[?#]).*$/s, "$1…")
    .replace(/((?:pass\w*|pwd|secret|token|api[_-]?key|authorization|bearer|cookie)["']?\s*[\s:=]\s*).*$/is, "$1…");
}

function cut(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1).toWellFormed()}…` : text;
}
