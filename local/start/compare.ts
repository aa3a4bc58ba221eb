import { wantedFlag } from "../../lambda/contract/deploy-event.ts";
import { countOutcomes, OUTCOMES, type Outcome, totalOf } from "../../lambda/rollout/outcome.ts";
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
  /** Of a rollout that was turned back: all that the ledger has for a customer who was to be flipped back. */
  readonly reverted?: ReadonlyMap<string, readonly Recorded[]>;
  /** The account that the rollout is for: nobody of another one may be touched. */
  readonly accountId: string;
}

interface Tally {
  flippedOnce: number;
  flippedAgain: number;
  /** And are where they were. */
  flippedBack: number;
  /** Flipped, and left alone or left when the others were flipped back. */
  stillFlipped: number;
  /** Of the rollout's account. */
  untouched: number;
  failed: number;
  /** Those of them that were moved, as their reasons say that they may have been. */
  failedYetMoved: number;
  readonly problems: string[];
}

const NOBODY = {
  flippedOnce: 0,
  flippedAgain: 0,
  flippedBack: 0,
  stillFlipped: 0,
  untouched: 0,
  failed: 0,
  failedYetMoved: 0,
};

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
  const reverted = claims.reverted?.get(customer.id) ?? [];
  for (const each of [recorded, reverted]) {
    if (each.length > 1) return `has ${each.length} outcomes: ${each.map(({ outcome }) => outcome).join(", ")}`;
  }
  const [[only], [back]] = [recorded, reverted];
  if (back !== undefined && back.outcome !== "unchanged") return findTurn(claims, customer, only, back);
  if (only?.outcome !== "flipped") return findTouch(claims, customer, only);
  const wanted = toWanted(claims, customer);
  if (customer.accountId !== claims.accountId) return "is of another account, and was flipped";
  if (claims.before.get(customer.id) === wanted) return `is reported as flipped, but was ${toPlace(wanted)} before`;
  return customer.isStaging === wanted ? undefined : `is reported as flipped, but is ${toPlace(customer.isStaging)}`;
}

/** Who was to be flipped back: as before if it is reported so; else where the rollout put it, or where somebody else did. */
function findTurn(
  claims: Claims,
  { id, accountId, isStaging }: CustomerState,
  recorded: Recorded | undefined,
  { outcome: back }: Recorded,
): string | undefined {
  const before = claims.before.get(id);
  if (accountId !== claims.accountId) return "is of another account, and was to be flipped back";
  if (recorded === undefined) return "was to be flipped back, but has no outcome";
  if (before === toWanted(claims, { id })) return `was to be flipped back, but was ${toPlace(before)} before`;
  if (back === "flipped" && isStaging !== before) return `is reported as flipped back, but is ${toPlace(isStaging)}`;
  return undefined;
}

/** Who is not reported as flipped must be as before. */
function findTouch(claims: Claims, customer: CustomerState, recorded: Recorded | undefined): string | undefined {
  if (mayHaveMoved(claims, customer, recorded)) return undefined;
  const { id, isStaging, writes } = customer;
  const said = recorded === undefined ? "has no outcome" : `is reported as ${recorded.outcome}`;
  if (isStaging !== claims.before.get(id)) return `${said}, but was moved and is ${toPlace(isStaging)}`;
  if (writes > 0) return `${said}, but its flag was set (${countOf(writes, "time")})`;
  if (recorded?.outcome === "unchanged" && claims.report.action !== "retry" && isStaging !== toWanted(claims, customer))
    return `${said}, but is ${toPlace(isStaging)}`;
  return undefined;
}

/** What the report says of a customer that could not be read after a doubtful flip: the one excuse for having moved. */
const DOUBT = "may have been flipped";

/** Where a rollout wants a customer. A retry does not say: whoever it flipped was on the other side. */
function toWanted({ report: { action }, before }: Claims, { id }: Pick<CustomerState, "id">): boolean {
  return action === "stage" || action === "promote" ? wantedFlag(action) : before.get(id) === false;
}

