import fc from "fast-check";

/**
 * Any code point that is no half of a pair, for `fc.string({ unit: anyCharacter })`. fast-check's own unit "binary" is the
 * same, and builds a map of all million of them for every arbitrary.
 */
export const anyCharacter = fc
  .nat({ max: 0x10_ffff })
  .filter((codePoint) => !isHalf(codePoint))
  .map((codePoint) => String.fromCodePoint(codePoint), toCodePoint);

function isHalf(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff;
}

/** So that strings that are often trouble, such as `__proto__`, are made of it, too. */
function toCodePoint(value: unknown): number {
  const [character, ...more] = typeof value === "string" ? [...value] : [];
  const codePoint = character?.codePointAt(0);
  if (codePoint === undefined || more.length > 0) throw new Error("not one character");
  return codePoint;
}
