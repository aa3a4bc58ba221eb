import { runPart, StalledError, type StepRun } from "../../../../lambda/steps/run-part.ts";
import { beforeEach, expect, test } from "../../../support/jest.ts";
import { aRollout, fakePorts, useLedgerWorld } from "./fake-ports.ts";

const NOW_MS = 1_000_000;
const RUN: StepRun = { step: "flip-1-part-1", attempt: 1, invocationEndsAtMs: NOW_MS + 900_000 };

const world = useLedgerWorld({ retries: { requestTimeoutMs: 1_000 } });
let rolloutId: string;
let rollouts = 0;

beforeEach(() => {
  rollouts += 1;
  rolloutId = `rollout-${rollouts}`;
});

function part(run: Partial<StepRun>, mark = "batch 0", policy: object = {}): Promise<number> {
  const ports = fakePorts(world(), { customers: [], nowMs: () => NOW_MS });
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
  [600, 900, 600],
  [720, 720, 644],
  [600, 300, 224],
])("a part of %d s with %d s left in its invocation begins work for %d s", async (stepSeconds, remaining, takes) => {
  expect(await part({ invocationEndsAtMs: NOW_MS + remaining * 1000 }, "batch 0", { stepSeconds })).toBe(takes);
});
