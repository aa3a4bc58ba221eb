import { wantedFlag } from "../../lambda/events/deploy-event.ts";
import { countOutcomes, OUTCOMES, type OutcomeKind } from "../../lambda/rollout/outcome.ts";
import type { Report } from "../../lambda/rollout/report.ts";
import { formatNumber } from "../../lambda/rollout/report-text.ts";
import type { CustomerState } from "./emulator-process.ts";

/** Whether Evo Voice's own state, the ledger and the report say the same, as one sentence. */
export interface Check {
  readonly agrees: boolean;
  readonly text: string;
}

/** What is claimed of the customers. */
export interface Claims {
  readonly report: Report;
  /** Each customer's flag before the rollout. */
  readonly before: ReadonlyMap<string, boolean>;
  /** All outcomes that the ledger has for a customer. */
  readonly outcomes: ReadonlyMap<string, readonly OutcomeKind[]>;
  /** The account that the rollout is for: nobody of another one may be touched. */
  readonly accountId: string;
}

interface Tally {
  flippedOnce: number;
  flippedAgain: number;
  /** Of the rollout's account. */
  untouched: number;
  /** Failed customers may be in either state. */
  failedYetFlipped: number;
  readonly problems: string[];
}

/** Compares the customers as they are with what is claimed of them, one by one. */
export async function compareCustomers(claims: Claims, customers: AsyncIterable<CustomerState>): Promise<Check> {
  const tally: Tally = { flippedOnce: 0, flippedAgain: 0, untouched: 0, failedYetFlipped: 0, problems: [] };
  for await (const customer of customers) {
    const problem = findProblem(claims, customer);
    if (problem !== undefined) tally.problems.push(`customer ${customer.id} ${problem}`);
    else count(tally, claims, customer);
  }
  tally.problems.push(...findWrongCounts(claims));
  const { problems } = tally;
  if (problems.length === 0) return { agrees: true, text: `the emulator agrees: ${describe(tally, claims)}` };
  const more = problems.length > 1 ? `, and ${formatNumber(problems.length - 1)} more` : "";
  return { agrees: false, text: `the emulator disagrees: ${problems[0]}${more}` };
}

/** What is wrong with a customer, as the end of a sentence that begins with it. */
function findProblem(claims: Claims, customer: CustomerState): string | undefined {
  const recorded = claims.outcomes.get(customer.id) ?? [];
  const [outcome] = recorded;
  if (recorded.length > 1) return `has ${recorded.length} outcomes: ${recorded.join(", ")}`;
  if (outcome === "failed") return undefined;
  if (outcome !== "flipped") return findTouch(claims, customer, outcome);
  const wanted = wantedFlag(claims.report.action);
  if (customer.accountId !== claims.accountId) return "is of another account, and was flipped";
  if (claims.before.get(customer.id) === wanted) return `is reported as flipped, but was ${toPlace(wanted)} before`;
  return customer.isStaging === wanted ? undefined : `is reported as flipped, but is ${toPlace(customer.isStaging)}`;
}

/** Who is not reported as flipped must be as before. */
function findTouch(
  { report, before }: Claims,
  { id, isStaging, writes }: CustomerState,
  outcome: OutcomeKind | undefined,
): string | undefined {
  const said = outcome === undefined ? "has no outcome" : `is reported as ${outcome}`;
  if (isStaging !== before.get(id)) return `${said}, but was moved and is ${toPlace(isStaging)}`;
  if (writes > 0) return `${said}, but its flag was set (${writes} times)`;
  if (outcome === "unchanged" && isStaging !== wantedFlag(report.action))
    return `${said}, but is ${toPlace(isStaging)}`;
  return undefined;
}

function count(tally: Tally, claims: Claims, { id, accountId, isStaging, writes }: CustomerState): void {
  const { report, outcomes } = claims;
  switch (outcomes.get(id)?.[0]) {
    case "flipped":
      if (writes === 1) tally.flippedOnce += 1;
      else tally.flippedAgain += 1;
      break;
    case "failed":
      if (isStaging === wantedFlag(report.action)) tally.failedYetFlipped += 1;
      break;
    default:
      if (accountId === claims.accountId) tally.untouched += 1;
  }
}

/** The report's counts against the ledger's; nobody is counted where no flip began. */
function findWrongCounts({ report, outcomes }: Claims): readonly string[] {
  if (!["succeeded", "partial", "failed"].includes(report.status)) return [];
  const recorded = countOutcomes([...outcomes.values()].flat().map((outcome) => ({ outcome })));
  return OUTCOMES.filter((kind) => recorded[kind] !== report.counts[kind]).map(
    (kind) =>
      `${kind} is ${formatNumber(report.counts[kind])} in the report, but ${formatNumber(recorded[kind])} in the ledger`,
  );
}

function describe(tally: Tally, { report }: Claims): string {
  const { flippedOnce, flippedAgain, untouched, failedYetFlipped } = tally;
  const { failed } = report.counts;
  const parts = [
    flippedOnce > 0 && `${formatNumber(flippedOnce)} flipped once each`,
    flippedAgain > 0 && `${formatNumber(flippedAgain)} flipped and set again after a doubtful answer`,
    failed > 0 &&
      `${formatNumber(failed)} failed (${failedYetFlipped > 0 ? formatNumber(failedYetFlipped) : "none"} moved)`,
    `${formatNumber(untouched)} untouched`,
    "nobody else",
  ];
  return parts.filter(Boolean).join(", ");
}

function toPlace(isStaging: boolean): string {
  return isStaging ? "on staging" : "on production";
}
