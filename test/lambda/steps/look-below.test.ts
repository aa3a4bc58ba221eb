import { expect, test } from "@jest/globals";
import { OutOfTimeError } from "../../../lambda/rollout/out-of-time-error.ts";
import { createBrake } from "../../../lambda/steps/brake.ts";
import { createLookBelow } from "../../../lambda/steps/look-below.ts";
import type { Connection } from "../../../lambda/steps/ports.ts";
import { aCustomer, UNPROTECTED } from "./fake-ports.ts";

interface Given {
  readonly customers?: number;
  /** Whose descendants cannot be listed; an error ends the time. */
  readonly unlisted?: (id: string) => boolean;
  readonly hasTime?: (ids: readonly string[]) => boolean;
}

/** So many customers, listed before their batch. */
async function given({ customers: count = 250, unlisted = () => false, hasTime = () => true }: Given = {}) {
  let clockMs = 0;
  const lists: (readonly string[])[] = [];
  const known = new Map<string, "whole" | "unknown">();
  const connection = {
    listDescendants: async (ids: readonly string[]) => {
      lists.push(ids);
      await new Promise(setImmediate);
      if (!hasTime(ids)) throw new OutOfTimeError("the part's time is over");
      return ids.some(unlisted) ? { list: "unknown", reason: "a row is broken" } : { list: "whole", customers: [] };
    },
  } as unknown as Connection;
  const run = {
    connection,
    concurrency: 2,
    brake: createBrake({ untilMs: 1, nowMs: () => 0 }),
    protection: UNPROTECTED,
  };
  const customers = Array.from({ length: count }, (_, index) => aCustomer(String(index)));
  const below = createLookBelow({
    nowMs: () => clockMs,
    learn: async (ids, { list }) => {
      for (const id of ids) known.set(id, list);
    },
  });
  const readings = await below.lookAround(run, {
    customers,
    readings: new Map(customers.map((customer) => [customer.id, { reading: "found", customer }])),
    decide: () => undefined,
  });
  const before = lists.length;
  return {
    below,
    run,
    readings,
    listsBefore: lists.slice(0, before),
    listsSince: () => lists.slice(before),
    unknown: () => [...known].flatMap(([id, list]) => (list === "unknown" ? id : [])),
    later: (ms: number) => {
      clockMs += ms;
    },
  };
}

test("a hundred are listed with one request, and each is known", async () => {
  const { listsBefore, readings, unknown } = await given();

  expect(listsBefore.map((ids) => ids.length)).toEqual([100, 100, 50]);
  expect(readings.size).toBe(250);
  expect(unknown()).toEqual([]);
});

test.each([
  ["one", ["70"], 17],
  ["two", ["3", "98"], 31],
])("%s whose descendants cannot be listed fail alone", async (_how, bad, mostLists) => {
  const { listsBefore, unknown } = await given({ customers: 100, unlisted: (id) => bad.includes(id) });

  expect(unknown()).toEqual(bad);
  expect(listsBefore.length).toBeLessThanOrEqual(mostLists);
});

test("a server that lists nobody's descendants is not asked for each customer", async () => {
  const { listsBefore, unknown } = await given({ customers: 100, unlisted: () => true });

  expect(unknown().length).toBe(100);
  expect(listsBefore.length).toBeLessThan(32);
});

test("whoever is not listed in time has no reading, the others of the batch have", async () => {
  const { readings, below } = await given({ hasTime: (ids) => !ids.includes("120") });

  expect(readings.size).toBe(150);
  expect([below.isRecent("120"), below.isRecent("20")]).toEqual([false, true]);
});

test("a list is recent for five seconds; whoever was listed with it is renewed with it, by one request for all callers", async () => {
  const { below, run, later, listsSince } = await given();
  later(4_999);
  expect(below.isRecent("120")).toBe(true);
  later(1);
  expect(below.isRecent("120")).toBe(false);

  await Promise.all([below.renew(run, "120"), below.renew(run, "199")]);

  expect(listsSince().map((ids) => ids.length)).toEqual([100]);
  expect([below.isRecent("120"), below.isRecent("199"), below.isRecent("99")]).toEqual([true, true, false]);
});

test("a list is as old as its request, however long that took", async () => {
  const { below, run, later } = await given();
  const renewed = below.renew(run, "120");
  later(5_000);
  await renewed;

  expect(below.isRecent("120")).toBe(false);
});

test("a renewal that time ended is begun anew by the next caller", async () => {
  let ends = false;
  const { below, run, later } = await given({ hasTime: () => !ends });
  later(5_000);
  ends = true;
  await expect(below.renew(run, "120")).rejects.toThrow(OutOfTimeError);
  ends = false;

  await below.renew(run, "120");

  expect(below.isRecent("120")).toBe(true);
});

test("one customer can be looked at alone", async () => {
  const { below, run, later, listsSince } = await given();
  later(5_000);

  await below.lookAgain(run, "120");

  expect(listsSince()).toEqual([["120"]]);
  expect([below.isRecent("120"), below.isRecent("121")]).toEqual([true, false]);
});

test("whoever could not be listed is not listed again with the others, whenever that turned out", async () => {
  const bad = new Set(["70"]);
  const { below, run, later, listsSince } = await given({ customers: 100, unlisted: (id) => bad.has(id) });
  later(5_000);
  await below.renew(run, "0");
  expect(listsSince().map((ids) => ids.length)).toEqual([99]);
  bad.add("30");
  later(5_000);
  await below.renew(run, "0");
  later(5_000);
  await below.renew(run, "0");

  expect(listsSince().at(-1)).toHaveLength(98);
  expect(listsSince().length).toBeLessThan(20);
});
