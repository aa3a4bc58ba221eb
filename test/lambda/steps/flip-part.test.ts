import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { FlipEvent } from "../../../lambda/events/deploy-event.ts";
import { FLIP_START, flipPart } from "../../../lambda/steps/flip-part.ts";
import { startWorld, type World } from "../../support/world.ts";
import { aCustomer, fakePorts } from "./fake-ports.ts";

const LOCK = { rolloutId: "night", execution: "arn:night", fence: 1, fingerprint: "", settleSeconds: 15 };
const EVENT: FlipEvent = { action: "promote", release: "2026.11", targets: [{ all: true }], dryRun: false };

let world: World;

beforeEach(async () => {
  world = await startWorld({ customers: 1 });
});
afterEach(() => world.close());

test("failures in a batch that was left unfinished still stop the rollout: who is in doubt is read, nobody flipped", async () => {
  const customers = ["a", "b", "c"].map((id) => aCustomer(id));
  const flipped: string[] = [];
  const ports = fakePorts(world, {
    customers,
    ledger: { readOrders: async () => ({ fence: 1, lock: LOCK, holds: {}, protectedIds: [] }) },
    connection: {
      flip: async ({ customerId }) => {
        flipped.push(customerId);
        return { result: "flipped", reason: "" };
      },
    },
  });
  await ports.ledger.putBatch("night", 0, customers);
  const failed = ["a", "b"].map((id) => ({ customerId: id, name: "", outcome: "failed" as const, reason: "no reply" }));
  await ports.ledger.recordBatch("night", {
    ...(await ports.ledger.getBatch("night", 0)),
    outcomes: failed,
    intended: ["c"],
  });

  const progress = await flipPart(
    { ...ports, policy: { ...ports.policy, failureBudget: 1 } },
    { rolloutId: "night", event: EVENT, startedAtMs: 0, lock: LOCK },
    { step: "flip-1-part-1", attempt: 1, invocationEndsAtMs: Date.now() + 900_000 },
    {
      plan: { hash: "", flip: 3, unchanged: 0, skipped: 0, skippedBy: {}, batches: 1, settledItems: 0 },
      from: FLIP_START,
    },
  );

  expect(flipped).toEqual([]);
  expect(progress).toMatchObject({
    done: true,
    counts: { failed: 2, skipped: 1 },
    stopped: "at least 2 customers failed, and the failure budget allows 1 of 3",
  });
});
