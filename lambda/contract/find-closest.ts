const LONGEST = 40;
const MOST_ERRORS = 2;

/** The known word that was probably meant: one that differs by a typing error or two. */
export function findClosest(word: string, known: readonly string[]): string | undefined {
  const came = simplify(word.slice(0, LONGEST));
  const [best] = known
    .map((candidate) => ({ candidate, plain: simplify(candidate) }))
    .filter(({ plain }) => Math.abs(plain.length - came.length) <= MOST_ERRORS)
    .map(({ candidate, plain }) => ({ candidate, plain, distance: distance(came, plain) }))
    .filter(({ plain, distance: far }) => far <= (Math.min(came.length, plain.length) < 5 ? 1 : MOST_ERRORS))
    .sort((a, b) => a.distance - b.distance);
  return best?.candidate;
}

function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[_\s-]/g, "");
}

/**
 * How many letters are left out, added, changed or swapped with their neighbour (optimal string alignment); infinite where
 * it is more than counts. So only what is near the diagonal is looked at, and most words are done with after a few letters.
 */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = i <= MOST_ERRORS ? [i] : [];
    let least = at(row, 0);
    for (let j = Math.max(1, i - MOST_ERRORS); j <= Math.min(b.length, i + MOST_ERRORS); j += 1) {
      const change = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(before, j - 2) + 1 : change;
      row[j] = Math.min(change, at(previous, j) + 1, at(row, j - 1) + 1, swap);
      least = Math.min(least, row[j] as number);
    }
    // A swap costs one error more than the row before this one.
    if (least > MOST_ERRORS && !previous.some((far) => far < MOST_ERRORS)) return Number.POSITIVE_INFINITY;
    [before, previous] = [previous, row];
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
