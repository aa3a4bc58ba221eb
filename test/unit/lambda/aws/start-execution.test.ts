import { LambdaClient } from "@aws-sdk/client-lambda";
import { createExecutionStarter } from "../../../../lambda/aws/start-execution.ts";
import { isExecutionOf } from "../../../../lambda/contract/execution-name.ts";
import { type LambdaExecutions, startLambdaExecutions } from "../../../../local/aws/lambda-executions.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";

const PRODUCTION = "arn:aws:lambda:us-east-1:000000000000:function:cutover-production-1:live";
const STAGING = "arn:aws:lambda:us-east-1:000000000000:function:cutover-staging-1:live";
const EVENT = { action: "promote", id: "github_release-7" };

let lambda: LambdaExecutions;
let client: LambdaClient;

beforeEach(async () => {
  lambda = await startLambdaExecutions();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  client = new LambdaClient({ endpoint: lambda.address, region: "us-east-1", credentials, maxAttempts: 1 });
  for (const arn of [PRODUCTION, STAGING])
    lambda.serve(arn, { kind: "durable", handler: () => Promise.reject(new Error("no customer is flipped here")) });
});

afterEach(async () => {
  await lambda.settled();
  client.destroy();
  await lambda.close();
});

function start(workerArn: string, event: { readonly id?: string; readonly action: string } = EVENT) {
  return createExecutionStarter(client, workerArn)(event.id ?? "promote-0f3c9a1b2d4e", event);
}

async function nameOf(started: ReturnType<typeof start>): Promise<string> {
  const start = await started;
  if (start.kind !== "started") throw new Error(`the start was ${start.kind}`);
  return start.execution?.split("/")[2] ?? "";
}

describe("an event with an id", () => {
  test("is one execution when it is sent twice, and a different event with the id is refused", async () => {
    const first = await start(PRODUCTION);
    expect(first.kind).toBe("started");
    expect(await start(PRODUCTION)).toEqual(first);
    expect(await start(PRODUCTION, { ...EVENT, action: "stage" })).toEqual({ kind: "taken" });
  });

  test("is one execution in each of two environments of an account", async () => {
    const executions = [await start(PRODUCTION), await start(STAGING)];
    expect(executions).toEqual([
      { kind: "started", execution: expect.stringContaining(":function:cutover-production-1:1/") },
      { kind: "started", execution: expect.stringContaining(":function:cutover-staging-1:1/") },
    ]);
    expect(await start(STAGING, { ...EVENT, action: "stage" })).toEqual({ kind: "taken" });
  });

  test("has the same execution name for every alias", async () => {
    const name = await nameOf(start(PRODUCTION));
    const next = PRODUCTION.replace(":live", ":next");
    lambda.serve(next, { kind: "durable", handler: () => Promise.reject(new Error("nor here")) });
    expect(await nameOf(start(next))).toBe(name);
  });

  test.each([
    ["a short one", "r", /^r-[\da-f]{12}$/],
    ["one that just fits whole", "i".repeat(51), /^i{51}-[\da-f]{12}$/],
    ["one that is cut", `${"i".repeat(51)}j`, /^i{51}-[\da-f]{12}$/],
    ["the longest", "-".repeat(64), /^-{51}-[\da-f]{12}$/],
  ])("shows as much of the id as fits: %s", async (_which, id, shown) => {
    const name = await nameOf(start(PRODUCTION, { action: "promote", id }));
    expect(name).toMatch(shown);
    expect(isExecutionOf(id, `arn/durable-execution/${name}/1`)).toBe(true);
    expect(isExecutionOf(`other-${id}`.slice(0, 64), `arn/durable-execution/${name}/1`)).toBe(false);
  });

  test("with a difference only in the hidden part of the id is a different execution", async () => {
    const names = ["a", "b"].map((end) => nameOf(start(PRODUCTION, { action: "promote", id: "i".repeat(60) + end })));
    expect(new Set(await Promise.all(names)).size).toBe(2);
  });
});

test("a generated rollout id is the execution's name, where the worker reads it", async () => {
  expect(await nameOf(start(PRODUCTION, { action: "promote" }))).toBe("promote-0f3c9a1b2d4e");
});
