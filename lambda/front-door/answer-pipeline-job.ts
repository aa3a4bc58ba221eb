import { RefusedError } from "../contract/refused-error.ts";
import type { Via } from "../contract/via.ts";
import { renderReport } from "../core/report/render-report.ts";
import { describeProblems, hasSucceeded } from "../core/report/report.ts";
import { isUnderWay } from "../core/report/rollout-status.ts";
import {
  type Continuation,
  type PipelineJob,
  type PipelineRequest,
  readPipelineRequest,
  refuseToken,
} from "../triggers/code-pipeline.ts";
import type { FrontDoorPorts } from "./ports.ts";
import { readStatus, type StatusAnswer } from "./read-status.ts";
import { hasStarted, type Started, startRollout } from "./start-rollout.ts";

/** How the rollout of a pipeline job stands. */
export interface PipelineAnswer {
  readonly rolloutId?: string;
  readonly status: StatusAnswer["status"];
  readonly problem?: string | undefined;
}

/**
 * Answers a job of CodePipeline's Lambda action. A refusal fails the job and not the invocation, because Lambda would only
 * repeat the invocation. A fault of AWS fails the invocation, so that Lambda repeats it.
 */
export async function answerPipelineJob(
  ports: FrontDoorPorts,
  job: PipelineJob,
  check: (request: object) => Via,
): Promise<PipelineAnswer> {
  try {
    const request = readPipelineRequest(job);
    return await answer(ports, job, { ...request, via: check(request.input) });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    await ports.pipelineJobs.fail(job.jobId, "ConfigurationError", error.message);
    return { status: "refused", problem: error.message };
  }
}

async function answer(
  ports: FrontDoorPorts,
  { jobId }: PipelineJob,
  request: PipelineRequest & { readonly via: Via },
): Promise<PipelineAnswer> {
  const { input, via, wait, continuation } = request;
  if (continuation !== undefined) {
    // A token proves nothing: the job's own event names the rollout that the action started.
    if (!(await hasStarted(ports, input, continuation.rolloutId))) throw refuseToken();
    return reportJob(ports, jobId, continuation);
  }
  const started = await startRollout(ports, input, via);
  if (wait) return reportJob(ports, jobId, started);
  const { rolloutId, status } = started;
  const summary = `rollout ${rolloutId} is ${status}; this action does not wait for its end`;
  await ports.pipelineJobs.succeed(jobId, { rolloutId, summary }, { rolloutId, status });
  return { rolloutId, status };
}

/** The report goes to the pipeline. The caller learns what every caller that may start a rollout learns of it. */
async function reportJob(
  ports: FrontDoorPorts,
  jobId: string,
  rollout: Continuation | Started,
): Promise<PipelineAnswer> {
  const { rolloutId, execution } = rollout;
  const isNew = "status" in rollout && rollout.status === "starting";
  const answer = isNew
    ? ({ rolloutId, status: "starting" } as const)
    : await readStatus(ports, { rolloutId, execution });
  if (answer.rolloutId !== rolloutId) throw refuseToken();
  const { status } = answer;
  const details = { rolloutId, summary: toSummary(answer) };
  if (status === "starting" || isUnderWay({ status }))
    await ports.pipelineJobs.askAgain(jobId, details, JSON.stringify({ rolloutId, execution } satisfies Continuation));
  else if ("counts" in answer && hasSucceeded(answer))
    await ports.pipelineJobs.succeed(jobId, details, toVariables(answer));
  else await ports.pipelineJobs.fail(jobId, "JobFailed", details.summary);
  return { rolloutId, status };
}

/** For the person who reads the pipeline, such as one who approves its next action. */
function toSummary(answer: StatusAnswer): string {
  if ("counts" in answer) return renderReport(answer, "plain");
  const { rolloutId, status } = answer;
  const problem = describeProblems(answer);
  return [`rollout ${rolloutId} is ${status}`, ...(problem === undefined ? [] : [problem])].join(": ");
}

/** The output variables of the action: later actions of the pipeline can read them. */
function toVariables(answer: StatusAnswer): Readonly<Record<string, string>> {
  const { rolloutId, status } = answer;
  const { plan, counts = {} } = "counts" in answer ? answer : {};
  return {
    rolloutId,
    status,
    ...(plan !== undefined && { plan: plan.hash }),
    ...Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, String(count)])),
  };
}
