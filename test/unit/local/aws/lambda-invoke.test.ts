import { withDurableExecution } from "@aws/durable-execution-sdk-js";
import { GetDurableExecutionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { type LambdaExecutions, startLambdaExecutions } from "../../../../local/aws/lambda-executions.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";

const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:cutover";
const ALIAS = `${FUNCTION}:live`;

let lambda: LambdaExecutions;
let client: LambdaClient;
let ran: number;

beforeEach(async () => {
  lambda = await startLambdaExecutions();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new LambdaClient({ endpoint: lambda.address, region: "us-east-1", credentials, maxAttempts: 1 });
  ran = 0;
  const handler = withDurableExecution(async (event: { readonly fail?: boolean }, context) => {
    await context.wait("bake", { hours: 1 });
    ran += await context.step("flip", async () => 1);
    if (event.fail) throw new Error("no customer could be flipped");
    return { flipped: 1 };
  });
  lambda.serve(ALIAS, { kind: "durable", handler, skipWaits: true });
});

afterEach(async () => {
  client.destroy();
  await lambda.close();
});

function start(name: string, event: unknown, FunctionName = ALIAS) {
  const Payload = Buffer.from(JSON.stringify(event));
  return client.send(new InvokeCommand({ FunctionName, InvocationType: "Event", DurableExecutionName: name, Payload }));
}

function describeExecution(DurableExecutionArn: string | undefined) {
  return client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
}

describe("a durable function", () => {
  test("runs to its end under its name, and Lambda reports its result", async () => {
    const { StatusCode, DurableExecutionArn } = await start("night", {});
    expect(StatusCode).toBe(202);
    expect(DurableExecutionArn).toMatch(/:function:cutover:1\/durable-execution\/night\/[\w-]+$/);
    expect(await describeExecution(DurableExecutionArn)).toMatchObject({ Status: "RUNNING" });
    await lambda.settled();
    expect(await describeExecution(DurableExecutionArn)).toMatchObject({
      Status: "SUCCEEDED",
      DurableExecutionName: "night",
      Result: '{"flipped":1}',
    });
  });

  test("that fails is reported with its error", async () => {
    const { DurableExecutionArn } = await start("night", { fail: true });
    await lambda.settled();
    expect(await describeExecution(DurableExecutionArn)).toMatchObject({
      Status: "FAILED",
      Error: { ErrorMessage: "no customer could be flipped" },
    });
  });

  test("is one execution for one name and payload, also after its end", async () => {
    const first = await start("night", { a: 1 });
    const second = await start("night", { a: 1 });
    await lambda.settled();
    const third = await start("night", { a: 1 });
    await lambda.settled();
    for (const { DurableExecutionArn } of [second, third]) expect(DurableExecutionArn).toBe(first.DurableExecutionArn);
    expect(ran).toBe(1);
  });

  test.each([
    ["a name with another payload", () => start("night", { a: 2 }), "DurableExecutionAlreadyStartedException"],
    ["a name with a space", () => start("to night", {}), "InvalidParameterValueException"],
    ["a function without a version", () => start("noon", {}, FUNCTION), "InvalidParameterValueException"],
    ["a function that is not served", () => start("noon", {}, `${FUNCTION}-2:live`), "ResourceNotFoundException"],
    ["a payload over 1 MB", () => start("noon", "x".repeat(1_048_577)), "RequestTooLargeException"],
  ])("refuses %s", async (_what, invoke, name) => {
    await start("night", { a: 1 });
    await expect(invoke()).rejects.toMatchObject({ name });
    await lambda.settled();
  });
});

describe("a function with an alias", () => {
  const front = FUNCTION.replace("cutover", "front-door");

  async function call(FunctionName: string, Qualifier?: string): Promise<unknown> {
    const { Payload } = await client.send(new InvokeCommand({ FunctionName, Qualifier, Payload: Buffer.from("{}") }));
    return JSON.parse(Payload?.transformToString() ?? "");
  }

  test.each([
    ["its ARN", front, undefined, front],
    ["its name", "front-door", undefined, front],
    ["the alias's ARN", `${front}:start`, undefined, `${front}:start`],
    ["a name with the alias", "front-door:start", undefined, `${front}:start`],
    ["a name and a qualifier", "front-door", "start", `${front}:start`],
    ["both, which agree", `${front}:start`, "start", `${front}:start`],
  ])("is called by %s, and sees how it was called", async (_how, name, qualifier, invokedFunctionArn) => {
    lambda.serve(front, { kind: "plain", handler: async (_event, context) => context, aliases: ["start"] });
    expect(await call(name, qualifier)).toMatchObject({ invokedFunctionArn });
    await expect(call("front-door", "steer")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });
});
