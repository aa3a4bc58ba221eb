/**
 * The value of a JSON text, which may begin with a byte order mark; undefined for a text that is not JSON. The parser's own
 * error would quote the text.
 */
export function findJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}
