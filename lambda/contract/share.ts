import * as z from "zod";

const SHARE = 'expected a share such as "10%" or "0.5%": more than 0%, at most 100%, with at most two decimals';

export const Share = z
  .string({ error: SHARE })
  .regex(/^(?!0(?:\.00?)?%)(?:100(?:\.00?)?|[1-9]?\d(?:\.\d{1,2})?)%$/, SHARE);

/** The customers of a share in hundredths of a percent, rounded up. */
export function roundUpShare(hundredths: number, customers: number): number {
  return Math.ceil((customers * hundredths) / 10_000);
}
