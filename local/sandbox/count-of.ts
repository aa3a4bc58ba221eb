import { formatNumber } from "../../lambda/core/report/text-layout.ts";

/** "1 customer", "1,000 customers" */
export function countOf(number: number, thing: string): string {
  return `${formatNumber(number)} ${thing}${number === 1 ? "" : "s"}`;
}
