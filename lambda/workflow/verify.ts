import type { Pace } from "../core/flip/pace.ts";
import type { CommandState } from "../core/gate/apply-commands.ts";
import type { Task } from "../steps/flip/batch-run.ts";
import { createGatePoller } from "../steps/gate/gate-poller.ts";
import type { Locked, Rollout } from "../steps/run-part.ts";
import { type VerifyProgress, type VerifyWork, verifyPart } from "../steps/verify/verify-part.ts";
import type { Run } from "./durable.ts";

export interface Verification<Counts> extends Omit<VerifyWork<Counts>, "task" | "maySend" | "from"> {
  /** Part of the names of the durable operations. */
  readonly name: string;
  /** The wait before each round, in seconds. The flag is sent in every round but the last. */
  readonly waitSeconds: readonly number[];
  createTask(): Promise<Task>;
  readonly first: number;
  /** The counts before the first position. */
  readonly before: Counts;
  readonly commandState: CommandState;
  readonly pace?: Pace | undefined;
}

/**
 * Reads customers again after the settle time, and corrects their outcomes. A flag that did not arrive is sent once more,
 * and its customer is read once more. A later round runs only while a flag was sent in the round before.
 */
export async function verify<Counts>(
  { ports, durable, rollout }: Run<Locked<Rollout>>,
  { name, waitSeconds, createTask, first, before, commandState, pace, ...work }: Verification<Counts>,
): Promise<VerifyProgress<Counts>> {
  const poll = createGatePoller(ports, rollout, work.gateConfig);
  const start = { done: false, idleParts: 0, position: first, counts: before, sent: 0 };
  let progress: VerifyProgress<Counts> = { ...start, commandState, pace };
  for (const [index, seconds] of waitSeconds.entries()) {
    const round = `${name}-${index + 1}`;
    if (seconds > 0) await durable.wait(`settle-${round}`, Math.ceil(seconds));
    const { commandState: applied, pace: found } = progress;
    progress = await durable.runParts<VerifyProgress<Counts>>({
      name: `verify-${round}`,
      start: { ...start, commandState: applied, pace: found },
      part: async (run, from) =>
        verifyPart(ports, rollout, run, {
          ...work,
          task: await createTask(),
          maySend: index < waitSeconds.length - 1,
          from,
        }),
      poll: (gate) => poll(gate),
      afterFailure: (from, problem) => ({ ...from, done: true, problem }),
    });
    if (progress.sent === 0 || progress.stop !== undefined || progress.problem !== undefined) break;
  }
  return progress;
}
