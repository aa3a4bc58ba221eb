import { describeReason, type ReasonCode } from "../../../lambda/core/reasons.ts";
import { describeProblems, type Report } from "../../../lambda/core/report/report.ts";
import { reasonsOf } from "../../../lambda/workflow/durable.ts";
import { type CustomerState, judge, type Recorded } from "../../../local/start/oracle.ts";
import type { HistoryWorld } from "./history-world.ts";
import type { Execution } from "./processes.ts";
import type { Witness, Write } from "./witness.ts";

/** Fails when something has happened that must not, at any moment of a history. */
export function expectNoLies({ witness, executions }: HistoryWorld): void {
  if (witness.lies.length === 0) return;
  const ends = executions.map(({ name, event, result, error }) => ({ name, event, result, error: error?.message }));
  throw new Error(`${witness.lies.join("\n")}\n${JSON.stringify({ ends, writes: witness.writes }, undefined, 1)}`);
}

/** What must be true of an execution once it has ended, whatever goes on beside it. */
export async function checkEnd(world: HistoryWorld, execution: Execution): Promise<void> {
  const { witness } = world;
  const report = execution.result as Report | undefined;
  if (report === undefined) {
    const [thrown] = reasonsOf(execution.error);
    const isUnanswered = thrown?.code === "unexpected" && thrown.error === "UnansweredError";
    if (!isUnanswered && !wasTakenOver(world, execution))
      witness.lies.push(`${execution.name} failed: ${execution.error?.message}`);
    return;
  }
  const isTwo = report.problems?.some((one) => one.code === "unexpected" && one.error === "ContestedBatchError");
  if (isTwo && !wasTakenOver(world, execution))
    witness.lies.push(`${execution.name} took itself for two: ${describeProblems(report)}`);
  await checkReport(
    world,
    report,
    execution.journal.some(({ name, end }) => name === "begin-flips" && end !== undefined && hasPassed(end)),
  );
}

/** An event that is too late by then ends the step with a final reason, which is a result too. */
function hasPassed(end: object): boolean {
  return "result" in end && !("final" in Object(end.result));
}

/** What a report can be held against. */
export interface Truth {
  readonly ledger: HistoryWorld["ledger"];
  readonly witness: Pick<Witness, "lies" | "writes" | "everProtected" | "abortsOf">;
  readonly accountId: string;
  /** Customers that a reply said to have a flag that was not written: a rollback writes to these all the same. */
  readonly unwritten?: ReadonlySet<string>;
  /** The customers as Evo Voice holds them now. */
  customers(): Iterable<Omit<CustomerState, "writes">>;
}

export async function checkReport(truth: Truth, report: Report, hasBegun: boolean): Promise<void> {
  checkComplete(truth, report);
  checkStopped(truth, report);
  await checkAlarmed(truth, report);
  if (hasBegun) await checkOutcomes(truth, report);
  if (hasBegun && !hasProblem(report, "outcomes-not-recorded")) await checkUncontested(truth, report);
}

function hasProblem({ problems = [] }: Pick<Report, "problems">, code: ReasonCode): boolean {
  return problems.some((problem) => problem.code === code);
}

/** The oracle of every local run judges the customers that only this rollout has written, and its counts. */
async function checkUncontested(truth: Truth, report: Report): Promise<void> {
  const { witness, ledger, accountId, unwritten, customers } = truth;
  const { rolloutId, rollback } = report;
  const { rolledBackBy } = (await ledger.findRollout(rolloutId)) ?? {};
  const writes = Map.groupBy(witness.writes, (write) => write.customerId);
  const uncontested = [...customers()]
    .filter(({ id }) => writes.get(id)?.every((write) => write.rolloutId === rolloutId) ?? true)
    .map((customer) => ({ ...customer, writes: writes.get(customer.id)?.length ?? 0 }));
  const { violations } = judge(
    {
      // The results of another rollback stand in the ledger instead of those that the report counts.
      report: rolledBackBy === undefined ? report : { ...report, rollback: undefined },
      accountIds: [accountId],
      before: new Map(uncontested.map(({ id, isStaging }) => [id, writes.get(id)?.[0]?.was ?? isStaging])),
      outcomes: await collect(ledger.readOutcomes(rolloutId)),
      ...(rollback !== undefined && { restores: await collect(ledger.readRestoreOutcomes(rolloutId)) }),
    },
    uncontested,
  );
  for (const violation of violations) {
    if (violation.code === "restored-without-flip" && unwritten?.has(violation.customerId)) continue;
    witness.lies.push(`${rolloutId}: ${JSON.stringify(violation)}`);
  }
}

