import { distance } from "fastest-levenshtein";

/** Longer words are compared by their beginning. */
const MOST_CHARACTERS = 40;

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

function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[_\s-]/g, "");
}
