import { NOT_ATTEMPTED, type Outcome } from "../flip/outcome.ts";
import { isConflicting, toSentence } from "./exception-sections.ts";
import type { Report } from "./report.ts";

/** How many customers were skipped for each reason: by the plan and later, as far as the report names them. */
export function countSkipped(report: Report): ReadonlyMap<string, number> {
  const { plan, counts, exceptions } = report;
  const planned = new Map(Object.entries(plan?.skippedBy ?? {}));
  const later = counts.skipped - (plan?.skipped ?? 0);
  if (later <= 0) return planned;
  const skipped = exceptions.filter((outcome) => outcome.outcome === "skipped" && !isConflicting(outcome));
  // The customers that the plan itself skipped come first.
  const byReason = countBy(skipped.slice(plan?.skipped ?? 0), (outcome) => toSkipReason(outcome, report));
  const notStarted = Math.min(countNotStarted(report), later);
  if (notStarted > (byReason.get(STOPPED) ?? 0)) byReason.set(STOPPED, notStarted);
  const more = later - [...byReason.values()].reduce((sum, customers) => sum + customers, 0);
  const all = new Map(planned);
  for (const [reason, customers] of byReason) all.set(reason, (all.get(reason) ?? 0) + customers);
  if (more > 0) all.set(byReason.size > 0 ? "more, for these or other reasons" : "not attempted", more);
  return all;
}

const STOPPED = "not attempted: the rollout was stopped";

/** Why the rollout was stopped stands at the head of its report. */
function toSkipReason(outcome: Outcome, { problem }: Report): string {
  const { reason } = outcome;
  const why = reason.startsWith(NOT_ATTEMPTED) ? reason.slice(NOT_ATTEMPTED.length) : undefined;
  return why !== undefined && problem?.includes(why) ? STOPPED : toSentence(outcome);
}

function countBy<Item>(items: readonly Item[], toKey: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(toKey(item), (counts.get(toKey(item)) ?? 0) + 1);
  return counts;
}

/** The customers of the waves that a stopped rollout did not start. */
function countNotStarted({ plan, waves, problem }: Report): number {
  if (waves === undefined || problem === undefined) return 0;
  const left = plan?.waves.filter(({ wave }) => !waves.some((started) => started.wave === wave)) ?? [];
  return left.reduce((sum, { customers }) => sum + customers, 0);
}
