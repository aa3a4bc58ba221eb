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

const aHold = (action: Hold["action"], order = ANN): Hold => ({ ...order, action, rolloutId: "night" });
const holdOf = (release: string, action: Hold["action"] = "promote", order = ANN): ControlChange => {
  return { ...order, change: "hold-release", release, hold: { action, rolloutId: "night" } };
};
const clear = (release: string): ControlChange => ({ ...ANN, change: "clear-release", release });
const numbered = (what: string, count: number) => Array.from({ length: count }, (_, index) => `${what}-${index}`);

/** The controls after the changes, none of which may be refused. */
function controlsAfter(given: Controls, ...changes: readonly ControlChange[]): Controls {
  return changes.reduce<Controls>((controls, change) => {
    const changed = applyControlChange(controls, change);
    if (changed.kind === "refused") throw new Error(changed.problem);
    return changed.controls;
  }, given);
}

function expectRefused(given: Controls, change: ControlChange, problem: RegExp) {
  expect(applyControlChange(given, change)).toEqual({ kind: "refused", problem: expect.stringMatching(problem) });
}

test("the stop-everything switch stands since its first order, and one order lifts it", () => {
  const stopped = { ...NONE, stopped: ANN };
  expect(controlsAfter(NONE, { ...ANN, change: "stop-everything" })).toEqual(stopped);
  expect(controlsAfter(stopped, { ...BOB, change: "stop-everything" })).toEqual(stopped);
  expect(controlsAfter(stopped, { ...BOB, change: "resume-everything" })).toEqual(NONE);
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

  test("of a stage and of a promote, in any order, is one of a stage", () => {
    for (const [first, then] of [["stage", "promote"] as const, ["promote", "stage"] as const])
      expect(controlsAfter(NONE, holdOf("2026.11", first), holdOf("2026.11", then, BOB))).toMatchObject({
        holds: { "2026.11": { action: "stage" } },
      });
  });

  test.each(["1.2.3", "V1.2.3", "refs/tags/v1.2.3", "refs/heads/1.2.3"])(
    "of v1.2.3 is found and cleared as %s",
    (name) => {
      const controls = controlsAfter(NONE, holdOf("v1.2.3"));
      expect(findHold(controls, "promote", name)).toEqual(aHold("promote"));
      expect(controlsAfter(controls, clear(name))).toEqual(NONE);
    },
  );

  test.each(["constructor", "__proto__", "toString"])("of %s is found by its own name only", (release) => {
    expect(findHold(NONE, "promote", release)).toBeUndefined();
    expectRefused(NONE, clear(release), /is not held/);
    const controls = controlsAfter(NONE, holdOf(release));
    expect(findHold(controls, "promote", release)).toEqual(aHold("promote"));
    expect(controlsAfter(controls, clear(release))).toEqual(NONE);
  });

  test("is the 500th, and not the 501st; one that is held already is held anew", () => {
    const almost = controlsAfter(NONE, ...numbered("release", MOST_HOLDS - 1).map((release) => holdOf(release)));
    const full = controlsAfter(almost, holdOf("release-499"));
    expectRefused(
      full,
      holdOf("one more"),
      /^one more was not held: 500 releases are held already, which is the most;/,
    );
    expect(controlsAfter(full, holdOf("release-3", "promote", BOB)).holds["release-3"]).toEqual(aHold("promote", BOB));
  });
});

describe("a freeze", () => {
  const freeze = (name: string, until = "2026-11-23T12:00:00.000Z"): ControlChange => ({
    ...ANN,
    ...{ change: "freeze", name, until },
  });
  const lift = (name: string, windowEnd?: string): ControlChange => ({
    ...{ ...ANN, at: "2026-11-23T03:00:00.000Z" },
    ...{ change: "lift-freeze", name, windowEnd },
  });
  const freezesAfter = (...changes: readonly ControlChange[]) => controlsAfter(NONE, ...changes).freezes;

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
    expectRefused(NONE, change, problem);
  });

  test("is the 50th, and not the 51st", () => {
    const full = controlsAfter(NONE, ...numbered("f", 50).map((name) => freeze(name)));
    expect(controlsAfter(full, freeze("f-0")).freezes).toHaveLength(50);
    expectRefused(full, freeze("one-more"), /50 freezes/);
  });
});

describe("customers that an order protects", () => {
  const protect = (...customerIds: readonly string[]): ControlChange => ({ ...ANN, change: "protect", customerIds });
  const unprotect = (...customerIds: readonly string[]): ControlChange => ({
    ...ANN,
    change: "unprotect",
    customerIds,
  });

  test("are each there once, and go when they are named", () => {
    const given = { ...NONE, protectedIds: ["a", "b"] };
    expect(controlsAfter(given, protect("b", "c", "c")).protectedIds).toEqual(["a", "b", "c"]);
    expect(controlsAfter(given, unprotect("a", "a")).protectedIds).toEqual(["b"]);
  });

  test("are 1,000; of more, those that are too many are named, and none is added", () => {
    const given = { ...NONE, protectedIds: numbered("c", MOST_PROTECTED - 1) };
    expect(controlsAfter(given, protect("c-0", "x")).protectedIds).toHaveLength(1_000);
    expectRefused(given, protect("x", "y", "z"), /at most 1000 customers, and y, z would/);
  });

  test("do not lose their protection with an id that the controls do not protect, which is named", () => {
    const given = { ...NONE, protectedIds: ["a"] };
    expectRefused(given, unprotect("a", "vip"), /the controls do not protect vip; a customer that the policy/);
  });
});
