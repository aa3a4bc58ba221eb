import type { CommandState } from "../../core/gate/apply-commands.ts";
import { createGuard, type GuardOptions } from "../gate/guard.ts";
import type { Ports } from "../ports.ts";
import { runChecked } from "../run-checked.ts";
import type { Locked, Part, Progress, Rollout } from "../run-part.ts";
import type { BatchRun, Task } from "./batch-run.ts";
import { createStopSignal } from "./stop-signal.ts";

export interface GuardedWork extends Pick<GuardOptions, "gateConfig" | "commandState" | "failed"> {
  readonly part: Part;
  readonly task: Task;
}

/** What a guarded part hands to the next, besides the result of its work. */
export interface GuardedEnd extends Pick<Progress, "stop" | "held" | "pace"> {
  readonly commandState: CommandState;
}

/** Does the work of a part on batches, while the guard watches lock, controls, commands, alarms and failures. */
export async function runGuarded<Result>(
  ports: Ports,
  rollout: Locked<Rollout>,
  { part: { connection, concurrency, untilMs }, task, ...options }: GuardedWork,
  work: (run: BatchRun) => Promise<Result>,
): Promise<{ readonly result: Result; readonly end: GuardedEnd }> {
  const { ledger, nowMs } = ports;
  const stopSignal = createStopSignal({ untilMs, nowMs });
  const guard = createGuard(ports, { ...rollout, ...options, stopSignal });
  const run = { task, ledger, connection, concurrency, stopSignal, guard, nowMs };
  const result = await runChecked(ports, { isOver: guard.isOver, end: connection.close }, () => work(run));
  const [stop, held] = [stopSignal.stopped(), stopSignal.isHeld()];
  return { result, end: { stop, held, commandState: guard.commandState(), pace: connection.pace() } };
}
