import {
  applyControlChange,
  type ControlChange,
  type Controls,
  findHold,
  type Hold,
  MOST_HOLDS,
  MOST_PROTECTED,
} from "../../../../lambda/core/controls.ts";
import { describe, expect, test } from "../../../support/jest.ts";

const ANN = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" };
const BOB = { requestedBy: "bob", reason: "me too", at: "2026-11-23T02:05:00.000Z" };
const NONE: Controls = { holds: {}, protectedIds: [] };

function aHold(action: Hold["action"], order = ANN): Hold {
  return { ...order, action, rolloutId: "night" };
}

function toHoldChange(release: string, action: Hold["action"], order = ANN): ControlChange {
  return { ...order, change: "hold-release", release, hold: { action, rolloutId: "night" } };
}

function numbered(what: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${what}-${index}`);
}

describe("the stop-everything switch", () => {
  test("stands since its first order, and one order lifts it", () => {
    const stopped = { ...NONE, stopped: ANN };
    expect(applyControlChange(NONE, { ...ANN, change: "stop-everything" })).toEqual({
      kind: "changed",
      controls: stopped,
    });
    expect(applyControlChange(stopped, { ...BOB, change: "stop-everything" })).toEqual({
      kind: "changed",
      controls: stopped,
    });
    expect(applyControlChange(stopped, { ...BOB, change: "resume-everything" })).toEqual({
      kind: "changed",
      controls: NONE,
    });
  });
});

describe("a hold", () => {
  test.each([
    ["stage", "stage", true],
    ["stage", "promote", true],
    ["promote", "stage", false],
    ["promote", "promote", true],
  ] as const)("of a %s and an event to %s: refused is %s", (held, action, isRefused) => {
    const controls = { holds: { "2026.11": aHold(held) } };
    expect(findHold(controls, action, "2026.11")).toEqual(isRefused ? aHold(held) : undefined);
    expect(findHold(controls, action, "2026.12")).toBeUndefined();
  });

  test.each([
    ["stage", "promote", "stage"],
    ["promote", "stage", "stage"],
  ] as const)("of a %s, and then of a %s, is one of a %s", (first, then, expected) => {
    const held = { ...NONE, holds: { "2026.11": aHold(first) } };
    const changed = applyControlChange(held, toHoldChange("2026.11", then, BOB));
    expect(changed).toMatchObject({ controls: { holds: { "2026.11": { action: expected } } } });
  });

  test.each(["1.2.3", "V1.2.3", "refs/tags/v1.2.3", "refs/heads/1.2.3"])(
    "of v1.2.3 is found and cleared as %s",
    (name) => {
      const changed = applyControlChange(NONE, toHoldChange("v1.2.3", "promote"));
      if (changed.kind !== "changed") throw new Error(changed.problem);
      expect(findHold(changed.controls, "promote", name)).toEqual(aHold("promote"));
      expect(applyControlChange(changed.controls, { ...ANN, change: "clear-release", release: name })).toMatchObject({
        controls: { holds: {} },
      });
    },
  );

  test("is found by its own name only, whatever every object has", () => {
    for (const release of ["constructor", "__proto__", "toString"]) {
      expect(findHold(NONE, "promote", release)).toBeUndefined();
      expect(applyControlChange(NONE, { ...ANN, change: "clear-release", release })).toMatchObject({ kind: "refused" });
      const changed = applyControlChange(NONE, toHoldChange(release, "promote"));
      if (changed.kind !== "changed") throw new Error(changed.problem);
      expect(findHold(changed.controls, "promote", release)).toEqual(aHold("promote"));
      expect(applyControlChange(changed.controls, { ...ANN, change: "clear-release", release })).toEqual({
        kind: "changed",
        controls: NONE,
      });
    }
  });

  test("is the 500th, and not the 501st; one that is held already is held anew", () => {
    const all = numbered("release", MOST_HOLDS).map((release) => [release, aHold("promote")] as const);
    const full = { ...NONE, holds: Object.fromEntries(all) };
    const almost = { ...NONE, holds: Object.fromEntries(all.slice(1)) };

    expect(applyControlChange(almost, toHoldChange("one more", "promote"))).toMatchObject({ kind: "changed" });
    expect(applyControlChange(full, toHoldChange("one more", "promote"))).toEqual({
      kind: "refused",
      problem: "one more was not held: 500 releases are held already, which is the most; clear holds that are over",
    });
    expect(applyControlChange(full, toHoldChange("release-3", "promote", BOB))).toMatchObject({
      controls: { holds: { "release-3": { requestedBy: "bob" } } },
    });
  });
});

describe("a freeze", () => {
  const freeze = (name: string, until = "2026-11-23T12:00:00.000Z"): ControlChange => ({
    ...{ ...ANN, at: "2026-11-23T02:00:00.000Z" },
    ...{ change: "freeze", name, until },
  });
  const lift = (name: string, windowEnd?: string): ControlChange => ({
    ...{ ...ANN, at: "2026-11-23T03:00:00.000Z" },
    ...{ change: "lift-freeze", name, windowEnd },
  });
  const freezesAfter = (...changes: readonly ControlChange[]) =>
    changes.reduce<Controls>((controls, change) => {
      const changed = applyControlChange(controls, change);
      if (changed.kind === "refused") throw new Error(changed.problem);
      return changed.controls;
    }, NONE).freezes;

  test("that is added again has the new end, and one that is over goes", () => {
    const again = "2026-11-23T05:00:00.000Z";
    const over = freeze("over", "2026-11-23T02:30:00.000Z");
    const names = freezesAfter(over, freeze("fair"), freeze("fair", again), freeze("other"), lift("other"));
    expect(names).toMatchObject([{ name: "fair", until: again, requestedBy: "ann" }]);
  });

  test("of the policy is lifted until the end of its window", () => {
    const end = "2026-11-23T17:00:00.000Z";
    expect(freezesAfter(lift("office", end))).toMatchObject([{ name: "office", until: end, lifts: true }]);
  });

  test.each([
    ["that does not apply cannot be lifted", lift("fair"), /no freeze fair applies/],
    ["has an end from now on", freeze("fair", "2026-11-23T02:00:00.000Z"), /expected a time from now on/],
    ["lasts 31 days at most", freeze("fair", "2026-12-24T02:00:00.001Z"), /at most 31 days/],
  ])("%s", (_what, change, problem) => {
    expect(applyControlChange(NONE, change)).toEqual({ kind: "refused", problem: expect.stringMatching(problem) });
  });

  test("is the 50th, and not the 51st", () => {
    const full = { ...NONE, freezes: freezesAfter(...numbered("f", 50).map((name) => freeze(name))) };
    expect(full.freezes).toHaveLength(50);
    expect(applyControlChange(full, freeze("f-0"))).toMatchObject({ kind: "changed" });
    expect(applyControlChange(full, freeze("one-more"))).toMatchObject({ kind: "refused" });
  });
});

describe("customers that an order protects", () => {
  const protect = (customerIds: readonly string[]): ControlChange => ({ ...ANN, change: "protect", customerIds });
  const unprotect = (customerIds: readonly string[]): ControlChange => ({ ...ANN, change: "unprotect", customerIds });

  test("are each there once, and go when they are named", () => {
    const protectedIds = ["a", "b"];
    const given = { ...NONE, protectedIds };
    expect(applyControlChange(given, protect(["b", "c", "c"]))).toMatchObject({
      controls: { protectedIds: ["a", "b", "c"] },
    });
    expect(applyControlChange(given, unprotect(["a", "a"]))).toMatchObject({ controls: { protectedIds: ["b"] } });
  });

  test("are 1,000; of more, those that are too many are named, and none is added", () => {
    const given = { ...NONE, protectedIds: numbered("c", MOST_PROTECTED - 1) };
    expect(applyControlChange(given, protect(["c-0", "x"]))).toMatchObject({ kind: "changed" });
    const refused = applyControlChange(given, protect(["x", "y", "z"]));
    expect(refused).toEqual({
      kind: "refused",
      problem: expect.stringMatching(/at most 1000 customers, and y, z would/),
    });
  });

  test("do not lose their protection with an id that the controls do not protect, which is named", () => {
    const refused = applyControlChange({ ...NONE, protectedIds: ["a"] }, unprotect(["a", "vip"]));
    expect(refused).toEqual({
      kind: "refused",
      problem: expect.stringMatching(/the controls do not protect vip; a customer that the policy/),
    });
  });
});
