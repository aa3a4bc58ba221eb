import {
  type CodePipelineClient,
  InvalidJobStateException,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
} from "@aws-sdk/client-codepipeline";

/** CodePipeline's limits. */
const MOST_MESSAGE = 5_000;
const MOST_SUMMARY = 2_048;

interface Details {
  readonly rolloutId: string;
  readonly summary: string;
}

/** Answers jobs of CodePipeline's Lambda action. An action without an answer waits until its timeout. */
export function createPipelineJobs(client: CodePipelineClient) {
  return {
    /** Ends the action with success; later actions can read the variables. */
    succeed: (jobId: string, details: Details, outputVariables: Readonly<Record<string, string>>): Promise<void> =>
      unlessAnswered(
        client.send(
          new PutJobSuccessResultCommand({
            jobId,
            executionDetails: { ...toDetails(details), percentComplete: 100 },
            outputVariables: { ...outputVariables },
          }),
        ),
      ),
    /** CodePipeline later sends a new job with the token. */
    askAgain: (jobId: string, details: Details, continuationToken: string): Promise<void> =>
      unlessAnswered(
        client.send(new PutJobSuccessResultCommand({ jobId, continuationToken, executionDetails: toDetails(details) })),
      ),
    fail: (jobId: string, type: "ConfigurationError" | "JobFailed", message: string): Promise<void> =>
      unlessAnswered(
        client.send(
          new PutJobFailureResultCommand({ jobId, failureDetails: { type, message: cut(message, MOST_MESSAGE) } }),
        ),
      ),
  };
}

function toDetails({ rolloutId, summary }: Details) {
  return { externalExecutionId: rolloutId, summary: cut(summary, MOST_SUMMARY) };
}

/** Lambda may deliver a job twice, and the first delivery may have been answered. */
async function unlessAnswered(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof InvalidJobStateException)) throw error;
  }
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).toWellFormed()}…` : text;
}
