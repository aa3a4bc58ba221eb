import { distance } from "fastest-levenshtein";

/** Longer words are compared by their beginning. */
const MOST_CHARACTERS = 40;
const MOST_MEMBERS = 8;

/** The known word that differs by at most two letters; a short word by at most one letter. */
export function findClosest(word: string, known: readonly string[]): string | undefined {
  const written = simplify(word.slice(0, MOST_CHARACTERS));
  const [closest] = known
    .map((candidate) => ({ candidate, plain: simplify(candidate) }))
    .map(({ candidate, plain }) => ({
      candidate,
      errors: distance(written, plain),
      allowed: Math.min(written.length, plain.length) < 5 ? 1 : 2,
    }))
    .filter(({ errors, allowed }) => errors <= allowed)
    .sort((a, b) => a.errors - b.errors);
  return closest?.candidate;
}

/** `; did you mean X?`, the end of a message about an unknown word; empty without a similar word. */
export function didYouMean(word: string, known: readonly string[]): string {
  const closest = findClosest(word, known);
  return closest === undefined ? "" : `; did you mean ${closest}?`;
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
