import { LambdaClient } from "@aws-sdk/client-lambda";
import { createExecutions } from "../../../../lambda/aws/executions.ts";
import { localAwsEnvironment } from "../../../../local/aws/environment.ts";
import { type LambdaExecutions, startLambdaExecutions } from "../../../../local/aws/lambda-executions.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:7/durable-execution/promote-1/9f";

let executions: LambdaExecutions;
let client: LambdaClient;

beforeEach(async () => {
  executions = await startLambdaExecutions();
  Object.assign(process.env, localAwsEnvironment({ lambda: executions.address }));
  client = new LambdaClient();
});

afterEach(async () => {
  client.destroy();
  await executions.close();
});

describe("a durable execution", () => {
  test("runs until Lambda says that it has ended", async () => {
    const { findEnd } = createExecutions(client);
    executions.running(ARN);
    expect(await findEnd(ARN)).toEqual({ running: true });
    executions.ended(ARN, "STOPPED", new Date("2026-11-23T12:00:00Z"));
    expect(await findEnd(ARN)).toEqual({ running: false });
  });

  test.each(["PAUSING", "PAUSED", "DELETING", "A_NEW_STATE"] as const)("that is %s keeps its lock", async (status) => {
    executions.running(ARN, status as "PAUSED");
    expect(await createExecutions(client).findEnd(ARN)).toEqual({ running: true });
  });

  test("that Lambda does not know has ended", async () => {
    expect(await createExecutions(client).findEnd(ARN)).toEqual({ running: false });
  });
});
