export interface Figures {
  readonly [name: string]: string | number;
}

/** Prints the figures of a benchmark, one a line. */
export function printFigures(figures: Figures): void {
  console.log("");
  for (const [name, value] of Object.entries(figures)) console.log(`${name}: ${value}`);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

export function toMb(bytes: number): number {
  return round(bytes / 2 ** 20);
}
