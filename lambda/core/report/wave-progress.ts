import type { Report } from "./report.ts";

/**
 * How many customers of each wave have an outcome. The counts also hold what the plan settled alone, and customers that
 * were not attempted; the rest was done wave by wave.
 */
export function countDoneByWave({ plan, counts, skippedBy = [] }: Partial<Report>): readonly number[] {
  const { waves = [], unchanged = 0, skipped = 0 } = plan ?? {};
  const notAttempted = skippedBy.find(({ code }) => code === "not-attempted")?.customers ?? 0;
  const recorded = Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
  let left = recorded - unchanged - skipped - notAttempted;
  return waves.map(({ customers }) => {
    const done = Math.min(Math.max(left, 0), customers);
    left -= customers;
    return done;
  });
}
