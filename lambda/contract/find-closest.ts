import { closest, distance } from "fastest-levenshtein";

/** Longer words are compared by their beginning. */
const MOST_CHARACTERS = 40;
const MOST_MEMBERS = 8;

/** The closest known word, when it differs by at most two letters; a short word by at most one letter. */
export function findClosest(word: string, known: readonly string[]): string | undefined {
  const written = simplify(word.slice(0, MOST_CHARACTERS));
  const knownByPlain = new Map(known.map((candidate) => [simplify(candidate), candidate]));
  const plain = closest(written, [...knownByPlain.keys()]);
  const allowed = Math.min(written.length, plain.length) < 5 ? 1 : 2;
  return distance(written, plain) <= allowed ? knownByPlain.get(plain) : undefined;
}

/** `; did you mean X?`, the end of a message about an unknown word; empty without a similar word. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = findClosest(word, known);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

/** The same for the first unknown member of an object with a similar known member. */
export function didYouMeanMember(input: unknown, known: readonly string[]): string {
  const members = typeof input === "object" && input !== null && !Array.isArray(input) ? Object.keys(input) : [];
  const unknown = members.filter((member) => !known.includes(member)).slice(0, MOST_MEMBERS);
  return unknown.map((member) => didYouMean(member, known)).find((hint) => hint !== "") ?? "";
}

function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[_\s-]/g, "");
}
