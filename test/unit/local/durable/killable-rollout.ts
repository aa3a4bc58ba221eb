import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { withDurableExecution } from "@aws/durable-execution-sdk-js";
import { runExecution } from "../../../../local/durable/run-execution.ts";

/**
 * A process of its own that runs one execution of every kind of durable operation, and dies at a given place:
 * `before:N` and `after:N` a write to the checkpoint file, or `in:STEP`, in the middle of a step.
 */
const [file = "", log = "", death = ""] = process.argv.slice(2);
const die = () => process.kill(process.pid, "SIGKILL");

async function work(step: string): Promise<void> {
  appendFileSync(log, `${step}\n`);
  await sleep(5);
  if (death === `in:${step}`) die();
}

const handler = withDurableExecution(async (event: { readonly customers: number }, context) => {
  const planned = await context.step("plan", async () => {
    await work("plan");
    return event.customers;
  });
  const flipped = await context.step(
    "flip",
    async (step) => {
      await work("flip");
      if (step.attempt < 3) throw new Error("the server is busy");
      return { planned, attempts: step.attempt };
    },
    { retryStrategy: (_error, attempt) => ({ shouldRetry: attempt < 5, delay: { seconds: 30 } }) },
  );
  await context.wait("bake", { hours: 6 });
  const alarms = await context.waitForCondition(
    "gate",
    async (seen) => {
      await work("gate");
      return seen + 1;
    },
    {
      initialState: 0,
      waitStrategy: (seen) => (seen < 3 ? { shouldContinue: true, delay: { minutes: 1 } } : { shouldContinue: false }),
    },
  );
  const closed = await context.runInChildContext("close", async (child) => {
    await child.step("unlock", () => work("unlock"));
    return child.step("notify", async () => {
      await work("notify");
      return "closed";
    });
  });
  return { flipped, alarms, closed };
});

const result = await runExecution({
  handler,
  file,
  executionArn: "arn:aws:lambda:us-east-1:000000000000:function:cutover:7/durable-execution/release-1/0f3c",
  payload: { customers: 300 },
  skipWaits: true,
  onCheckpoint: (n, phase) => {
    if (death === `${phase}:${n}`) die();
  },
});
process.stdout.write(JSON.stringify(result));
