import { describe, expect, test } from "@jest/globals";
import {
  changeOrders,
  findHold,
  MOST_HOLDS,
  MOST_PROTECTED,
  type OrderChange,
  type StandingOrders,
} from "../../../lambda/rollout/controls.ts";
import type { Hold } from "../../../lambda/rollout/records.ts";

const ANN = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" };
const BOB = { requestedBy: "bob", reason: "me too", at: "2026-11-23T02:05:00.000Z" };
const NONE: StandingOrders = { holds: {}, protectedIds: [] };

function aHold(action: Hold["action"], order = ANN): Hold {
  return { ...order, action, rolloutId: "night" };
}

function toHoldChange(release: string, action: Hold["action"], order = ANN): OrderChange {
  return { ...order, change: "hold-release", release, hold: { action, rolloutId: "night" } };
}

function numbered(what: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${what}-${index}`);
}

describe("the stop-everything switch", () => {
  test("stands since its first order, and one order lifts it", () => {
    const stopped = { ...NONE, stopped: ANN };
    expect(changeOrders(NONE, { ...ANN, change: "stop-everything" })).toEqual({ kind: "changed", orders: stopped });
    expect(changeOrders(stopped, { ...BOB, change: "stop-everything" })).toEqual({ kind: "changed", orders: stopped });
    expect(changeOrders(stopped, { ...BOB, change: "resume-everything" })).toEqual({ kind: "changed", orders: NONE });
  });
});

describe("a hold", () => {
  test.each([
    ["stage", "stage", true],
    ["stage", "promote", true],
    ["promote", "stage", false],
    ["promote", "promote", true],
  ] as const)("of a %s and an event to %s: refused is %s", (held, action, isRefused) => {
    const orders = { holds: { "2026.11": aHold(held) } };
    expect(findHold(orders, action, "2026.11")).toEqual(isRefused ? aHold(held) : undefined);
    expect(findHold(orders, action, "2026.12")).toBeUndefined();
  });

  test.each([
    ["stage", "promote", "stage"],
    ["promote", "stage", "stage"],
  ] as const)("of a %s, and then of a %s, is one of a %s", (first, then, expected) => {
    const held = { ...NONE, holds: { "2026.11": aHold(first) } };
    const changed = changeOrders(held, toHoldChange("2026.11", then, BOB));
    expect(changed).toMatchObject({ orders: { holds: { "2026.11": { action: expected } } } });
  });

  test("is found by its own name only, whatever every object has", () => {
    for (const release of ["constructor", "__proto__", "toString"]) {
      expect(findHold(NONE, "promote", release)).toBeUndefined();
      expect(changeOrders(NONE, { ...ANN, change: "clear-release", release })).toMatchObject({ kind: "refused" });
      const changed = changeOrders(NONE, toHoldChange(release, "promote"));
      if (changed.kind !== "changed") throw new Error(changed.problem);
      expect(findHold(changed.orders, "promote", release)).toEqual(aHold("promote"));
      expect(changeOrders(changed.orders, { ...ANN, change: "clear-release", release })).toEqual({
        kind: "changed",
        orders: NONE,
      });
    }
  });

  test("is the 500th, and not the 501st; one that is held already is held anew", () => {
    const all = numbered("release", MOST_HOLDS).map((release) => [release, aHold("promote")] as const);
    const full = { ...NONE, holds: Object.fromEntries(all) };
    const almost = { ...NONE, holds: Object.fromEntries(all.slice(1)) };

    expect(changeOrders(almost, toHoldChange("one more", "promote"))).toMatchObject({ kind: "changed" });
    expect(changeOrders(full, toHoldChange("one more", "promote"))).toEqual({
      kind: "refused",
      problem: "one more was not held: 500 releases are held, and more cannot be; clear those that are over",
    });
    expect(changeOrders(full, toHoldChange("release-3", "promote", BOB))).toMatchObject({
      orders: { holds: { "release-3": { requestedBy: "bob" } } },
    });
  });
});

describe("customers that an order protects", () => {
  const protect = (customerIds: readonly string[]): OrderChange => ({ ...ANN, change: "protect", customerIds });
  const unprotect = (customerIds: readonly string[]): OrderChange => ({ ...ANN, change: "unprotect", customerIds });

  test("are each there once, and go when they are named", () => {
    const protectedIds = ["a", "b"];
    const given = { ...NONE, protectedIds };
    expect(changeOrders(given, protect(["b", "c", "c"]))).toMatchObject({ orders: { protectedIds: ["a", "b", "c"] } });
    expect(changeOrders(given, unprotect(["a", "a"]))).toMatchObject({ orders: { protectedIds: ["b"] } });
  });

  test("are 1,000; of more, those that are too many are named, and nobody is added", () => {
    const given = { ...NONE, protectedIds: numbered("c", MOST_PROTECTED - 1) };
    expect(changeOrders(given, protect(["c-0", "x"]))).toMatchObject({ kind: "changed" });
    const refused = changeOrders(given, protect(["x", "y", "z"]));
    expect(refused).toEqual({
      kind: "refused",
      problem: expect.stringMatching(/at most 1000 customers, and y, z would/),
    });
  });

  test("do not lose their protection with an id that no order protects, which is named", () => {
    const refused = changeOrders({ ...NONE, protectedIds: ["a"] }, unprotect(["a", "vip"]));
    expect(refused).toEqual({
      kind: "refused",
      problem: expect.stringMatching(/no order protects vip; what the policy/),
    });
  });
});
