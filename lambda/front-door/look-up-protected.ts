import { randomBytes } from "node:crypto";
import { listShortly } from "../contract/describe.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { Via } from "../contract/via.ts";
import { describeReason, type ReasonCode } from "../core/reasons.ts";
import { describeProblems } from "../core/report/report.ts";
import { isUnderWay } from "../core/report/rollout-status.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { readStatus, type StatusAnswer } from "./read-status.ts";
import { startRollout } from "./start-rollout.ts";

/** A customer as a person names it. */
export interface Names {
  readonly customerIds?: readonly string[] | undefined;
  readonly referenceIds?: readonly string[] | undefined;
}

export interface ProtectedCustomer {
  readonly customerId: string;
  readonly name: string;
}

/** A skipped customer with one of these reasons is no customer that a rollout could flip. */
const UNKNOWN: readonly ReasonCode[] = ["unknown-customer", "unknown-reference", "outside-accounts"];

/**
 * Looks up the customers that a person wants to protect. Only the worker has the login of Evo Voice, so the lookup is a dry
 * run. It excludes what it selects, because a plan without flips breaks no limit of the policy.
 * @throws RefusedError for a name that no customer of the policy's accounts has
 */
export async function lookUpProtected(
  ports: FrontDoorPorts,
  { customerIds, referenceIds }: Names,
  via: Via,
): Promise<readonly ProtectedCustomer[]> {
  const targets = [...(customerIds ? [{ customerIds }] : []), ...(referenceIds ? [{ referenceIds }] : [])];
  const event = {
    ...{ action: "stage", release: "protect", targets, exclude: targets, strategy: "all-at-once", dryRun: true },
    id: `protect-${randomBytes(6).toString("hex")}`,
  };
  const { rolloutId, execution } = await startRollout(ports, event, via);
  const answer = await waitForEnd(ports, { rolloutId, execution });
  if (answer.status !== "planned") throw refuse(describeFailure(answer, rolloutId));
  return readCustomers(ports, rolloutId);
}

function describeFailure({ problems = [] }: Pick<StatusAnswer, "problems">, lookup: string): string {
  const named = problems.flatMap((problem) => (problem.code === "unknown-customers" ? problem.named : []));
  if (named.length > 0) return describeUnknown(named);
  return describeProblems({ problems }) || `the lookup ${lookup} has failed`;
}

function describeUnknown(named: readonly string[]): string {
  return `not a customer that can be protected: ${listShortly(named, 20)}`;
}

/** The front door has 30 seconds for an answer. */
const MOST_WAIT_MS = 20_000;
const POLL_MS = 500;

async function waitForEnd(
  ports: FrontDoorPorts,
  lookup: { readonly rolloutId: string; readonly execution?: string | undefined },
): Promise<StatusAnswer> {
  const untilMs = ports.nowMs() + MOST_WAIT_MS;
  while (ports.nowMs() < untilMs) {
    const answer = await readStatus(ports, lookup);
    const { status } = answer;
    if (status !== "starting" && !isUnderWay({ status })) return answer;
    await ports.sleep(POLL_MS);
  }
  throw refuse(
    `the customers are not looked up after ${MOST_WAIT_MS / 1000} s; send the command again, or stop-everything, which needs no lookup`,
  );
}

async function readCustomers({ ledger }: FrontDoorPorts, rolloutId: string): Promise<readonly ProtectedCustomer[]> {
  const customers: ProtectedCustomer[] = [];
  const unknown: string[] = [];
  for await (const outcomes of ledger.readOutcomes(rolloutId)) {
    for (const { customerId, name, reason } of outcomes) {
      if (UNKNOWN.includes(reason.code)) unknown.push(`${customerId} (${describeReason(reason)})`);
      else customers.push({ customerId, name });
    }
  }
  if (unknown.length > 0) throw refuse(describeUnknown(unknown));
  return customers;
}

function refuse(why: string): RefusedError {
  return new RefusedError(`nothing was done, no customer was protected: ${why}`);
}
