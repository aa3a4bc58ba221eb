import { expect, test } from "@jest/globals";
import { OutOfTimeError } from "../../../lambda/rollout/out-of-time-error.ts";
import type { CustomerFacts } from "../../../lambda/rollout/selection.ts";
import { createBrake } from "../../../lambda/steps/brake.ts";
import { createFlights } from "../../../lambda/steps/flights.ts";
import { createFlipKin } from "../../../lambda/steps/flip-kin.ts";
import type { Connection } from "../../../lambda/steps/ports.ts";
import { aCustomer, UNPROTECTED } from "./fake-ports.ts";

const parent = aCustomer("parent");
const child: CustomerFacts = { ...aCustomer("child"), parentCustomerId: "parent" };
const WHY = "Evo Voice may move its descendant child, which was not flipped before it, along with it";

interface Given {
  /** Who is below the parent: before the batch, and at each later look. */
  readonly below?: readonly (readonly CustomerFacts[] | Error)[];
  readonly isFlipped?: boolean;
  /** How long after the batch was prepared the parent's turn comes. */
  readonly laterMs?: number;
}

/** A parent and a child on staging, both to leave it; what becomes of the parent when its turn comes. */
async function given({ below = [[child]], isFlipped = false, laterMs = 0 }: Given = {}) {
  let clockMs = 0;
  let looks = 0;
  const kin = createFlipKin({
    flag: false,
    judge: () => ({ verdict: "candidate" }),
    nowMs: () => clockMs,
    customers: [parent],
    decide: () => undefined,
  });
  const connection = {
    listDescendants: async () => {
      const customers = below[Math.min(looks, below.length - 1)];
      looks += 1;
      if (customers instanceof Error) throw customers;
      return { list: "whole", customers };
    },
  } as unknown as Connection;
  const flights = createFlights();
  const run = {
    connection,
    flights,
    concurrency: 1,
    brake: createBrake({ untilMs: 1, nowMs: () => 0 }),
    protection: UNPROTECTED,
  };
  await kin.lookAround(run, new Map([["parent", { reading: "found", customer: parent }]]));
  if (isFlipped) kin.noteFlipped("child");
  clockMs += laterMs;
  return {
    flights,
    looks: () => looks,
    settleLate: async () => (await kin.settleLate(run, parent))?.reason,
  };
}

test("a parent is flipped once its child is, without another look", async () => {
  const { settleLate, looks } = await given({ isFlipped: true });

  expect(await settleLate()).toBeUndefined();
  expect(looks()).toBe(1);
});

test("a customer without anybody below is looked at again when its turn comes late: its first child may have come", async () => {
  const recent = await given({ below: [[], [child]], laterMs: 4_999 });
  const old = await given({ below: [[], [child]], laterMs: 5_000 });

  expect(await recent.settleLate()).toBeUndefined();
  expect(recent.looks()).toBe(1);
  expect(await old.settleLate()).toBe(WHY);
});

test("a parent waits for the flip of its child that is under way", async () => {
  const { settleLate, flights } = await given({ isFlipped: true });
  const flight = Promise.withResolvers<boolean>();
  void flights.track("child", () => flight.promise);
  let isSettled = false;

  const settled = settleLate().then(() => {
    isSettled = true;
  });
  await new Promise(setImmediate);
  expect(isSettled).toBe(false);
  flight.resolve(true);
  await settled;
});

test("a parent has no outcome either when the flip of its child came to none: both are the next part's", async () => {
  const { settleLate, flights, looks } = await given();
  await flights.track("child", async () => false);

  await expect(settleLate()).rejects.toThrow(OutOfTimeError);
  expect(looks()).toBe(1);
});

test("a parent whose children were all there is looked at again when that was long ago", async () => {
  const there = { ...child, isStaging: false };
  const recent = await given({ below: [[there], [child]] });
  const old = await given({ below: [[there], [child]], laterMs: 5_000 });

  expect(await recent.settleLate()).toBeUndefined();
  expect(await old.settleLate()).toBe(WHY);
});

test("a parent whose child was not flipped is not flipped either, and can be tried again", async () => {
  expect(await (await given()).settleLate()).toBe(WHY);
});

test("a parent is flipped when its child turns out to be there, whoever flipped it", async () => {
  const there = { ...child, isStaging: false };

  expect(await (await given({ below: [[child], [there]] })).settleLate()).toBeUndefined();
});

test.each([
  [4_999, 1, undefined],
  [5_000, 2, WHY.replace("child", "newborn")],
])("a list of who is below that is %i ms old is looked at %i times in all", async (laterMs, looks, why) => {
  const newborn = { ...child, id: "newborn" };
  const world = await given({ below: [[child], [{ ...child, isStaging: false }, newborn]], isFlipped: true, laterMs });

  expect(await world.settleLate()).toBe(why);
  expect(world.looks()).toBe(looks);
});

test("a parent has no outcome when time ends before it is known who is below: the next part looks again", async () => {
  const { settleLate } = await given({ below: [[child], new OutOfTimeError("the part's time is over")] });

  await expect(settleLate()).rejects.toThrow(OutOfTimeError);
});

test("two who are above each other, at the same time, do not wait for each other: both are put off", async () => {
  const a: CustomerFacts = { ...aCustomer("a"), parentCustomerId: "b" };
  const b: CustomerFacts = { ...aCustomer("b"), parentCustomerId: "a" };
  const kin = createFlipKin({
    flag: false,
    judge: () => ({ verdict: "candidate" }),
    nowMs: () => 0,
    customers: [a, b],
    decide: () => undefined,
  });
  const listDescendants = async () => ({ list: "whole", customers: [a, b] });
  const flights = createFlights();
  const run = {
    connection: { listDescendants } as unknown as Connection,
    flights,
    concurrency: 2,
    brake: createBrake({ untilMs: 1, nowMs: () => 0 }),
    protection: UNPROTECTED,
  };
  await kin.lookAround(run, new Map([a, b].map((customer) => [customer.id, { reading: "found", customer }])));
  const outcomes: (string | undefined)[] = [];
  const fly = async (customer: CustomerFacts) => {
    outcomes.push((await kin.settleLate(run, customer))?.outcome);
    return true;
  };

  await Promise.all([flights.track("a", () => fly(a)), flights.track("b", () => fly(b))]);

  expect(outcomes).toEqual(["deferred", "deferred"]);
});
