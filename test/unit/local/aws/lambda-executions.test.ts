import { GetDurableExecutionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type LambdaExecutions, startLambdaExecutions } from "../../../../local/aws/lambda-executions.ts";

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:7/durable-execution/release-1/0f3c";

let executions: LambdaExecutions;
let client: LambdaClient;

beforeEach(async () => {
  executions = await startLambdaExecutions();
  client = new LambdaClient({
    endpoint: executions.address,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await executions.close();
});

const ask = (arn = ARN) => client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));

test("a running execution is reported with its name and start", async () => {
  executions.running(ARN);
  const answer = await ask();
  expect(answer).toMatchObject({
    DurableExecutionArn: ARN,
    DurableExecutionName: "release-1",
    FunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:cutover:7",
    Status: "RUNNING",
  });
  expect(answer.StartTimestamp).toBeInstanceOf(Date);
  expect(answer.EndTimestamp).toBeUndefined();
  expect(executions.requests()).toEqual([ARN]);
});

test.each(["SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"] as const)(
  "an execution that ended %s says when",
  async (status) => {
    const at = new Date("2026-11-23T20:00:00.000Z");
    executions.running(ARN);
    executions.ended(ARN, status, at);
    expect(await ask()).toMatchObject({ Status: status, EndTimestamp: at });
  },
);

test("an execution that Lambda never knew or has forgotten is not found", async () => {
  executions.running(ARN);
  executions.forget(ARN);
  for (const arn of [ARN, "arn:aws:lambda:us-east-1:000000000000:function:cutover:7/durable-execution/other/1"]) {
    await expect(ask(arn)).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      $metadata: { httpStatusCode: 404 },
    });
  }
});
