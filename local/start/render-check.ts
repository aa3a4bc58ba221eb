import { formatNumber } from "../../lambda/core/report/text-layout.ts";
import { countOf } from "../sandbox/count-of.ts";
import type { CustomerViolation, Tally, Verdict, Violation } from "./oracle.ts";

/** The result of one comparison at the end of a local run: a sentence, and a line for each difference. */
export interface CheckResult {
  readonly agrees: boolean;
  readonly text: string;
}

/** Writes the oracle's verdict as text. */
export function renderCheck({ violations, tally }: Verdict): CheckResult {
  if (violations.length === 0) return { agrees: true, text: `the emulator agrees with the report: ${describe(tally)}` };
  const lines = violations.map((violation) => `\n  - ${describeViolation(violation)}`);
  return {
    agrees: false,
    text: `the emulator disagrees with the report in ${countOf(violations.length, "point")}:${lines.join("")}`,
  };
}

function describe(tally: Tally): string {
  const { flippedOnce, flippedAgain, restored, stillFlipped, untouched, failed, failedYetMoved } = tally;
  const moved = failedYetMoved > 0 ? `${formatNumber(failedYetMoved)} moved, as the report says may be` : "none moved";
  const parts = [
    flippedOnce > 0 && `${formatNumber(flippedOnce)} flipped with one write each`,
    flippedAgain > 0 && `${formatNumber(flippedAgain)} flipped with another write after an unclear reply`,
    restored > 0 && `${formatNumber(restored)} flipped and restored`,
    stillFlipped > 0 && `${formatNumber(stillFlipped)} flipped and not restored, as the report says`,
    failed > 0 && `${formatNumber(failed)} failed (${moved})`,
    `${formatNumber(untouched)} not touched`,
  ];
  return parts.filter(Boolean).join(", ");
}

function describeViolation(violation: Violation): string {
  if (violation.code !== "wrong-count") return `customer ${violation.customerId} ${describeCustomer(violation)}`;
  const { count, reported, recorded } = violation;
  return `${NAMES[count] ?? count} is ${formatNumber(reported)} in the report, but ${formatNumber(recorded)} in the ledger`;
}

const NAMES: Readonly<Record<string, string>> = {
  restored: "restored",
  conflicting: "conflicting",
  "not-restored": "not restored",
};

/** The end of a sentence that begins with the customer. */
function describeCustomer(violation: CustomerViolation): string {
  const { code, outcome } = violation;
  const said = outcome === undefined ? "has no outcome" : `is reported as ${outcome}`;
  switch (code) {
    case "several-outcomes":
      return `has ${violation.outcomes.length} outcomes: ${violation.outcomes.join(", ")}`;
    case "no-outcome":
      return "is in the plan or was restored, but has no outcome";
    case "no-reason":
      return `${said}, without a reason`;
    case "not-planned":
      return `${said}, but was touched and is not in the plan`;
    case "other-account":
      return `${said}, but belongs to another account`;
    case "never-written":
      return `${said}, but its flag was never set`;
    case "was-right-before":
      return `${said}, but was ${toPlace(violation.isStaging)} before`;
    case "not-flipped":
    case "not-unchanged":
      return `${said}, but is ${toPlace(violation.isStaging)}`;
    case "moved":
      return `${said}, but was moved and is ${toPlace(violation.isStaging)}`;
    case "written":
      return `${said}, but its flag was set (${countOf(violation.writes, "time")})`;
    case "not-restored":
      return `was to be restored, but is ${toPlace(violation.isStaging)}`;
    case "restored-without-flip":
      return `${said}, but the rollback took it for flipped`;
  }
}

function toPlace(isStaging: boolean): string {
  return isStaging ? "on staging" : "on production";
}
