import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DurableContext, InvocationStatus, withDurableExecution } from "@aws/durable-execution-sdk-js";
import { refuseOverLimit } from "../../../../local/durable/meter.ts";
import { type ExecutionRun, runExecution } from "../../../../local/durable/run-execution.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../../support/jest.ts";
import { startProgram } from "../../../support/start-program.ts";

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:cutover:7/durable-execution/release-1/0f3c";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cutover-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function run(body: (context: DurableContext) => Promise<unknown>, given: Partial<ExecutionRun> = {}) {
  const handler = withDurableExecution((_event: unknown, context) => body(context));
  return runExecution({ handler, file: join(folder, "run.jsonl"), executionArn: ARN, payload: {}, ...given });
}

test("a wait ends the invocation and takes its time", async () => {
  const startedAt = Date.now();
  expect(await run((context) => context.wait("bake", { seconds: 1 }))).toMatchObject({
    status: "SUCCEEDED",
    invocations: 2,
  });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1000);
});

test("a wait that passes faster sets no timer for a negative time", async () => {
  const program = startProgram(process.execPath, ["--input-type=module", "--eval", FAST_WAIT, folder]);
  expect(await program.ended).toBe(0);
  expect(program.err()).toBe("");
});

/** Node warns of such a timer. Time passes between any two readings of this clock. */
const FAST_WAIT = `
import { withDurableExecution } from "@aws/durable-execution-sdk-js";
import { runExecution } from "./local/durable/run-execution.ts";
let nowMs = Date.now();
Date.now = () => (nowMs += 1);
const handler = withDurableExecution((_event, context) => context.wait("bake", { seconds: 1 }));
await runExecution({ handler, file: process.argv[1] + "/run.jsonl", executionArn: "${ARN}", payload: {}, speed: 400 });
`;

test("a wait of a year ends at once when waits are skipped", async () => {
  await run((context) => context.wait("bake", { days: 365 }), { skipWaits: true });
});

test("a step that fails finally fails the execution with its name and message", async () => {
  const failing = () => Promise.reject(new TypeError("no such customer"));
  const body = (context: DurableContext) =>
    context.step("look-up", failing, { retryStrategy: () => ({ shouldRetry: false }) });
  expect(await run(body)).toMatchObject({ status: "FAILED", error: { message: "no such customer" } });
});

test("a last line that was cut short counts as not written", async () => {
  const file = join(folder, "run.jsonl");
  await expect(
    run((context) => context.step("plan", async () => 7), {
      onCheckpoint: (n, phase) => {
        if (n > 1 && phase === "before") throw new Error("disk full");
      },
    }),
  ).rejects.toThrow(/disk full/);
  appendFileSync(file, '{"operations":[{"Id":"torn');
  expect(await run((context) => context.step("plan", async () => 8))).toMatchObject({ status: "SUCCEEDED" });
  for (const line of readFileSync(file, "utf8").trim().split("\n")) JSON.parse(line);
});

describe("as in Lambda, the execution is FAILED and nothing after it runs", () => {
  const steps = (count: number, result: unknown) => async (context: DurableContext) => {
    const parts = Array.from({ length: count }, (_, index) => context.step(`part-${index}`, async () => result));
    return (await Promise.all(parts)).length;
  };

  // The execution itself is one operation.
  test.each([
    ["after 2,999 steps", steps(2_999, 0), "SUCCEEDED", undefined],
    [
      "at the operation that would be number 3,001",
      steps(3_000, 0),
      "FAILED",
      /has 3001 durable operations, at most 3000/,
    ],
    [
      "with a step's result over 256 KB",
      steps(1, "x".repeat(262_143)),
      "FAILED",
      /has 262145 bytes, .* at most 262144/,
    ],
  ] as const)("%s", async (_when, body, status, message) => {
    const error = message && { message: expect.stringMatching(message) };
    expect(await run(body)).toMatchObject({ status, ...(error && { error }) });
  });
});

