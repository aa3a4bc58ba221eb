import { countOutcomes, type Outcome, totalOf } from "../../../lambda/core/flip/outcome.ts";
import { type FakeCustomer, flagAt } from "./customers.ts";
import { MAY_STOP } from "./misbehaviours.ts";
import type { History, Played } from "./play-history.ts";

/**
 * Compares what the reports and the ledger say with where each customer stands once everything has landed; says what cannot
 * be true of the customers, the counts and the statuses.
 */
export function judgeHistory(history: History): readonly string[] {
  return [
    ...[...findMisplaced(history), ...findOutside(history), ...findMissed(history)],
    ...[...history.rollouts.flatMap((rollout) => findWrongReport(history, rollout)), ...findFloods(history)],
  ];
}

/** Undefined where a report admits that it does not know. */
type Claims = Map<string, { readonly flag: boolean | undefined; readonly by: string }>;

function findMisplaced({ fake, rollouts }: History): string[] {
  const claims: Claims = new Map(
    fake.customers.map(({ id, firstFlag }) => [id, { flag: firstFlag, by: "no rollout" }]),
  );
  for (const rollout of rollouts) applyClaims(claims, rollout, rollouts[0] ?? rollout);
  return fake.customers.flatMap((customer) => {
    const { flag, by } = claims.get(customer.id) ?? {};
    const isTrue = flag === undefined || flag === flagAt(customer, Number.POSITIVE_INFINITY);
    return isTrue || customer.change?.kind === "deleted"
      ? []
      : `${customer.id} stands ${flag ? "in production" : "on staging"}, by ${by}`;
  });
}

function applyClaims(claims: Claims, { action, outcomes, restores }: Played, source: Played): void {
  const wanted = (action === "rollback" ? source.action : action) === "stage";
  const claim = ({ customerId, outcome, reason }: Outcome, flag: boolean | undefined) =>
    claims.set(customerId, { flag, by: `${action}: ${outcome} (${reason.code})` });
  for (const one of outcomes) {
    if (one.outcome === "flipped" || one.outcome === "unchanged") claim(one, wanted);
    else if (one.reason.code === "may-be-flipped") claim(one, undefined);
    else claim(one, claims.get(one.customerId)?.flag);
  }
  for (const one of restores) {
    if (one.outcome === "flipped") claim(one, !wanted);
    else if (one.reason.code === "may-be-restored") claim(one, undefined);
  }
}

/** Requests for customers that were not in the policy's accounts, and had left them more than 5 s before. */
function findOutside({ fake, accountIds }: History): string[] {
  const changedAt = new Map(fake.customers.map(({ id, change }) => [id, change?.atMs ?? 0]));
  return fake.posts
    .filter(
      ({ customerId, accountId, atMs }) =>
        !accountIds.includes(accountId) && atMs - (changedAt.get(customerId) ?? 0) > 5_000,
    )
    .map(({ customerId }) => `${customerId} was flipped outside of the policy's accounts`);
}

/** Customers that stood still and match the targets, and of which a rollout that succeeded says nothing. */
function findMissed(history: History): string[] {
  const succeeded = history.rollouts.filter(
    ({ action, report }) => action !== "rollback" && (report?.status === "succeeded" || report?.status === "partial"),
  );
  return succeeded.flatMap((rollout) =>
    findUnnamed(history, rollout).flatMap(({ id, change }) =>
      change === undefined ? `${id} was missed by ${rollout.action}` : [],
    ),
  );
}

/** Customers that match the targets at the end, and that neither the ledger nor the report names. */
function findUnnamed({ fake, accountIds, selects }: History, { outcomes, report }: Played): FakeCustomer[] {
  const named = new Set([...outcomes, ...(report?.exceptions ?? [])].map(({ customerId }) => customerId));
  return fake.customers.filter(
    (one) => one.change?.kind !== "deleted" && accountIds.includes(one.accountId) && selects(one) && !named.has(one.id),
  );
}

/** Whether a customer appeared before the last flip and is not named. A later one may have come during the last listing. */
function hasOverlooked(history: History, rollout: Played): boolean {
  const { action, posts } = rollout;
  const lastPostMs = history.fake.posts[posts.to - 1]?.atMs ?? 0;
  return findUnnamed(history, rollout).some(
    (one) =>
      one.change !== undefined &&
      one.change.atMs < lastPostMs &&
      flagAt(one, Number.POSITIVE_INFINITY) !== (action === "stage"),
  );
}

