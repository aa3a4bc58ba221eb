import { wantedFlag } from "../../lambda/contract/deploy-event.ts";
import {
  countOutcomes,
  isInDoubt,
  OUTCOMES,
  type Outcome,
  type OutcomeKind,
  totalOf,
} from "../../lambda/core/flip/outcome.ts";
import { describeReason } from "../../lambda/core/reasons.ts";
import type { Report } from "../../lambda/core/report/report.ts";

/** A customer as the emulator holds it. */
export interface CustomerState {
  readonly id: string;
  readonly accountId: string;
  readonly isStaging: boolean;
  /** How often the API set the flag. */
  readonly writes: number;
}

export type Recorded = Pick<Outcome, "outcome" | "reason">;

/** What the report and the ledger say about one rollout. */
export interface Claims {
  readonly report: Report;
  /** The accounts that the rollout is for. */
  readonly accountIds: readonly string[];
  /** Each customer's flag before the rollout. */
  readonly before: ReadonlyMap<string, boolean>;
  /** The recorded outcomes of each customer; more than one is a violation. */
  readonly outcomes: ReadonlyMap<string, readonly Recorded[]>;
  /** The recorded outcomes of the rollback of each customer. */
  readonly restores?: ReadonlyMap<string, readonly Recorded[]>;
  /** The customers that the plan must contain, if known: each needs an outcome, and no other customer may be touched. */
  readonly planned?: ReadonlySet<string>;
}

/** A difference from the report or the ledger; `render-check.ts` has a sentence for each code. */
export type Violation = CustomerViolation | CountViolation;

export type CustomerViolation = AboutCustomer & Fault;

type Fault =
  | { readonly code: "several-outcomes"; readonly outcomes: readonly OutcomeKind[] }
  | { readonly code: "no-outcome" | "no-reason" | "not-planned" | "other-account" | "never-written" }
  | { readonly code: "moved" | "not-flipped" | "not-unchanged" | "not-restored"; readonly isStaging: boolean }
  | { readonly code: "was-right-before"; readonly isStaging: boolean }
  | { readonly code: "written"; readonly writes: number }
  | { readonly code: "restored-without-flip" };

interface CountViolation {
  readonly code: "wrong-count";
  readonly count: OutcomeKind | "restored" | "conflicting" | "not-restored";
  readonly reported: number;
  readonly recorded: number;
}

interface AboutCustomer {
  readonly customerId: string;
  /** The recorded outcome, if any. */
  readonly outcome: OutcomeKind | undefined;
}

/** The numbers of customers without a violation. */
export interface Tally {
  readonly flippedOnce: number;
  /** Flipped with more than one write. */
  readonly flippedAgain: number;
  readonly restored: number;
  /** Flipped and not restored by the rollback. */
  readonly stillFlipped: number;
  /** In the rollout's accounts. */
  readonly untouched: number;
  readonly failed: number;
  /** Failed, but moved, as the reason says may be. */
  readonly failedYetMoved: number;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly tally: Tally;
}

/** Compares the report and the ledger with the emulator, customer by customer. */
export function judge(claims: Claims, customers: Iterable<CustomerState>): Verdict {
  const violations: Violation[] = [];
  const tally = { ...NOTHING };
  for (const customer of customers) {
    const violation = findViolation(claims, customer);
    if (violation !== undefined) violations.push(violation);
    else for (const name of classify(claims, customer)) tally[name] += 1;
  }
  return { violations: [...violations, ...findWrongCounts(claims)], tally };
}

const NOTHING: Tally = {
  flippedOnce: 0,
  flippedAgain: 0,
  restored: 0,
  stillFlipped: 0,
  untouched: 0,
  failed: 0,
  failedYetMoved: 0,
};

/** What is wrong with one customer. */
export function findViolation(claims: Claims, customer: CustomerState): CustomerViolation | undefined {
  const [recorded] = claims.outcomes.get(customer.id) ?? [];
  const [restore] = claims.restores?.get(customer.id) ?? [];
  const fault =
    findWrongRecord(claims, customer) ??
    (restore === undefined
      ? findWrongFlag(claims, customer, recorded)
      : findWrongRestore(claims, customer, { recorded, restore }));
  return fault && { customerId: customer.id, outcome: recorded?.outcome, ...fault };
}

/** A contradiction in the ledger itself, or between the ledger and the plan. */
function findWrongRecord(claims: Claims, customer: CustomerState): Fault | undefined {
  const { id, accountId } = customer;
  const [outcomes, restores] = [claims.outcomes.get(id) ?? [], claims.restores?.get(id) ?? []];
  for (const each of [outcomes, restores])
    if (each.length > 1) return { code: "several-outcomes", outcomes: each.map(({ outcome }) => outcome) };
  const [recorded] = outcomes;
  const isChanged = recorded?.outcome === "flipped" || restores.some(({ outcome }) => outcome !== "unchanged");
  if (isChanged && !claims.accountIds.includes(accountId)) return { code: "other-account" };
  const isPlanned = claims.planned?.has(id);
  if (recorded === undefined && (isPlanned || restores.length > 0)) return { code: "no-outcome" };
  if (isPlanned === false && isTouched(claims, customer)) return { code: "not-planned" };
  return recorded !== undefined && describeReason(recorded.reason) === "" && EXPLAINED.includes(recorded.outcome)
    ? { code: "no-reason" }
    : undefined;
}

