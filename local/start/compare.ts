import { wantedFlag } from "../../lambda/events/deploy-event.ts";
import { countOutcomes, OUTCOMES, type Outcome } from "../../lambda/rollout/outcome.ts";
import { formatNumber } from "../../lambda/rollout/page.ts";
import type { Report } from "../../lambda/rollout/report.ts";
import { countOf } from "./count-of.ts";
import type { CustomerState } from "./emulator-process.ts";

/** Whether Evo Voice's own state, the ledger and the report say the same: a sentence, and a line for each that differs. */
export interface Check {
  readonly agrees: boolean;
  readonly text: string;
}

/** An outcome as the ledger has it. */
export type Recorded = Pick<Outcome, "outcome" | "reason">;

/** What is claimed of the customers. */
export interface Claims {
  readonly report: Report;
  /** Each customer's flag before the rollout. */
  readonly before: ReadonlyMap<string, boolean>;
  /** All outcomes that the ledger has for a customer. */
  readonly outcomes: ReadonlyMap<string, readonly Recorded[]>;
  /** The account that the rollout is for: nobody of another one may be touched. */
  readonly accountId: string;
}

interface Tally {
  flippedOnce: number;
  flippedAgain: number;
  /** Of the rollout's account. */
  untouched: number;
  failed: number;
  /** Those of them that were moved, as their reasons say that they may have been. */
  failedYetMoved: number;
  readonly problems: string[];
}

const NOBODY = { flippedOnce: 0, flippedAgain: 0, untouched: 0, failed: 0, failedYetMoved: 0 };

/** Compares the customers as they are with what is claimed of them, one by one. */
export async function compareCustomers(claims: Claims, customers: AsyncIterable<CustomerState>): Promise<Check> {
  const tally: Tally = { ...NOBODY, problems: [] };
  for await (const customer of customers) {
    const problem = findProblem(claims, customer);
    if (problem !== undefined) tally.problems.push(`customer ${customer.id} ${problem}`);
    else count(tally, claims, customer);
  }
  tally.problems.push(...findWrongCounts(claims));
  const { problems } = tally;
  if (problems.length === 0) return { agrees: true, text: `the emulator agrees: ${describe(tally)}` };
  const lines = problems.map((problem) => `\n  - ${problem}`);
  return { agrees: false, text: `the emulator disagrees in ${countOf(problems.length, "point")}:${lines.join("")}` };
}

/** What is wrong with a customer, as the end of a sentence that begins with it. */
function findProblem(claims: Claims, customer: CustomerState): string | undefined {
  const recorded = claims.outcomes.get(customer.id) ?? [];
  const [only] = recorded;
  if (recorded.length > 1) {
    return `has ${recorded.length} outcomes: ${recorded.map(({ outcome }) => outcome).join(", ")}`;
  }
  if (only?.outcome !== "flipped") return findTouch(claims, customer, only);
  const wanted = toWanted(claims.report);
  if (customer.accountId !== claims.accountId) return "is of another account, and was flipped";
  if (claims.before.get(customer.id) === wanted) return `is reported as flipped, but was ${toPlace(wanted)} before`;
  return customer.isStaging === wanted ? undefined : `is reported as flipped, but is ${toPlace(customer.isStaging)}`;
}

/** Who is not reported as flipped must be as before. */
function findTouch(claims: Claims, customer: CustomerState, recorded: Recorded | undefined): string | undefined {
  if (mayHaveMoved(claims, customer, recorded)) return undefined;
  const { id, isStaging, writes } = customer;
  const said = recorded === undefined ? "has no outcome" : `is reported as ${recorded.outcome}`;
  if (isStaging !== claims.before.get(id)) return `${said}, but was moved and is ${toPlace(isStaging)}`;
  if (writes > 0) return `${said}, but its flag was set (${countOf(writes, "time")})`;
  if (recorded?.outcome === "unchanged" && isStaging !== toWanted(claims.report))
    return `${said}, but is ${toPlace(isStaging)}`;
  return undefined;
}

/** What the report says of a customer that could not be read after a doubtful flip: the one excuse for having moved. */
const DOUBT = "may have been flipped";

/** Where a rollout that flips in waves wants its customers. */
function toWanted({ action }: Report): boolean {
  return wantedFlag(action === "stage" ? "stage" : "promote");
}

function mayHaveMoved(
  { report, before, accountId }: Claims,
  customer: CustomerState,
  recorded: Recorded | undefined,
): boolean {
  if (recorded?.outcome !== "failed" || !recorded.reason.includes(DOUBT)) return false;
  const wanted = toWanted(report);
  return customer.accountId === accountId && before.get(customer.id) !== wanted && customer.isStaging === wanted;
}

function count(tally: Tally, claims: Claims, { id, accountId, isStaging, writes }: CustomerState): void {
  switch (claims.outcomes.get(id)?.[0]?.outcome) {
    case "flipped":
      if (writes === 1) tally.flippedOnce += 1;
      else tally.flippedAgain += 1;
      break;
    case "failed":
      tally.failed += 1;
      if (isStaging !== claims.before.get(id)) tally.failedYetMoved += 1;
      break;
    default:
      if (accountId === claims.accountId) tally.untouched += 1;
  }
}

/** The report's counts against the ledger's; nobody is counted where no flip began. */
function findWrongCounts({ report, outcomes }: Claims): readonly string[] {
  if (!["succeeded", "partial", "failed"].includes(report.status)) return [];
  const recorded = countOutcomes([...outcomes.values()].flat());
  return OUTCOMES.filter((kind) => recorded[kind] !== report.counts[kind]).map(
    (kind) =>
      `${kind} is ${formatNumber(report.counts[kind])} in the report, but ${formatNumber(recorded[kind])} in the ledger`,
  );
}

function describe(tally: Tally): string {
  const { flippedOnce, flippedAgain, untouched, failed, failedYetMoved } = tally;
  const moved = failedYetMoved > 0 ? `${formatNumber(failedYetMoved)} moved, as the report says may be` : "none moved";
  const parts = [
    flippedOnce > 0 && `${formatNumber(flippedOnce)} flipped once each`,
    flippedAgain > 0 && `${formatNumber(flippedAgain)} flipped and set again after a doubtful answer`,
    failed > 0 && `${formatNumber(failed)} failed (${moved})`,
    `${formatNumber(untouched)} untouched`,
    "nobody else",
  ];
  return parts.filter(Boolean).join(", ");
}

function toPlace(isStaging: boolean): string {
  return isStaging ? "on staging" : "on production";
}
