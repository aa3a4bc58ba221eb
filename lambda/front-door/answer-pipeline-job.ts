import { RefusedError } from "../contract/refused-error.ts";
import { hasSucceeded } from "../core/report/report.ts";
import {
  type Continuation,
  type PipelineJob,
  type PipelineRequest,
  readPipelineRequest,
  toContinuationToken,
} from "../triggers/code-pipeline.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { readStatus, type StatusAnswer } from "./read-status.ts";
import { type Started, startRollout } from "./start-rollout.ts";

/** What CodePipeline was told about its job. */
export interface PipelineAnswer {
  readonly rolloutId?: string;
  readonly status: StatusAnswer["status"];
  readonly problem?: string | undefined;
}

/**
 * Answers a job of CodePipeline's Lambda action. A refusal fails the job and not the invocation, because Lambda would only
 * repeat the invocation. A fault of AWS fails the invocation, so that Lambda repeats it.
 */
export async function answerPipelineJob(ports: FrontDoorPorts, job: PipelineJob): Promise<PipelineAnswer> {
  try {
    return await answer(ports, job, readPipelineRequest(job));
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    await ports.pipelineJobs.fail(job.jobId, "ConfigurationError", error.message);
    return { status: "refused", problem: error.message };
  }
}

async function answer(
  ports: FrontDoorPorts,
  { jobId }: PipelineJob,
  request: PipelineRequest,
): Promise<PipelineAnswer> {
  if (request.kind === "continue") return notifier(ports, jobId, request.continuation);
  const started = await startRollout(ports, request.input);
  if (request.wait) return notifier(ports, jobId, started);
  const { rolloutId, status } = started;
  const summary = `rollout ${rolloutId} is ${status}; this action does not wait for its end`;
  await ports.pipelineJobs.succeed(jobId, { rolloutId, summary }, { rolloutId, status });
  return { rolloutId, status };
}

async function notifier(
  ports: FrontDoorPorts,
  jobId: string,
  rollout: Continuation | Started,
): Promise<PipelineAnswer> {
  const isNew = "status" in rollout && rollout.status === "starting";
  const { rolloutId, execution } = rollout;
  const answer: StatusAnswer = isNew
    ? { rolloutId, status: "starting" }
    : await readStatus(ports, { rolloutId, ...(execution !== undefined && { execution }) });
  const { status } = answer;
  const told = { rolloutId, summary: summarize(answer) };
  switch (status) {
    case "starting":
    case "running":
    case "waiting":
      await ports.pipelineJobs.askAgain(jobId, told, toContinuationToken({ rolloutId, execution }));
      break;
    case "succeeded":
    case "planned":
      await ports.pipelineJobs.succeed(jobId, told, toVariables(answer));
      break;
    case "rolled-back":
      // Only for a rollback is this a success.
      if (hasSucceeded(answer)) await ports.pipelineJobs.succeed(jobId, told, toVariables(answer));
      else await ports.pipelineJobs.fail(jobId, "JobFailed", told.summary);
      break;
    case "partial":
    case "failed":
    case "refused":
    case "halted":
    case "aborted":
      await ports.pipelineJobs.fail(jobId, "JobFailed", told.summary);
      break;
  }
  return { rolloutId, status, problem: answer.problem };
}

/** `rollout promote-1 is partial: 12 flipped, 3 unchanged, 1 failed`, and what went wrong. */
function summarize(answer: StatusAnswer): string {
  const amounts = toAmounts(answer).filter(([, amount]) => amount > 0);
  const said = amounts.map(([kind, amount]) => `${amount} ${kind}`).join(", ");
  const sentence = `rollout ${answer.rolloutId} is ${answer.status}${said && `: ${said}`}`;
  return answer.problem === undefined ? sentence : `${sentence}; ${answer.problem}`;
}

/** A dry run has no outcomes: its plan says how many customers would be flipped, for the person who approves the next action. */
function toAmounts(answer: StatusAnswer): readonly (readonly [string, number])[] {
  if (!("counts" in answer)) return [];
  const { status, plan, counts } = answer;
  if (status !== "planned" || plan === undefined) return Object.entries(counts);
  return Object.entries({ "to flip": plan.flip, unchanged: plan.unchanged, skipped: plan.skipped });
}

/** What later actions of the pipeline can read, all as text. */
function toVariables(answer: StatusAnswer): Readonly<Record<string, string>> {
  const counts = "counts" in answer ? Object.entries(answer.counts) : [];
  return {
    rolloutId: answer.rolloutId,
    status: answer.status,
    ...Object.fromEntries(counts.map(([kind, count]) => [kind, String(count)])),
  };
}
