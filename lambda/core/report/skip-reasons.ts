import type { Exception, Report } from "./report.ts";

/** How many customers were skipped for each reason: by the plan and later, as far as the report names them. */
export function countSkipped(report: Report): ReadonlyMap<string, number> {
  const { plan, counts, exceptions } = report;
  const planned = new Map((plan?.skippedBy ?? []).map(({ message, customers }) => [message, customers]));
  const later = counts.skipped - (plan?.skipped ?? 0);
  if (later <= 0) return planned;
  const skipped = exceptions.filter(({ outcome }) => outcome === "skipped");
  // The customers that the plan itself skipped come first.
  const byReason = countBy(skipped.slice(plan?.skipped ?? 0), toSkipReason);
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
function toSkipReason({ reason }: Exception): string {
  return reason.code === "not-attempted" ? STOPPED : reason.message;
}

function countBy<Item>(items: readonly Item[], toKey: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(toKey(item), (counts.get(toKey(item)) ?? 0) + 1);
  return counts;
}

/** The customers of the waves that a stopped rollout did not start. */
function countNotStarted({ plan, waves, problems }: Report): number {
  if (waves === undefined || problems === undefined) return 0;
  const left = plan?.waves.filter(({ wave }) => !waves.some((started) => started.wave === wave)) ?? [];
  return left.reduce((sum, { customers }) => sum + customers, 0);
}
