import { expect, test } from "@jest/globals";
import type { CustomerFacts } from "../../../lambda/rollout/selection.ts";
import { createBrake } from "../../../lambda/steps/brake.ts";
import { createFlights } from "../../../lambda/steps/flights.ts";
import type { Origin } from "../../../lambda/steps/origin.ts";
import type { Connection } from "../../../lambda/steps/ports.ts";
import { createRevertKin } from "../../../lambda/steps/revert-kin.ts";
import { aCustomer, UNPROTECTED } from "./fake-ports.ts";

const parent = aCustomer("parent", false);
const child: CustomerFacts = { ...aCustomer("child", false), parentCustomerId: "parent" };
const ORIGIN = {
  load: async () => undefined,
  hasLater: () => false,
  isOurs: (id: string) => id === "parent",
  isBack: () => false,
} as unknown as Origin;

/** A parent that a promote flipped is flipped back; what becomes of it when its turn comes so much later. */
async function settledAfter(
  laterMs: number,
  below: readonly (readonly CustomerFacts[])[],
  { childrenFollow = true, keptIds = [] as readonly string[], ours = ["parent"] } = {},
) {
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
    protection: { ...UNPROTECTED, keeps: (id: string) => keptIds.includes(id) },
  };
  const kin = createRevertKin({
    origin: { ...ORIGIN, isOurs: (id) => ours.includes(id) },
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

test("a parent is left when its child, which the rollout moved, is to stay by an order", async () => {
  const moved = { ours: ["parent", "child"] };

  expect((await settledAfter(5_000, [[child], [child]], moved)).settled).toBeUndefined();
  const { settled } = await settledAfter(5_000, [[child], [child]], { ...moved, keptIds: ["child"] });
  expect(settled?.reason).toContain("its descendant child, which is protected by the controls, along with it");
});

test("whoever is where it was before counts as gone along with a parent that goes back, and not with one that stays", async () => {
  const kin = createRevertKin({
    origin: { ...ORIGIN, isOurs: () => true },
    flag: false,
    judge: () => ({ verdict: "candidate" }),
    childrenFollow: true,
    nowMs: () => 0,
  });
  const listDescendants = async () => ({ list: "whole", customers: [child] });
  const run = {
    connection: { listDescendants } as unknown as Connection,
    concurrency: 1,
    brake: createBrake({ untilMs: 1, nowMs: () => 0 }),
    protection: UNPROTECTED,
  };
  const isBack = { reading: "found", customer: { ...child, isStaging: true } } as const;
  const batch = kin.ofBatch({ customers: [parent], decide: () => undefined });
  await batch.lookAround(run, new Map([["parent", { reading: "found", customer: parent }]]));

  kin.note([parent], new Set(["parent"]));
  expect(kin.findLeader(isBack)).toBe("parent");
  kin.note([parent], new Set());
  expect(kin.findLeader(isBack)).toBeUndefined();
});

test("where children do not follow nobody is looked for, however late", async () => {
  expect(await settledAfter(5_000, [], { childrenFollow: false })).toEqual({ settled: undefined, looks: 0 });
});
