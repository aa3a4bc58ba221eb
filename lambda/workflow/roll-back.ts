import type { RollbackResult } from "../core/report/report.ts";
import { toEventHold } from "../core/report/rollout-event.ts";
import {
  addRollbackCounts,
  countRollback as countBatch,
  countUnconfirmed,
  NO_ROLLBACK_COUNTS,
} from "../core/rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../core/rollback/source-rollouts.ts";
import { ROLLBACK_GATE } from "../steps/gate/gate-config.ts";
import { createGatePoller } from "../steps/gate/gate-poller.ts";
import { publish } from "../steps/report/publish.ts";
import {
  type BegunRollback,
  beginRollback,
  beginWithoutHold,
  type RollbackRequest,
} from "../steps/rollback/begin-rollback.ts";
import {
  afterEndFailure,
  afterRollbackFailure,
  COUNT_START,
  countPart,
  endPart,
  isEnded,
  type RollbackProgress,
  rollbackPart,
  startEnd,
  startRollback,
  toRollbackResult,
} from "../steps/rollback/rollback-part.ts";
import { countBatches, createRollbackTask } from "../steps/rollback/rollback-task.ts";
import type { Locked, Rollout } from "../steps/run-part.ts";
import type { Run } from "./durable.ts";
import { verify } from "./verify.ts";

/** Holds the release, restores the customers that the source rollouts may have flipped, and verifies them. */
export async function rollBack(run: Run<Locked<Rollout>>, request: RollbackRequest): Promise<RollbackResult> {
  const { ports, durable, rollout } = run;
  const { commandState, hold } = await begin(run, request);
  const poll = createGatePoller(ports, rollout, ROLLBACK_GATE);
  const progress = await durable.runParts({
    name: "rollback-part",
    start: startRollback(commandState),
    retry: "patient",
    part: (step, from) => rollbackPart(ports, rollout, step, { source: request.source, from }),
    poll: (gate) => poll(gate),
    afterFailure: afterRollbackFailure,
  });
  const verified = isEnded(progress) ? progress : await verifyRollback(run, request.source, progress);
  const ended = isEnded(verified) ? await end(run, request.source, verified) : verified;
  return { ...toRollbackResult(ended), hold };
}

/** Names and counts what is not restored, after a command, a fault or a silent Evo Voice. */
async function end(
  { ports, durable, rollout }: Run<Locked<Rollout>>,
  source: SourceRollouts,
  progress: RollbackProgress,
): Promise<RollbackProgress> {
  const start = startEnd(progress);
  const { settleSeconds } = ports.policy;
  if (!start.readsNoMore && settleSeconds > 0) await durable.wait("settle-ended", settleSeconds);
  return durable.runParts({
    name: "end-part",
    start,
    retry: "patient",
    part: (step, from) => endPart(ports, rollout, step, { source, from }),
    afterFailure: afterEndFailure,
  });
}

/**
 * Reads the restored customers again, until all show the original flag or the rounds are over. A write that Evo Voice still
 * performs after its request timed out may undo a restore: then a last verification follows one request timeout later.
 */
async function verifyRollback(
  run: Run<Locked<Rollout>>,
  source: SourceRollouts,
  progress: RollbackProgress,
): Promise<RollbackProgress> {
  const { settleSeconds, retries } = run.ports.policy;
  const verified = await verifyRestored(run, source, { ...progress, name: "rollback", waitSeconds: settleSeconds });
  if (verified.inDoubt === 0 || verified.stop !== undefined || verified.problem !== undefined) return verified;
  const waitSeconds = Math.max(settleSeconds, retries.requestTimeoutMs / 1_000);
  return verifyRestored(run, source, { ...verified, name: "late", waitSeconds });
}

type Restored = RollbackProgress & { readonly name: string; readonly waitSeconds: number };

async function verifyRestored(
  run: Run<Locked<Rollout>>,
  source: SourceRollouts,
  { name, waitSeconds, ...progress }: Restored,
): Promise<RollbackProgress & { readonly inDoubt: number }> {
  const { ports, rollout } = run;
  const { settleSeconds } = ports.policy;
  const verified = await verify(run, {
    name,
    waitSeconds: [waitSeconds, settleSeconds, settleSeconds],
    createTask: async () => createRollbackTask(ports, source, { by: rollout.rolloutId }),
    first: 0,
    to: countBatches(source),
    before: { ...NO_ROLLBACK_COUNTS, inDoubt: 0 },
    gateConfig: ROLLBACK_GATE,
    count: ({ inDoubt, ...sum }, batch) => ({
      ...addRollbackCounts(sum, countBatch(batch)),
      inDoubt: inDoubt + countUnconfirmed(batch),
    }),
    commandState: progress.commandState,
    pace: progress.pace,
  });
  const { commandState, pace, stop } = verified;
  const { inDoubt, ...counts } = verified.counts;
  const why = verified.problem;
  const problem = why && [{ code: "rollback-not-verified", why } as const];
  return { ...progress, commandState, pace, stop, problem, inDoubt, counts };
}

/** A release that cannot be held does not stop the rollback: the report says so. */
async function begin(
  { ports, durable, rollout }: Run<Locked<Rollout>>,
  request: RollbackRequest,
): Promise<BegunRollback> {
  try {
    return await durable.step("hold-release", () => beginRollback(ports, rollout, request));
  } catch {
    const withoutHold = () => beginWithoutHold(ports, rollout, request);
    return durable.step("begin-without-hold", withoutHold, { retry: "patient" });
  }
}

/** Counts, from the ledger alone, the results of the customers that the source rollouts flipped. */
export async function countSource(
  { ports, durable }: Pick<Run<Rollout>, "ports" | "durable">,
  source: SourceRollouts,
): Promise<RollbackResult> {
  const { counts } = await durable.runParts({
    name: "count",
    start: COUNT_START,
    part: (_run, from) => countPart(ports, source, from),
  });
  return { counts };
}

export async function publishRollback(
  { ports, durable, rollout }: Run<Rollout>,
  rollback: RollbackResult,
): Promise<RollbackResult> {
  const { counts, hold } = rollback;
  await durable.step("publish-rollback", () =>
    publish(ports, rollout, { change: "rolled back", rollback: counts, ...toEventHold(hold) }),
  );
  return rollback;
}
