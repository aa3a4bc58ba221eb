import { expect, test } from "@jest/globals";
import type { Batch } from "../../../lambda/rollout/batch.ts";
import { OutOfTimeError } from "../../../lambda/rollout/out-of-time-error.ts";
import type { OutcomeKind } from "../../../lambda/rollout/outcome.ts";
import type { CustomerFacts } from "../../../lambda/rollout/selection.ts";
import { createBrake } from "../../../lambda/steps/brake.ts";
import { createFlipKin } from "../../../lambda/steps/flip-kin.ts";
import type { Connection } from "../../../lambda/steps/ports.ts";
import { aCustomer } from "./fake-ports.ts";

const WAVES = [
  { from: 0, to: 1 },
  { from: 1, to: 4 },
];
const WHY = "Evo Voice may move its descendant child, which is not to be flipped before it by the plan, along with it";

interface Given {
  /** Of which batch the child is; the parent is in the last one, which is looked around for. */
  readonly childIn?: number;
  /** What the ledger says of the child by then. */
  readonly outcome?: OutcomeKind;
  /** Where a second look finds it. */
  readonly foundAt?: boolean;
  readonly listCustomers?: Connection["listCustomers"];
}

/** A child that the list of descendants shows on staging, below a parent who is to leave it with the last batch. */
async function lookAround({ childIn, outcome, foundAt = true, listCustomers }: Given) {
  const parent = aCustomer("parent");
  const child: CustomerFacts = { ...aCustomer("child"), parentCustomerId: "parent" };
  const toBatch = (index: number): Batch => ({
    rolloutId: "night",
    index,
    customers: [...(index === childIn ? [child] : []), ...(index === 3 ? [parent] : [])],
    intended: [],
    outcomes:
      index === childIn && outcome !== undefined ? [{ customerId: "child", name: "", outcome, reason: "because" }] : [],
    reverting: [],
    reverted: [],
    revision: 0,
  });
  const read: number[] = [];
  const ledger = {
    getBatch: async (_rolloutId: string, index: number) => {
      read.push(index);
      return toBatch(index);
    },
  };
  const judge = () => ({ verdict: "candidate" }) as const;
  const kin = createFlipKin({ ledger, waves: WAVES, flag: false, judge }, toBatch(3));
  const connection = {
    listDescendants: async () => ({ list: "whole", customers: [child] }),
    listCustomers: listCustomers ?? (async () => [{ ...child, isStaging: foundAt }]),
  } as unknown as Connection;
  const run = { connection, concurrency: 1, brake: createBrake({ untilMs: 1, nowMs: () => 0 }) };
  const readings = await kin.lookAround(run, {
    customers: [parent],
    readings: new Map([["parent", { reading: "found", customer: parent }]]),
    decide: () => undefined,
  });
  return { held: kin.settleHeld(parent)?.reason, isKnown: readings.has("parent"), read };
}

test.each<[what: string, given: Given]>([
  ["stands in the same batch", { childIn: 3 }],
  ["is being flipped by the batch before", { childIn: 2 }],
  ["failed in an earlier batch of the wave", { childIn: 1, outcome: "failed" }],
  ["was flipped since it was listed", { childIn: 2, outcome: "flipped", foundAt: false }],
])("a parent is flipped when its child %s", async (_what, given) => {
  expect(await lookAround(given)).toMatchObject({ held: undefined, isKnown: true });
});

test.each<[what: string, given: Given]>([
  ["is in no batch of the plan", {}],
  ["belongs to another wave", { childIn: 0 }],
  ["was flipped, and somebody has moved it back", { childIn: 2, outcome: "flipped", foundAt: true }],
  ["was right when its turn came, and somebody has moved it", { childIn: 1, outcome: "unchanged", foundAt: true }],
])("a parent stays when its child %s", async (_what, given) => {
  expect((await lookAround(given)).held).toBe(WHY);
});

test("no batch is read that does not have to be: none for a child of the same one, none of another wave", async () => {
  expect((await lookAround({ childIn: 3 })).read).toEqual([]);
  expect((await lookAround({ childIn: 2 })).read).toEqual([2]);
  expect((await lookAround({})).read).toEqual([2, 1]);
});

test("of whom it is not known in time nothing is said: the next part looks again", async () => {
  const listCustomers = () => Promise.reject(new OutOfTimeError("the part's time is over"));

  const looked = await lookAround({ childIn: 2, outcome: "flipped", listCustomers });

  expect(looked).toMatchObject({ held: undefined, isKnown: false });
});
