import type { SourceRollouts } from "../core/rollback/source-rollouts.ts";
import { pollGate, ROLLBACK_GATE } from "../steps/gate/poll-gate.ts";
import { publish } from "../steps/report/publish.ts";
import {
  type BegunRollback,
  beginRollback,
  beginWithoutHold,
  type RollbackRequest,
} from "../steps/rollback/begin-rollback.ts";
import {
  afterRollbackFailure,
  COUNT_START,
  countPart,
  type RollbackResult,
  rollbackPart,
  startRollback,
  toRollbackResult,
} from "../steps/rollback/rollback-part.ts";
import type { Locked, Rollout } from "../steps/run-part.ts";
import type { Run } from "./prepare-rollout.ts";

/** Holds the release, then restores the customers that the source rollouts flipped, newest wave first. */
export async function rollBack(run: Run<Locked<Rollout>>, request: RollbackRequest): Promise<RollbackResult> {
  const { ports, durable, rollout } = run;
  const { commandState, hold } = await begin(run, request);
  const poll = pollGate(ports, rollout, ROLLBACK_GATE);
  const progress = await durable.runParts({
    name: "rollback-part",
    start: startRollback(commandState),
    retry: "patient",
    part: (step, from) => rollbackPart(ports, rollout, step, { source: request.source, from }),
    poll: (gate) => poll(gate),
    afterFailure: afterRollbackFailure,
  });
  return { ...toRollbackResult(progress), hold };
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
export async function countRollback(
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

/** Counts again after each doubt is settled: a customer that counts as failed may never have been flipped. */
export async function recountRollback(
  run: Run<Rollout>,
  { source, rollback }: { readonly source: SourceRollouts; readonly rollback: RollbackResult },
): Promise<RollbackResult> {
  if (rollback.counts.failed === 0) return rollback;
  try {
    const { counts } = await countRollback(run, source);
    return { ...rollback, counts, stop: counts.failed > 0 ? rollback.stop : undefined };
  } catch {
    // The first count is no smaller than the true one.
    return rollback;
  }
}

export async function publishRollback(
  { ports, durable, rollout }: Run<Rollout>,
  rollback: RollbackResult,
): Promise<RollbackResult> {
  const { counts, hold } = rollback;
  await durable.step("publish-rollback", () =>
    publish(ports, rollout, { change: "rolled back", rollback: counts, ...hold }),
  );
  return rollback;
}
