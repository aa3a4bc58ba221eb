import { randomUUID } from "node:crypto";
import { listenOnLoopback, readBody, sendJson } from "./loopback.ts";

/** The answer to a job: the input of `PutJobSuccessResult` or `PutJobFailureResult`. */
export type JobAnswer = {
  readonly action: string;
  readonly jobId: string;
  readonly continuationToken?: string;
  readonly executionDetails?: { readonly summary?: string; readonly externalExecutionId?: string };
  readonly outputVariables?: Readonly<Record<string, string>>;
  readonly failureDetails?: { readonly type: string; readonly message: string };
};

export type CodePipeline = {
  readonly address: string;
  /** Opens a job, as CodePipeline does for a Lambda action, and returns its id. */
  openJob(id?: string): string;
  /** The accepted answers, in order. */
  answers(): readonly JobAnswer[];
  close(): Promise<void>;
};

const ACTIONS = ["PutJobSuccessResult", "PutJobFailureResult"];

/** The part of AWS CodePipeline that takes a job's answer, on loopback, for the real SDK client: AWS JSON 1.1. */
export async function startCodePipeline(): Promise<CodePipeline> {
  const open = new Set<string>();
  const closed = new Set<string>();
  const answers: JobAnswer[] = [];

  const server = await listenOnLoopback(async (request, response) => {
    const action = String(request.headers["x-amz-target"] ?? "").replace(/^CodePipeline_20150709\./, "");
    const asked = JSON.parse(await readBody(request)) as Omit<JobAnswer, "action">;
    const problem = findProblem(action, asked);
    if (problem !== undefined)
      return sendJson(response, 400, { __type: problem, message: `${problem}: ${asked.jobId}` });
    open.delete(asked.jobId);
    closed.add(asked.jobId);
    answers.push({ action, ...asked });
    sendJson(response, 200, {});
  });

  function findProblem(action: string, asked: Omit<JobAnswer, "action">): string | undefined {
    if (!ACTIONS.includes(action)) return "UnknownOperationException";
    if (closed.has(asked.jobId)) return "InvalidJobStateException";
    if (!open.has(asked.jobId)) return "JobNotFoundException";
    const isContradictory = asked.continuationToken !== undefined && asked.outputVariables !== undefined;
    return isContradictory ? "ValidationException" : undefined;
  }

  return {
    address: server.address,
    openJob: (id = randomUUID()) => {
      open.add(id);
      return id;
    },
    answers: () => [...answers],
    close: server.close,
  };
}