function mayHaveMoved(claims: Claims, customer: CustomerState, recorded: Recorded | undefined): boolean {
  if (recorded?.outcome !== "failed" || !recorded.reason.includes(DOUBT)) return false;
  const { before, accountId } = claims;
  const wanted = toWanted(claims, customer);
  return customer.accountId === accountId && before.get(customer.id) !== wanted && customer.isStaging === wanted;
}

function count(tally: Tally, claims: Claims, customer: CustomerState): void {
  const { id, accountId, isStaging, writes } = customer;
  const hasMoved = isStaging !== claims.before.get(id);
  const back = claims.reverted?.get(id)?.[0]?.outcome;
  if (back !== undefined && back !== "unchanged") {
    tally[back === "flipped" ? "flippedBack" : "stillFlipped"] += 1;
    return;
  }
  switch (claims.outcomes.get(id)?.[0]?.outcome) {
    case "flipped":
      if (claims.reverted !== undefined) tally.stillFlipped += 1;
      else if (writes === 1) tally.flippedOnce += 1;
      else tally.flippedAgain += 1;
      break;
    case "failed":
      tally.failed += 1;
      if (hasMoved) tally.failedYetMoved += 1;
      break;
    default:
      if (accountId === claims.accountId) tally.untouched += 1;
  }
}

/** Nobody is counted where no flip began. */
const COUNTED: readonly Report["status"][] = ["succeeded", "partial", "failed", "halted", "aborted", "rolled-back"];

/** The report's counts against the ledger's. */
function findWrongCounts(claims: Claims): readonly string[] {
  const { report, outcomes } = claims;
  if (!COUNTED.includes(report.status) || isAbortedEarly(report)) return [];
  const recorded = countOutcomes([...outcomes.values()].flat());
  const wrong = OUTCOMES.filter((kind) => recorded[kind] !== report.counts[kind]).map((kind) =>
    tellCounts(kind, report.counts[kind], recorded[kind]),
  );
  return [...wrong, ...findWrongReverts(claims)];
}

function isAbortedEarly({ status, counts }: Report): boolean {
  return status === "aborted" && totalOf(counts) === 0;
}

/** Who is left may have no outcome of the rollback, when it came to nobody any more. */
function findWrongReverts({ report, reverted = new Map() }: Claims): readonly string[] {
  if (report.reverted === undefined) return [];
  const recorded = countOutcomes([...reverted.values()].flat());
  const { flippedBack, leftAlone, left } = report.reverted;
  return [
    ...(recorded.flipped === flippedBack ? [] : [tellCounts("flipped back", flippedBack, recorded.flipped)]),
    ...(recorded.skipped === leftAlone ? [] : [tellCounts("left alone", leftAlone, recorded.skipped)]),
    ...(recorded.failed <= left ? [] : [tellCounts("left", left, recorded.failed)]),
  ];
}

function tellCounts(what: string, reported: number, recorded: number): string {
  return `${what} is ${formatNumber(reported)} in the report, but ${formatNumber(recorded)} in the ledger`;
}

function describe(tally: Tally): string {
  const { flippedOnce, flippedAgain, flippedBack, stillFlipped, untouched, failed, failedYetMoved } = tally;
  const moved = failedYetMoved > 0 ? `${formatNumber(failedYetMoved)} moved, as the report says may be` : "none moved";
  const parts = [
    flippedOnce > 0 && `${formatNumber(flippedOnce)} flipped once each`,
    flippedAgain > 0 && `${formatNumber(flippedAgain)} flipped and set again after a doubtful answer`,
    flippedBack > 0 && `${formatNumber(flippedBack)} flipped and back where they were`,
    stillFlipped > 0 && `${formatNumber(stillFlipped)} flipped and not flipped back, as the report says`,
    failed > 0 && `${formatNumber(failed)} failed (${moved})`,
    `${formatNumber(untouched)} untouched`,
    "nobody else",
  ];
  return parts.filter(Boolean).join(", ");
}

function toPlace(isStaging: boolean): string {
  return isStaging ? "on staging" : "on production";
}
