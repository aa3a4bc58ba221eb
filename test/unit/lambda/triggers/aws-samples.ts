/**
 * AWS's documented samples, with the parts that are ours as arguments.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
 */
export function aPipelineJob(
  userParameters: unknown,
  { id = "11111111-abcd-1111-abcd-111111abcdef", continuationToken }: { id?: string; continuationToken?: string } = {},
) {
  const UserParameters = typeof userParameters === "string" ? userParameters : JSON.stringify(userParameters);
  return {
    "CodePipeline.job": {
      id,
      accountId: "111111111111",
      data: {
        actionConfiguration: { configuration: { FunctionName: "MyLambdaFunctionForAWSCodePipeline", UserParameters } },
        inputArtifacts: [{ location: { s3Location: OBJECT, type: "S3" }, revision: null, name: "ArtifactName" }],
        outputArtifacts: [],
        artifactCredentials: { ...ARTIFACT_CREDENTIALS },
        ...(continuationToken !== undefined && { continuationToken }),
        encryptionKey: { id: "arn:aws:kms:us-west-2:111122223333:key/1234abcd", type: "KMS" },
      },
    },
  };
}

const OBJECT = { bucketName: "the name of the bucket", objectKey: "the name of the application" };

/** None of these may stand anywhere afterwards. */
export const ARTIFACT_CREDENTIALS = {
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "MIICiTCCAfICCQD6m7oRw0uXOjANBgkqhkiG9w0BAQUFADCBiDELMAkGA1UEBhMCVVM=",
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
};

/** https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html */
export function aPipelineStateChange(
  level: "Pipeline" | "Stage" | "Action" = "Pipeline",
  detail: Readonly<Record<string, unknown>> = {},
) {
  return {
    version: "0",
    id: "01234567-0123-0123-0123-0123456789ab",
    "detail-type": `CodePipeline ${level} Execution State Change`,
    source: "aws.codepipeline",
    account: "123456789012",
    time: "2020-01-24T22:03:44Z",
    region: "us-east-1",
    resources: ["arn:aws:codepipeline:us-east-1:123456789012:myPipeline"],
    detail: {
      pipeline: "myPipeline",
      "execution-id": "12345678-1234-5678-abcd-12345678abcd",
      "start-time": "2023-10-26T13:49:39.208Z",
      "execution-trigger": {
        "trigger-type": "StartPipelineExecution",
        "trigger-detail": "arn:aws:sts::123456789012:x",
      },
      state: "SUCCEEDED",
      version: 3.0,
      "pipeline-execution-attempt": 1.0,
      ...(level !== "Pipeline" && { stage: "Prod" }),
      ...(level === "Action" && { action: "myAction", type: { owner: "AWS", category: "Deploy" } }),
      ...detail,
    },
  };
}

/** https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html */
export function aBridgedEvent(detail: unknown, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    version: "0",
    id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "Cutover Deploy Event",
    source: "com.example.ci",
    account: "111122223333",
    time: "2026-11-23T02:00:00Z",
    region: "us-west-1",
    resources: [],
    detail,
    ...changes,
  };
}

/** What EventBridge Scheduler makes of the input that our stack gives a schedule. */
export function aScheduledEvent(event: unknown, { scheduledTime = "2026-11-23T02:00:00Z", maxAgeMinutes = 30 } = {}) {
  const arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/cutover/nightly-promote";
  return { schedule: { arn, scheduledTime, maxAgeMinutes }, event };
}
