import { setTimeout } from "node:timers/promises";
import { FLIP_START, flipPart } from "../../../../../lambda/steps/flip/flip-part.ts";
import { toGateConfig } from "../../../../../lambda/steps/gate/gate-config.ts";
import { afterEach, beforeEach, expect, test } from "../../../../support/jest.ts";
import { type ClosableLedgerWorld, startLedgerWorld } from "../../../../support/ledger.ts";
import { aCustomer, aRollout, fakePorts, LOCK } from "../fake-ports.ts";

let world: ClosableLedgerWorld;

beforeEach(async () => {
  world = await startLedgerWorld();
});
afterEach(() => world.close());

test("failures in an unfinished batch still stop the rollout before a further flip", async () => {
  const customers = ["a", "b", "c"].map((id) => aCustomer(id));
  const flipped: string[] = [];
  const ports = fakePorts(world, {
    customers,
    ledger: { readControls: async () => ({ fence: 1, lock: LOCK, holds: {}, protectedIds: [] }) },
    connection: {
      flip: async ({ customerId }) => {
        flipped.push(customerId);
        return { result: "flipped", reason: { code: "confirmed-by-reply" } };
      },
    },
  });
  await ports.ledger.putBatch("night", 0, customers);
  const failed = ["a", "b"].map(
    (id) =>
      ({
        customerId: id,
        name: "",
        outcome: "failed",
        reason: { code: "no-answer", operation: "flip", why: "ECONNRESET" },
      }) as const,
  );
  await ports.ledger.recordBatch({
    ...(await ports.ledger.getBatch("night", 0)),
    outcomes: failed,
    intended: ["c"],
  });

  const policy = { ...ports.policy, failureBudget: 1 };
  const rollout = aRollout("night");

  const progress = await flipPart(
    { ...ports, policy },
    rollout,
    { step: "flip-1-part-1", attempt: 1, invocationEndsAtMs: Date.now() + 900_000 },
    {
      plan: { hash: "", flip: 3, unchanged: 0, skipped: 0, batches: 1, settledItems: 0, waves: [] },
      gateConfig: toGateConfig(policy, rollout.event, { plan: { flip: 3, waves: [] } }),
      from: FLIP_START,
      to: 1,
    },
  );

  expect(flipped).toEqual([]);
  expect(progress).toMatchObject({
    done: true,
    batch: 0,
    stop: {
      cause: "budget",
      reasons: [{ code: "failure-budget", failed: 2, allowed: 1, planned: 3 }],
    },
  });
});

test("an alarm that stopped a dead worker still stops the rollout when the alarm is OK again", async () => {
  const batches = [["a", "b", "c", "d", "e", "f"], ["g"]].map((ids) => ids.map((id) => aCustomer(id)));
  const flipped: string[] = [];
  let clockMs = 1_000_000;
  let state: "OK" | "ALARM" = "OK";
  const ports = fakePorts(world, {
    customers: batches.flat(),
    nowMs: () => clockMs,
    ledger: { readControls: async () => ({ fence: 1, lock: LOCK, holds: {}, protectedIds: [] }) },
    connection: {
      flip: async ({ customerId }) => {
        flipped.push(customerId);
        clockMs += 60_000;
        state = "ALARM";
        await setTimeout(50);
        return { result: "flipped", reason: { code: "confirmed-by-reply" } };
      },
    },
  });
  for (const [index, customers] of batches.entries()) await ports.ledger.putBatch("night", index, customers);
  const rules = { onFailure: "rollback", noDataSeconds: 900 } as const;
  const flip = () =>
    flipPart(
      {
        ...ports,
        policy: { ...ports.policy, concurrency: 1, stepSeconds: 600 },
        readAlarms: async () => [{ name: "calls-drop", state, reason: "too many" }],
      },
      aRollout("night"),
      { step: "flip-1-part-1", attempt: 1, invocationEndsAtMs: clockMs + 900_000 },
      {
        plan: { hash: "", flip: 7, unchanged: 0, skipped: 0, batches: 2, settledItems: 0, waves: [] },
        gateConfig: { alarms: ["calls-drop"], rules },
        from: FLIP_START,
        to: 2,
      },
    );
  const died = await flip();
  const flippedBefore = [...flipped];
  state = "OK";

  const progress = await flip();

  expect(died.stop).toMatchObject({ decision: "roll back", cause: "alarm" });
  expect(flippedBefore.length).toBeLessThan(7);
  expect(flipped).toEqual(flippedBefore);
  expect(progress).toMatchObject({ done: true, batch: 1, stop: died.stop });
});
