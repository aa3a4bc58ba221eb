/** The value of a JSON text; undefined for a text that is not JSON. The parser's own error would quote the text. */
export function findJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
