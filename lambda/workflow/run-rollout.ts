import type { DurableContext } from "@aws/durable-execution-sdk-js";
import { acceptDeployEvent } from "../contract/accept-deploy-event.ts";
import { NO_COMMANDS } from "../core/gate/apply-commands.ts";
import type { Report } from "../core/report/report.ts";
import { toOwnSource } from "../steps/flip/flip-part.ts";
import type { Ports } from "../steps/ports.ts";
import { closeRollout, type Ended } from "../steps/report/close-rollout.ts";
import { publish, publishEnd } from "../steps/report/publish.ts";
import type { FlipRollout, RollbackRollout } from "../steps/run-part.ts";
import { countRollbackOf, recountRollback } from "./count-rollback.ts";
import { createDurable, type Durable } from "./durable.ts";
import { flipWaves } from "./flip-waves.ts";
import { openOrWait } from "./open-or-wait.ts";
import { prepare } from "./prepare-rollout.ts";
import { publishRollback } from "./publish-rollback.ts";
import { rollBack } from "./roll-back.ts";
import { skipRemaining } from "./skip-remaining.ts";

/** The whole product: open → cut over, or undo what another rollout did → close → report. */
export async function runRollout(ports: Ports, input: unknown, context: DurableContext): Promise<Report> {
  const event = acceptDeployEvent(input, ports.policy);
  const durable = createDurable(context, ports.nowMs);
  const opened = await openOrWait(ports, durable, event, context.executionContext.durableExecutionArn);
  if (opened.kind === "answered") return opened.report;

  const { rollout } = opened;
  const ended =
    rollout.kind === "rollback"
      ? await rollBackSource(ports, durable, rollout)
      : await cutOver(ports, durable, rollout);
  const report = await durable.step("close", () => closeRollout(ports, rollout, ended));
  await durable.step("publish-ended", () => publishEnd(ports, report));
  return report;
}

/** Look up → plan → wave by wave { flip → gate } → what a gate turns back → an outcome for everybody. */
async function cutOver(ports: Ports, durable: Durable, rollout: FlipRollout): Promise<Ended> {
  const ready = await prepare(ports, durable, rollout);
  if (ready.kind === "ended") return ready;
  const { progress, waves } = await flipWaves(ready);
  const { stop, commandState } = progress;
  const source = toOwnSource(rollout, progress, ready.plan.batches);
  const turned = { source, commandState };
  const back = stop?.decision === "roll back" ? await rollBack(ports, durable, ready.rollout, turned) : undefined;
  const { counts, problem } = await skipRemaining(ready, progress);
  const counted = back && (await recountRollback(ports, durable, { source, rollback: back }));
  const rollback = counted && (await publishRollback(ports, durable, rollout, counted));
  return { plan: ready.plan, counts, waves, stop, problem, rollback, overridden: ready.gateConfig.overridden };
}

/** Turns back what other rollouts did, from what the ledger says of them alone; a dry run only counts them. */
async function rollBackSource(ports: Ports, durable: Durable, rollout: RollbackRollout): Promise<Ended> {
  const { lock, source } = rollout;
  if (lock === undefined) return { rollback: await countRollbackOf(ports, durable, source) };
  await durable.step("publish-started", () => publish(ports, rollout, { change: "started" }));
  const rollback = await rollBack(ports, durable, { ...rollout, lock }, { source, commandState: NO_COMMANDS });
  return { rollback: await publishRollback(ports, durable, rollout, rollback) };
}