async function collect(pages: AsyncIterable<readonly (Recorded & { readonly customerId: string })[]>) {
  return Map.groupBy((await Array.fromAsync(pages)).flat(), ({ customerId }) => customerId);
}

function wasTakenOver({ witness }: HistoryWorld, { arn }: Execution): boolean {
  const held = witness.locks.findLast(({ lock }) => lock.execution === arn);
  return held?.lostMs !== undefined && held.isReleased !== true;
}

/** After a complete rollback no customer is where the rollouts that it undid have put it. */
function checkComplete({ witness }: Truth, { rolloutId, action, dryRun, rollback, problems, of }: Report): void {
  if (rollback === undefined || rollback.failed > 0 || dryRun || hasProblem({ problems }, "rollback-ended-early"))
    return;
  const undone = action === "rollback" ? (of ?? []) : [rolloutId];
  for (const { customerId, rolloutId: by = "", isUndo, at } of toLastChanges(witness).values()) {
    if (isUndo || !undone.includes(by) || witness.everProtected.has(customerId)) continue;
    witness.lies.push(`${rolloutId} was rolled back completely, and ${customerId} is where ${by} put it at ${at}`);
  }
}

function toLastChanges({ writes }: Truth["witness"]): ReadonlyMap<string, Write> {
  return new Map(writes.filter(({ flag, was }) => flag !== was).map((one) => [one.customerId, one]));
}

/** An abort ends what is under way when it comes, be it a rollback; it does not end the rollback that it asks for, too. */
function checkStopped({ witness }: Truth, { rolloutId, action, problems = [] }: Report): void {
  const isEndedByAbort = problems.some(
    (problem) => problem.code === "rollback-ended-early" && problem.why[0]?.code === "aborted",
  );
  if (action === "rollback" || problems[0]?.code !== "aborted" || !isEndedByAbort) return;
  if (witness.abortsOf(rolloutId).length > 1) return;
  witness.lies.push(`the abort that asked for the rollback of ${rolloutId} ended it: ${describeReason(problems)}`);
}

/** An alarm that was written down stops the rollout, whichever process works for it then. */
async function checkAlarmed({ ledger, witness }: Truth, { rolloutId, status }: Report): Promise<void> {
  const { stop } = await ledger.readGateInputs(rolloutId);
  if (stop === undefined || (status !== "succeeded" && status !== "partial")) return;
  witness.lies.push(`${rolloutId} ended as ${status}, though ${describeReason(stop.reasons)}`);
}

async function checkOutcomes({ witness, ledger }: Truth, report: Report): Promise<void> {
  const { rolloutId, plan } = report;
  const lie = (text: string) => void witness.lies.push(`${rolloutId}: ${text}`);
  // A customer that another system moved since may have been moved back before the flip was known.
  const changes = toLastChanges(witness);
  const touched = new Set(witness.writes.map(({ customerId }) => customerId));
  const outcomesById = await collect(ledger.readOutcomes(rolloutId));
  const restores = await collect(ledger.readRestoreOutcomes(rolloutId));
  for (const [id, outcomes] of outcomesById) {
    if (outcomes.length > 1) lie(`${id} has two outcomes`);
    const last = changes.get(id);
    const isWritten = last?.rolloutId === rolloutId && !last.isUndo && !restores.has(id);
    for (const { outcome, reason } of outcomes) {
      if (outcome === "flipped" && !touched.has(id)) lie(`${id} is said to be flipped, and was not`);
      if ((outcome === "skipped" || outcome === "unchanged") && isWritten)
        lie(`${id} was flipped, not "${describeReason(reason)}"`);
    }
  }
  if (hasProblem(report, "outcomes-not-recorded")) return;
  for (let index = 0; index < (plan?.batches ?? 0); index += 1) {
    const { customers } = await ledger.getBatch(rolloutId, index);
    for (const { id } of customers) if (!outcomesById.has(id)) lie(`${id} has no outcome`);
  }
}
