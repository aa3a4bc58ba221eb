import {
  CodePipelineClient,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
} from "@aws-sdk/client-codepipeline";
import { type CodePipeline, startCodePipeline } from "../../../../local/aws/code-pipeline.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";

let pipeline: CodePipeline;
let client: CodePipelineClient;

beforeEach(async () => {
  pipeline = await startCodePipeline();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new CodePipelineClient({ endpoint: pipeline.address, region: "us-east-1", credentials });
});

afterEach(async () => {
  client.destroy();
  await pipeline.close();
});

test("a job is answered once, with success or failure", async () => {
  const [good, bad] = [pipeline.openJob(), pipeline.openJob("bad")];
  await client.send(new PutJobSuccessResultCommand({ jobId: good, outputVariables: { status: "succeeded" } }));
  const failureDetails = { type: "JobFailed", message: "it failed" } as const;
  await client.send(new PutJobFailureResultCommand({ jobId: bad, failureDetails }));

  expect(pipeline.answers()).toEqual([
    { action: "PutJobSuccessResult", jobId: good, outputVariables: { status: "succeeded" } },
    { action: "PutJobFailureResult", jobId: "bad", failureDetails },
  ]);
  await expect(client.send(new PutJobSuccessResultCommand({ jobId: good }))).rejects.toMatchObject({
    name: "InvalidJobStateException",
  });
});
