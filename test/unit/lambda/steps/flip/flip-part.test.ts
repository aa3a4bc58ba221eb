import { setTimeout } from "node:timers/promises";
import { FLIP_START, flipPart } from "../../../../../lambda/steps/flip/flip-part.ts";
import { toGateConfig } from "../../../../../lambda/steps/gate/gate-config.ts";
import { expect, test } from "../../../../support/jest.ts";
import { aCustomer, aRollout, CONTROLS, FLIPPED, fakePorts, useLedgerWorld } from "../fake-ports.ts";

const world = useLedgerWorld();
const PLAN = { hash: "", unchanged: 0, skipped: 0, settledItems: 0, waves: [] };
const toRun = (nowMs: number) => ({ step: "flip-1-part-1", attempt: 1, invocationEndsAtMs: nowMs + 900_000 });

test("failures in an unfinished batch still stop the rollout before a further flip", async () => {
  const customers = ["a", "b", "c"].map((id) => aCustomer(id));
  const flipped: string[] = [];
  const ports = fakePorts(world(), {
    customers,
    ledger: { readControls: async () => CONTROLS },
    connection: {
      flip: async ({ customerId }) => {
        flipped.push(customerId);
        return FLIPPED;
      },
    },
  });
  await ports.ledger.putBatch("failing", 0, customers);
  const failed = { name: "", outcome: "failed", reason: { code: "unanswered" } } as const;
  const outcomes = ["a", "b"].map((customerId) => ({ customerId, ...failed }));
  await ports.ledger.recordBatch({ ...(await ports.ledger.getBatch("failing", 0)), outcomes, intended: ["c"] });
  const policy = { ...ports.policy, failureBudget: 1 };
  const rollout = aRollout("failing");
  const gateConfig = toGateConfig(policy, rollout.event, { plan: { flip: 3, waves: [] } });
  const work = { plan: { ...PLAN, flip: 3, batches: 1 }, gateConfig, from: FLIP_START, to: 1 };

  const progress = await flipPart({ ...ports, policy }, rollout, toRun(Date.now()), work);

  expect(flipped).toEqual([]);
  const reasons = [{ code: "failure-budget", failed: 2, allowed: 1, planned: 3 }];
  expect(progress).toMatchObject({ done: true, batch: 0, stop: { cause: "budget", reasons } });
});

test("an alarm that stopped a dead worker still stops the rollout when the alarm is OK again", async () => {
  const batches = [["a", "b", "c", "d", "e", "f"], ["g"]].map((ids) => ids.map((id) => aCustomer(id)));
  const flipped: string[] = [];
  let clockMs = 1_000_000;
  let state: "OK" | "ALARM" = "OK";
  const ports = fakePorts(world(), {
    customers: batches.flat(),
    nowMs: () => clockMs,
    ledger: { readControls: async () => CONTROLS },
    connection: {
      flip: async ({ customerId }) => {
        flipped.push(customerId);
        clockMs += 60_000;
        state = "ALARM";
        await setTimeout(50);
        return FLIPPED;
      },
    },
  });
  for (const [index, customers] of batches.entries()) await ports.ledger.putBatch("dying", index, customers);
  const rules = { onFailure: "rollback", noDataSeconds: 900 } as const;
  const policy = { ...ports.policy, concurrency: 1, stepSeconds: 600 };
  const readAlarms = async () => [{ name: "calls-drop", state, reason: "too many" }];
  const gateConfig = { alarms: ["calls-drop"], rules };
  const work = { plan: { ...PLAN, flip: 7, batches: 2 }, gateConfig, from: FLIP_START, to: 2 };
  const flip = () => flipPart({ ...ports, policy, readAlarms }, aRollout("dying"), toRun(clockMs), work);
  const died = await flip();
  const flippedBefore = [...flipped];
  state = "OK";

  const progress = await flip();

  expect(died.stop).toMatchObject({ decision: "roll back", cause: "alarm" });
  expect(flippedBefore.length).toBeLessThan(7);
  expect(flipped).toEqual(flippedBefore);
  expect(progress).toMatchObject({ done: true, batch: 1, stop: died.stop });
});
