import * as z from "zod";
import { findJson } from "../contract/find-json.ts";
import { type Problem, strictObject } from "../contract/problems.ts";
import { parseOrRefuse, RefusedError, refuseFor } from "../contract/refused-error.ts";
import { findRepeatedMembers } from "../contract/repeated-members.ts";
import { textMatching } from "../contract/text-matching.ts";

const JOB = "expected what CodePipeline's Lambda action sends";

/**
 * The members of a job that Cutover reads. All others are dropped, `artifactCredentials` above all.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
 */
const PipelineJobEvent = z.object({
  "CodePipeline.job": z.object(
    {
      id: textMatching(/^[\w-]{1,64}$/, JOB),
      data: z.object(
        {
          actionConfiguration: z
            .object({ configuration: z.object({ UserParameters: z.string().optional() }).optional() })
            .optional(),
          continuationToken: z.string({ error: JOB }).optional(),
        },
        { error: JOB },
      ),
    },
    { error: JOB },
  ),
});

/** The token that CodePipeline returns with the next job of the same action. A sender may forge it. */
const Continuation = strictObject({
  rolloutId: z.string().regex(/^[\w-]{1,64}$/),
  execution: z.string().max(400).optional(),
});
export type Continuation = z.output<typeof Continuation>;

/** One job of CodePipeline's Lambda action: it starts a rollout, or asks for the status of the started rollout. */
export interface PipelineJob {
  readonly jobId: string;
  /** The JSON of a deploy event; `wait: false` beside its members ends the job when the rollout has started. */
  readonly userParameters: string | undefined;
  readonly continuationToken: string | undefined;
}

export function readPipelineJob(input: unknown): PipelineJob {
  const { "CodePipeline.job": job } = parseOrRefuse(PipelineJobEvent, input, "the pipeline's job");
  const { actionConfiguration, continuationToken } = job.data;
  return { jobId: job.id, userParameters: actionConfiguration?.configuration?.UserParameters, continuationToken };
}

export interface PipelineRequest {
  readonly input: Readonly<Record<string, unknown>>;
  readonly wait: boolean;
  /** Of a job that follows the rollout that an earlier job of its action started. */
  readonly continuation?: Continuation | undefined;
}

/** The request of a job; its deploy event is not checked yet. @throws RefusedError */
export function readPipelineRequest({ jobId, userParameters, continuationToken }: PipelineJob): PipelineRequest {
  const continuation = continuationToken === undefined ? undefined : toContinuation(continuationToken);
  const { wait = true, ...event } = parseUserParameters(userParameters ?? "");
  if (typeof wait !== "boolean") throw refuseParameters([{ path: "wait", message: "expected true or false" }]);
  // A job does not carry the execution id of its pipeline; UserParameters can, by #{codepipeline.PipelineExecutionId}.
  return { input: { id: continuation?.rolloutId ?? jobId, ...event }, wait, continuation };
}

function toContinuation(token: string): Continuation {
  const parsed = Continuation.safeParse(findJson(token));
  if (parsed.success) return parsed.data;
  throw refuseToken();
}

export function refuseToken(): RefusedError {
  return new RefusedError(
    "the pipeline's job was refused: its continuation token is not the one that Cutover gave its action; run the action again",
  );
}

function parseUserParameters(json: string): Readonly<Record<string, unknown>> {
  const parsed = findJson(json);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new RefusedError(
      'the pipeline\'s job was refused, nothing was done: UserParameters of its action is not the JSON of an object; expected a deploy event such as {"action":"promote","release":"2026.11.0","targets":{"all":true}}',
    );
  }
  const repeated = findRepeatedMembers(json);
  if (repeated.length > 0) throw refuseParameters(repeated);
  return parsed as Readonly<Record<string, unknown>>;
}

function refuseParameters(problems: readonly Problem[]): RefusedError {
  return refuseFor("UserParameters of the pipeline's action", problems);
}
