import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { NO_COUNTS } from "../../../../../lambda/core/flip/outcome.ts";
import {
  ENDINGS,
  isEnding,
  RolloutEvent,
  type RolloutEventOf,
} from "../../../../../lambda/core/report/rollout-event.ts";
import { shortenEvent, shortenText } from "../../../../../lambda/core/report/shorten-event.ts";
import { anyCharacter } from "../../../../support/any-character.ts";
import { aChange } from "../a-change.ts";

const COUNTS = { ...NO_COUNTS, flipped: 3 };

describe("a change", () => {
  test.each<[string, RolloutEventOf]>([
    [
      "started, with its plan",
      { change: "started", plan: { flip: 3, unchanged: 1, skipped: 0, waves: 2, hash: "0a".repeat(32) } },
    ],
    ["started, of a rollback, which has no plan", { change: "started" }],
    ["wave done", { change: "wave done", wave: 1, waves: 2, counts: COUNTS }],
    ["gate decided, before the first flip", { change: "gate decided", wave: 0, decision: "proceed", reasons: [] }],
    ["rolled back", { change: "rolled back", rollback: { restored: 2, conflicting: 1, failed: 0 } }],
    ["ended", { change: "ended", status: "succeeded", counts: COUNTS }],
  ])("%s is what its schema says", (_what, change) => {
    expect(RolloutEvent.parse(aChange(change))).toEqual(aChange(change));
  });

  test("without a release is published too: its rollout is refused and not known", () => {
    const { release: _none, ...change } = aChange({ change: "ended", status: "refused", counts: NO_COUNTS });
    expect(RolloutEvent.safeParse(change).success).toBe(true);
  });

  test("with an unknown member, or a member of another change, is refused", () => {
    const change = aChange({ change: "started" });
    expect(RolloutEvent.safeParse({ ...change, wave: 1 }).success).toBe(false);
    expect(RolloutEvent.safeParse({ ...change, customers: [] }).success).toBe(false);
  });
});

test("a rollout that runs or waits has not ended", () => {
  expect(ENDINGS.every((status) => isEnding(status))).toBe(true);
  expect([isEnding("running"), isEnding("waiting")]).toEqual([false, false]);
});

describe("texts beyond their bounds are cut, and say so", () => {
  const decided = (reasons: readonly string[]) =>
    shortenEvent(aChange({ change: "gate decided", wave: 1, decision: "halt", reasons }));
  const reasonsOf = (change: RolloutEvent) => (change.change === "gate decided" ? change.reasons : []);
  const many = (number: number) => Array.from({ length: number }, (_, index) => `reason ${index + 1}`);

  test("twenty reasons are published; of twenty-one the last two are only counted", () => {
    expect(reasonsOf(decided(many(20)))).toEqual(many(20));
    expect(reasonsOf(decided(many(21)))).toEqual([...many(19), "and 2 more; the report has all of them"]);
  });

  test("a reason of 500 characters is published, one of 501 is cut", () => {
    expect(reasonsOf(decided(["x".repeat(500)]))).toEqual(["x".repeat(500)]);
    expect(reasonsOf(decided(["x".repeat(501)]))).toEqual([`${"x".repeat(499)}…`]);
  });

  test("a problem of 4,000 characters is published, one of 4,001 is cut", () => {
    const ended = (problem?: string) =>
      shortenEvent(aChange({ change: "ended", status: "failed", counts: COUNTS, problem }));
    expect(ended("x".repeat(4_000))).toMatchObject({ problem: "x".repeat(4_000) });
    expect(ended("x".repeat(4_001))).toMatchObject({ problem: `${"x".repeat(3_999)}…` });
    expect(ended().change).toBe("ended");
  });

  test("a surrogate pair is never cut in two", () => {
    expect(shortenText("ab😀", 4)).toBe("ab😀");
    expect(shortenText("ab😀d", 4)).toBe("ab…");
    expect(shortenText("a\ud83d", 4)).toBe("a\ufffd");
  });

  test("any change keeps its schema and fits into an event of EventBridge", () => {
    void fc.assert(
      fc.property(fc.array(fc.string({ unit: anyCharacter, maxLength: 700 }), { maxLength: 60 }), (reasons) => {
        const change = decided(reasons);
        expect(RolloutEvent.safeParse(change).success).toBe(true);
        expect(Buffer.byteLength(JSON.stringify(change))).toBeLessThan(200_000);
      }),
      { numRuns: 50 },
    );
    const worst = decided(Array.from({ length: 60 }, () => "\u0001".repeat(700)));
    expect(Buffer.byteLength(JSON.stringify(worst))).toBeLessThan(200_000);
  });
});
