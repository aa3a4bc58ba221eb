import type { DurableContext } from "@aws/durable-execution-sdk-js";
import { acceptDelivered } from "../contract/accept-deploy-event.ts";
import { NO_COMMANDS } from "../core/gate/apply-commands.ts";
import type { Ended, Report } from "../core/report/report.ts";
import { toOwnSource } from "../core/rollback/source-rollouts.ts";
import type { Ports } from "../steps/ports.ts";
import { closeRollout } from "../steps/report/close-rollout.ts";
import { publish, publishEnd } from "../steps/report/publish.ts";
import type { FlipRollout, RollbackRollout } from "../steps/run-part.ts";
import { compareEnd } from "./compare-end.ts";
import { createDurable, type Durable } from "./durable.ts";
import { flipWaves, skipRemaining } from "./flip-waves.ts";
import { openOrWait } from "./open-or-wait.ts";
import { prepareRollout } from "./prepare-rollout.ts";
import { countSource, publishRollback, rollBack } from "./roll-back.ts";

/** The whole product: open → flip, or roll back what another rollout flipped → close → report. */
export async function runRollout(ports: Ports, input: unknown, context: DurableContext): Promise<Report> {
  const delivered = acceptDelivered(input, ports.policy);
  const durable = createDurable(context, ports);
  const opened = await openOrWait({ ports, durable }, delivered, context.executionContext.durableExecutionArn);
  if (opened.kind === "answered") return opened.report;

  const { rollout } = opened;
  const ended = await (rollout.kind === "flip"
    ? cutOver(ports, durable, rollout)
    : rollBackSource(ports, durable, rollout));
  const report = await durable.step("close", () => closeRollout(ports, rollout, ended));
  await durable.step("publish-ended", () => publishEnd(ports, report));
  return report;
}

/**
 * Look up → plan → wave by wave { open → flip → verify → gate } → compare with a last listing, or roll back if a gate says so → an
 * outcome for every customer.
 */
async function cutOver(ports: Ports, durable: Durable, rollout: FlipRollout): Promise<Ended> {
  const ready = await prepareRollout({ ports, durable, rollout });
  if (ready.kind === "ended") return ready;
  const { plan, gateConfig } = ready;

  const { progress, waves } = await flipWaves(ready);
  const { stop, commandState } = progress;
  if (waves === undefined) return { plan, stop, problem: progress.problem };
  const source = toOwnSource(rollout, progress, plan.batches);
  const restored = stop?.decision === "roll back" ? await rollBack(ready, { source, commandState }) : undefined;
  const { counts, problem } = await skipRemaining(ready, progress, restored !== undefined);
  const notListed = stop === undefined && problem === undefined ? await compareEnd(ready, progress.pace) : undefined;
  const rollback = restored && (await publishRollback(ready, restored));
  return { plan, counts, waves, stop, problem, notListed, rollback, overridden: gateConfig.overridden };
}

/** Rolls back what other rollouts flipped, as the ledger has it. A dry run only counts the customers. */
async function rollBackSource(ports: Ports, durable: Durable, rollout: RollbackRollout): Promise<Ended> {
  const { lock, source } = rollout;
  if (lock === undefined) return { rollback: await countSource({ ports, durable }, source) };
  const run = { ports, durable, rollout: { ...rollout, lock } };
  await durable.step("publish-started", () => publish(ports, rollout, { change: "started" }));
  const rollback = await rollBack(run, { source, commandState: NO_COMMANDS });
  return { rollback: await publishRollback(run, rollback) };
}
