import { runPart, StalledError, type StepRun } from "../../../../lambda/steps/run-part.ts";
import { afterAll, beforeAll, beforeEach, expect, test } from "../../../support/jest.ts";
import { type ClosableLedgerWorld, startLedgerWorld } from "../../../support/ledger.ts";
import { aRollout, fakePorts } from "./fake-ports.ts";

const NOW_MS = 1_000_000;
const RUN: StepRun = { step: "flip-1-part-1", attempt: 1, invocationEndsAtMs: NOW_MS + 900_000 };

let world: ClosableLedgerWorld;
let rolloutId: string;
let rollouts = 0;

beforeAll(async () => {
  world = await startLedgerWorld({ retries: { requestTimeoutMs: 1_000 } });
});
afterAll(() => world.close());
beforeEach(() => {
  rollouts += 1;
  rolloutId = `rollout-${rollouts}`;
});

function part(
  run: Partial<StepRun>,
  mark = "batch 0",
  policy: { readonly stepSeconds?: number } = {},
): Promise<number> {
  const ports = fakePorts(world, { customers: [], nowMs: () => NOW_MS });
  return runPart(
    { ...ports, policy: { ...ports.policy, ...policy } },
    aRollout(rolloutId),
    { run: { ...RUN, ...run }, pace: undefined, mark },
    async ({ untilMs }) => (untilMs - NOW_MS) / 1000,
  );
}

test("a step that is begun a fourth time at the same place fails loudly", async () => {
  for (let runs = 0; runs < 3; runs += 1) await part({});

  await expect(part({})).rejects.toThrow(StalledError);
  await expect(part({})).rejects.toMatchObject({
    reasons: [{ code: "stalled", step: "flip-1-part-1", runs: 3, mark: "batch 0" }],
  });
});

test("a step that came further may die three times more", async () => {
  for (const mark of ["batch 0", "batch 1"]) for (let runs = 0; runs < 3; runs += 1) await part({}, mark);

  await expect(part({}, "batch 1")).rejects.toThrow(StalledError);
});

test("a try that ended with an error is no death: the next try may die three times again", async () => {
  for (const attempt of [1, 2]) for (let runs = 0; runs < 3; runs += 1) await part({ attempt });

  await expect(part({ attempt: 2 })).rejects.toThrow(/flip-1-part-1 \(try 2\) died 3 times/);
});

test.each([
  { stepSeconds: 600, remaining: 900, takes: 600 },
  { stepSeconds: 720, remaining: 720, takes: 644 },
  { stepSeconds: 600, remaining: 300, takes: 224 },
])("a part of $stepSeconds s with $remaining s left in its invocation begins work for $takes s", async (given) => {
  const { stepSeconds, remaining, takes } = given;

  expect(await part({ invocationEndsAtMs: NOW_MS + remaining * 1000 }, "batch 0", { stepSeconds })).toBe(takes);
});
