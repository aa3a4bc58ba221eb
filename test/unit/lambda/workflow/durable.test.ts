import type { DurableContext } from "@aws/durable-execution-sdk-js";
import { NO_COMMANDS } from "../../../../lambda/core/gate/apply-commands.ts";
import type { GateState } from "../../../../lambda/core/gate/evaluate-gate.ts";
import { createDurable, type Durable } from "../../../../lambda/workflow/durable.ts";
import { beforeEach, expect, test } from "../../../support/jest.ts";
import { toArn } from "../../../support/run-handler.ts";
import { fakePorts, useLedgerWorld } from "../steps/fake-ports.ts";

const world = useLedgerWorld();
let arn: string;
let executions = 0;
let counted: string[] = [];

beforeEach(() => {
  executions += 1;
  arn = toArn(`execution-${executions}`);
});

/** One invocation, as far as it is no replay: operations run at once. */
function invoke(): Durable {
  const context = {
    executionContext: { durableExecutionArn: arn },
    lambdaContext: { getRemainingTimeInMillis: () => 900_000 },
    step: (_name: string, body: (run: { readonly attempt: number }) => unknown) => body({ attempt: 1 }),
    waitForCondition: (
      _name: string,
      check: (state: unknown) => unknown,
      { initialState }: { initialState: unknown },
    ) => check(initialState),
  };
  const { ledger } = fakePorts(world(), { customers: [] });
  const countStepAttempt: typeof ledger.countStepAttempt = (rolloutId, step, mark) => {
    counted.push(step);
    return ledger.countStepAttempt(rolloutId, step, mark);
  };
  const ports = { nowMs: Date.now, ledger: { ...ledger, countStepAttempt } };
  return createDurable(context as unknown as DurableContext, ports);
}

/** What an invocation dies in leaves nothing behind, so it may as well return. */
const dies = async () => "dead";

test.each([
  { options: {}, runs: 5 },
  { options: { retry: "patient" }, runs: 11 },
] as const)("a step that died $runs times is not begun again, with $options", async ({ options, runs }) => {
  for (let run = 0; run < runs; run += 1) expect(await invoke().step("close", dies, options)).toBe("dead");

  await expect(invoke().step("close", dies, options)).rejects.toMatchObject({
    reasons: [{ code: "stalled", step: "close", runs }],
    message: `close died ${runs} times; the worker's log says what ended it`,
  });
});

test("an execution that takes an id again has tries of its own", async () => {
  for (let run = 0; run < 5; run += 1) await invoke().step("open", dies);
  arn = arn.replace("0f3c", "1a2b");

  expect(await invoke().step("open", dies)).toBe("dead");
});

test.each<[before: string, run: (durable: Durable) => Promise<unknown>, counted: readonly string[]]>([
  ["another step", (durable) => durable.step("open", dies), ["open"]],
  ["a poll", (durable) => durable.poll("wait-to-begin", async () => ({ answer: "now" })), []],
  ["a gate", (durable) => durable.waitForGate("ready", GATE), []],
  ["a part", (durable) => durable.runParts({ name: "plan", start: START, part: async () => DONE }), []],
])("a step is not counted after %s of the same invocation", async (_before, run, expected) => {
  const durable = invoke();
  counted = [];

  await run(durable);
  await durable.step("close", dies);

  expect(counted).toEqual(expected);
});

const GATE = { bakeSeconds: 0, commandState: NO_COMMANDS, poll: async (state: GateState) => state };
const START = { done: false, idleParts: 0 };
const DONE = { done: true, idleParts: 0 };