test("results of more than 100 MB together are refused", () => {
  const result = {
    Type: "STEP",
    StartTimestamp: "",
    Status: "SUCCEEDED",
    StepDetails: { Attempt: 1, Result: "x".repeat(262_144) },
  } as const;
  const kept = (count: number) =>
    new Map(Array.from({ length: count }, (_, index) => [`${index}`, { ...result, Id: `${index}` }]));
  expect(() => refuseOverLimit([], kept(400))).not.toThrow();
  expect(() => refuseOverLimit([], kept(401))).toThrow(/at most 104857600/);
});

test("a retry and a poll of a condition are metered as AWS meters them", async () => {
  const body = async (context: DurableContext) => {
    const retryStrategy = () => ({ shouldRetry: true, delay: { seconds: 1 } });
    const failTwice = ({ attempt }: { readonly attempt: number }) =>
      attempt < 3 ? Promise.reject(new Error("busy")) : Promise.resolve(attempt);
    await context.step("flip", failTwice, { retryStrategy });
    await context.wait("settle", { seconds: 1 });
    return context.waitForCondition("gate", async (polls) => polls + 1, {
      initialState: 0,
      waitStrategy: (polls) => (polls < 7 ? { shouldContinue: true, delay: { hours: 1 } } : { shouldContinue: false }),
    });
  };
  // The execution, a step with two retries, a wait, a condition with seven polls.
  expect(await run(body, { skipWaits: true })).toMatchObject({ result: 7, operations: 1 + 3 + 1 + 8 });
});

test("an execution's result may be larger than an answer of Lambda", async () => {
  const result = "x".repeat(6 * 1024 * 1024);
  expect(await run(async () => result)).toMatchObject({ status: "SUCCEEDED", result });
});

test("an execution with more operations than one page resumes with all of them", async () => {
  let ran = 0;
  const body = async (context: DurableContext) => {
    for (let part = 1; part <= 150; part += 1) await context.step(`part-${part}`, async () => (ran += 1));
    await context.wait("bake", { hours: 1 });
    return context.step("close", async () => ran);
  };
  expect(await run(body, { skipWaits: true })).toMatchObject({ result: 150, operations: 153, invocations: 2 });
});

test("the operations of a finished context are not replayed", async () => {
  const body = async (context: DurableContext) => {
    const inner = await context.runInChildContext("wave", (wave) => wave.step("flip", async () => 5));
    await context.wait("bake", { hours: 1 });
    return inner;
  };
  const handler = withDurableExecution((_event: unknown, context) => body(context));
  const handedOver: number[] = [];
  const watching: ExecutionRun["handler"] = (input, context) => {
    handedOver.push(input.InitialExecutionState.Operations.length);
    return handler(input, context);
  };
  expect(await run(body, { handler: watching, skipWaits: true })).toMatchObject({ result: 5 });
  // The execution; then the execution, the context and the wait.
  expect(handedOver).toEqual([1, 3]);
});

test("a broken invocation is repeated; three invocations without progress fail the run", async () => {
  let broken = 0;
  const breaking: ExecutionRun["handler"] = async () => {
    broken += 1;
    throw new Error("out of memory");
  };
  await expect(run(async () => 1, { handler: breaking })).rejects.toThrow(
    /made no progress in 3 invocations: out of memory/,
  );
  expect(broken).toBe(3);
  const pending: ExecutionRun["handler"] = async () => ({ Status: InvocationStatus.PENDING });
  await expect(run(async () => 1, { handler: pending })).rejects.toThrow(/without a timer that could resume it/);
});

test("the handler sees its function, version and remaining time in the context", async () => {
  const body = async (context: DurableContext) => {
    const { functionName, functionVersion, getRemainingTimeInMillis } = context.lambdaContext;
    return { functionName, functionVersion, minutes: Math.round(getRemainingTimeInMillis() / 60_000) };
  };
  expect(await run(body)).toMatchObject({ result: { functionName: "cutover", functionVersion: "7", minutes: 15 } });
});
