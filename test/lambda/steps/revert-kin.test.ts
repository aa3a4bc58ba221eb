import { expect, test } from "@jest/globals";
import type { CustomerFacts } from "../../../lambda/rollout/selection.ts";
import { createBrake } from "../../../lambda/steps/brake.ts";
import { createFlights } from "../../../lambda/steps/flights.ts";
import type { Origin } from "../../../lambda/steps/origin.ts";
import type { Connection } from "../../../lambda/steps/ports.ts";
import { createRevertKin } from "../../../lambda/steps/revert-kin.ts";
import { aCustomer } from "./fake-ports.ts";

const parent = aCustomer("parent", false);
const child: CustomerFacts = { ...aCustomer("child", false), parentCustomerId: "parent" };
const ORIGIN = {
  load: async () => undefined,
  hasLater: () => false,
  isOurs: (id: string) => id === "parent",
  isBack: () => false,
} as unknown as Origin;

/** A parent that a promote flipped is flipped back; what becomes of it when its turn comes so much later. */
async function settledAfter(laterMs: number, below: readonly (readonly CustomerFacts[])[], childrenFollow = true) {
  let clockMs = 0;
  let looks = 0;
  const listDescendants = async () => {
    looks += 1;
    return { list: "whole", customers: below[looks - 1] };
  };
  const run = {
    connection: { listDescendants } as unknown as Connection,
    flights: createFlights(),
    concurrency: 1,
    brake: createBrake({ untilMs: 1, nowMs: () => 0 }),
  };
  const kin = createRevertKin({
    origin: ORIGIN,
    flag: false,
    judge: () => ({ verdict: "candidate" }),
    childrenFollow,
    nowMs: () => clockMs,
  }).ofBatch({ customers: [parent], decide: () => undefined });
  await kin.lookAround(run, new Map([["parent", { reading: "found", customer: parent }]]));
  clockMs += laterMs;
  const settled = await kin.settleLate(run, parent);
  return { settled, looks };
}

test("a parent that is flipped back soon is not looked at again", async () => {
  expect(await settledAfter(4_999, [[], [child]])).toEqual({ settled: undefined, looks: 1 });
});

test("a parent whose turn comes late is looked at again, and left when a first child has come into being", async () => {
  const { settled, looks } = await settledAfter(5_000, [[], [child]]);

  expect(looks).toBe(2);
  expect(settled).toMatchObject({ customerId: "parent", outcome: "failed" });
  expect(settled?.reason).toContain("Evo Voice may move its descendant child, which the rollout did not move");
});

test("where children do not follow nobody is looked for, however late", async () => {
  expect(await settledAfter(5_000, [], false)).toEqual({ settled: undefined, looks: 0 });
});
