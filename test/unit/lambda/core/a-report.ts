import { NO_COUNTS } from "../../../../lambda/core/flip/outcome.ts";
import type { Report } from "../../../../lambda/core/report/report.ts";

/** The report of a promote that flipped twelve customers. */
export const aReport = (changes: Partial<Report> = {}): Report => ({
  ...{ rolloutId: "promote-1a2b", action: "promote", release: "2026.11.0", status: "succeeded", dryRun: false },
  ...{ counts: { ...NO_COUNTS, flipped: 12 }, exceptions: [], moreExceptions: 0 },
  ...{ startedAt: "2026-11-23T02:00:00.000Z", durationMs: 192_000, ...changes },
});