function findWrongReport(history: History, rollout: Played): string[] {
  const { report, error, outcomes, action } = rollout;
  const says = (what: string) => `${action} (${report?.status}): ${what}`;
  if (report === undefined) return [says(`the execution failed: ${error}`)];
  const { counts, status } = report;
  const wrong: string[] = [];
  const recorded = countOutcomes(outcomes);
  const isCounted = totalOf(counts) > 0 && JSON.stringify(counts) !== JSON.stringify(recorded);
  if (isCounted) wrong.push(`counts ${JSON.stringify(counts)}, but the ledger has ${JSON.stringify(recorded)}`);
  if (status === "succeeded" && counts.failed + counts.deferred > 0) wrong.push("succeeded although customers failed");
  wrong.push(...findWrongRollback(rollout), ...findHidden(history, rollout));
  if (isNeedless(history, rollout))
    wrong.push(report.problems?.map(({ message }) => message).join("; ") ?? "no problem");
  if (status === "succeeded" && hasOverlooked(history, rollout))
    wrong.push("a customer that appeared during the rollout is not named");
  return wrong.map(says);
}

function findWrongRollback({ action, report, restores }: Played): string[] {
  const { rollback, counts } = report ?? {};
  if (rollback === undefined || counts === undefined) return [];
  const { flipped: restored, skipped: conflicting, failed } = countOutcomes(restores);
  const recorded = { restored, conflicting, failed };
  const total = rollback.restored + rollback.conflicting + rollback.failed;
  const wrong: string[] = [];
  if (JSON.stringify(rollback) !== JSON.stringify(recorded))
    wrong.push(`rollback ${JSON.stringify(rollback)}, but the ledger has ${JSON.stringify(recorded)}`);
  if (action !== "rollback" && total < counts.flipped)
    wrong.push(`${counts.flipped} flipped, ${total} in the rollback`);
  return wrong;
}

/** Customers to which a request was sent, and that are said to be not attempted. */
function findHidden({ fake }: History, { action, outcomes, posts }: Played): string[] {
  const sent = fake.posts.slice(posts.from, posts.to).filter(({ flag }) => flag === (action === "stage"));
  const ids = new Set(sent.map(({ customerId }) => customerId));
  const hidden = outcomes.filter(({ customerId, reason }) => reason.code === "not-attempted" && ids.has(customerId));
  return hidden.map(({ customerId }) => `${customerId} got a request, but is "not attempted"`);
}

const NOTHING_TO_DO: readonly string[] = ["nothing-flipped", "never-began", "none-left"];

/** Whether a rollout stopped without a reason: the server can be worked with. */
function isNeedless({ fake, misbehaviours, rollouts }: History, { action, report, wasAborted }: Played): boolean {
  if (report === undefined || wasAborted || MAY_STOP.some((one) => misbehaviours.includes(one))) return false;
  const { status, counts, rollback, problems = [] } = report;
  // Two fresh sessions that no write was let in with: the client cannot tell this from a role without the right.
  const isShutOut = fake.countRequests().unusedSessions >= 2;
  if (isShutOut && problems.some(({ code }) => code === "session-rejected")) return false;
  if (status === "refused") {
    const hasFlipped = rollouts[0]?.outcomes.some(({ outcome }) => outcome === "flipped");
    return (
      !problems.every(({ code }) => NOTHING_TO_DO.includes(code)) || (action === "rollback" && hasFlipped === true)
    );
  }
  const isWhole = action === "rollback" && status === "rolled-back" && rollback?.failed === 0;
  return !isWhole && status !== "succeeded" && !(status === "partial" && counts.failed === 0);
}

/** More requests than a server in trouble should get. */
function findFloods({ fake }: History): string[] {
  const { throttled, signIns } = fake.countRequests();
  return [
    ...(throttled > 30 ? [`${throttled} requests were refused with 429`] : []),
    ...(signIns > 20 ? [`${signIns} sign-ins`] : []),
  ];
}