const EXPLAINED: readonly OutcomeKind[] = ["deferred", "skipped", "failed"];

/** For a customer without an outcome of a rollback. */
function findWrongFlag(claims: Claims, customer: CustomerState, recorded: Recorded | undefined): Fault | undefined {
  const { id, isStaging, writes } = customer;
  const before = claims.before.get(id);
  const wanted = toWanted(claims, id);
  if (recorded?.outcome === "flipped") {
    if (before === wanted) return { code: "was-right-before", isStaging: wanted };
    if (isStaging !== wanted) return { code: "not-flipped", isStaging };
    return writes === 0 ? { code: "never-written" } : undefined;
  }
  if (
    mayHaveMoved(recorded) &&
    claims.accountIds.includes(customer.accountId) &&
    before !== wanted &&
    isStaging === wanted
  )
    return undefined;
  if (isStaging !== before) return { code: "moved", isStaging };
  if (writes > 0) return { code: "written", writes };
  // A retry does not say which flag it wants.
  const isWrong = recorded?.outcome === "unchanged" && claims.report.action !== "retry" && isStaging !== wanted;
  return isWrong ? { code: "not-unchanged", isStaging } : undefined;
}

/** For a customer with an outcome of a rollback: the customer was flipped, or may have been flipped. */
function findWrongRestore(
  claims: Claims,
  { id, isStaging, writes }: CustomerState,
  { recorded, restore: { outcome } }: { readonly recorded: Recorded | undefined; readonly restore: Recorded },
): Fault | undefined {
  const before = claims.before.get(id);
  if (before === toWanted(claims, id)) return { code: "was-right-before", isStaging: before };
  if (outcome === "flipped" && isStaging !== before) return { code: "not-restored", isStaging };
  // A rollback writes the original flag to each customer that may have been flipped.
  if (recorded !== undefined && isInDoubt(recorded)) return undefined;
  const isRestored = recorded?.outcome === "flipped" && (outcome !== "flipped" || writes > 1);
  return isRestored && outcome !== "unchanged" ? undefined : { code: "restored-without-flip" };
}

/** A flip without a clear reply, of a customer that could not be read afterwards: the one excuse for having moved. */
function mayHaveMoved(recorded: Recorded | undefined): boolean {
  return recorded !== undefined && isInDoubt(recorded) && recorded.reason.code !== "not-applied";
}

/** The flag that a rollout wants. A retry does not say which: it wants the opposite of the flag before. */
function toWanted({ report: { action }, before }: Claims, id: string): boolean {
  return action === "stage" || action === "promote" ? wantedFlag(action) : before.get(id) === false;
}

function isTouched({ before }: Claims, { id, isStaging, writes }: CustomerState): boolean {
  return writes > 0 || isStaging !== before.get(id);
}

function classify(claims: Claims, customer: CustomerState): readonly (keyof Tally)[] {
  const { id, accountId, isStaging, writes } = customer;
  const restore = claims.restores?.get(id)?.[0]?.outcome;
  if (restore === "flipped") return ["restored"];
  if (restore === "skipped" || restore === "failed") return ["stillFlipped"];
  switch (claims.outcomes.get(id)?.[0]?.outcome) {
    case "flipped":
      if (claims.restores !== undefined) return ["stillFlipped"];
      return [writes === 1 ? "flippedOnce" : "flippedAgain"];
    case "failed":
      return isStaging === claims.before.get(id) ? ["failed"] : ["failed", "failedYetMoved"];
    default:
      return claims.accountIds.includes(accountId) ? ["untouched"] : [];
  }
}

/** A rollout that ended before its first flip counts no customer. */
const COUNTED: readonly Report["status"][] = ["succeeded", "partial", "failed", "halted", "aborted", "rolled-back"];

/** The report's counts against the ledger's. */
function findWrongCounts({ report, outcomes, restores = new Map() }: Claims): readonly Violation[] {
  const { status, counts, rollback } = report;
  if (!COUNTED.includes(status) || (status === "aborted" && totalOf(counts) === 0)) return [];
  const recorded = countOutcomes([...outcomes.values()].flat());
  const compared = OUTCOMES.map((count) => ({ count, reported: counts[count], recorded: recorded[count] }));
  const wrong = [...compared, ...(rollback ? compareRestores(rollback, outcomes, restores) : [])];
  return wrong.flatMap((each) => (each.reported === each.recorded ? [] : { code: "wrong-count", ...each }));
}

/** A flipped customer without an outcome of the rollback counts as not restored. */
function compareRestores(
  reported: NonNullable<Report["rollback"]>,
  outcomes: Claims["outcomes"],
  restores: NonNullable<Claims["restores"]>,
) {
  const { flipped, skipped, failed } = countOutcomes([...restores.values()].flat());
  const missed = [...outcomes].filter(([id]) => !restores.has(id) || restores.get(id)?.length === 0);
  const least = failed + missed.filter(([, [recorded]]) => recorded?.outcome === "flipped").length;
  const most = least + missed.filter(([, [recorded]]) => recorded && isInDoubt(recorded)).length;
  return [
    { count: "restored", reported: reported.restored, recorded: flipped },
    { count: "conflicting", reported: reported.conflicting, recorded: skipped },
    { count: "not-restored", reported: reported.failed, recorded: Math.min(Math.max(reported.failed, least), most) },
  ] as const;
}
