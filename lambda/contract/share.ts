import { textMatching } from "./text-matching.ts";

export const Share = textMatching(
  /^(?!0(?:\.00?)?%)(?:100(?:\.00?)?|[1-9]?\d(?:\.\d{1,2})?)%$/,
  'expected a share such as "10%" or "0.5%": more than 0%, at most 100%, with at most two decimals',
);

/** The customers of a share in hundredths of a percent, rounded up. */
export function roundUpShare(hundredths: number, customers: number): number {
  return Math.ceil((customers * hundredths) / 10_000);
}
