import * as fc from "fast-check";
import { NO_COUNTS } from "../../../../../lambda/core/flip/outcome.ts";
import { explain } from "../../../../../lambda/core/reasons.ts";
import {
  END_STATUSES,
  isEndStatus,
  RolloutEvent,
  type RolloutEventOf,
  toEventHold,
  toEventReasons,
} from "../../../../../lambda/core/report/rollout-event.ts";
import { shortenText } from "../../../../../lambda/core/report/text-layout.ts";
import { anyCharacter } from "../../../../support/any-character.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aChange } from "../a-change.ts";

const PAUSED = explain({ code: "paused" });
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
  expect(END_STATUSES.every((status) => isEndStatus(status))).toBe(true);
  expect([isEndStatus("running"), isEndStatus("waiting")]).toEqual([false, false]);
});

describe("texts beyond their bounds are cut, and say so", () => {
  const many = (number: number, message = "x") => Array.from({ length: number }, () => ({ ...PAUSED, message }));

  test("the first twenty reasons are published, each with its code", () => {
    expect(toEventReasons(many(2))).toEqual([PAUSED, PAUSED].map(({ code }) => ({ code, message: "x" })));
    expect(toEventReasons(many(20))).toHaveLength(20);
    expect(toEventReasons(many(21))).toHaveLength(20);
  });

  test("a text of 1,000 characters is published, a text of 1,001 characters is cut", () => {
    const [whole, long, cut] = ["x".repeat(1_000), "x".repeat(1_001), `${"x".repeat(999)}…`];
    expect(toEventReasons([...many(1, whole), ...many(1, long)]).map(({ message }) => message)).toEqual([whole, cut]);
    expect(toEventHold({ held: false, notHeld: whole })).toEqual({ held: false, notHeld: whole });
    expect(toEventHold({ held: false, notHeld: long })).toEqual({ held: false, notHeld: cut });
  });

  test("a surrogate pair is never cut in two", () => {
    expect(shortenText("ab😀", 4)).toBe("ab😀");
    expect(shortenText("ab😀d", 4)).toBe("ab…");
    expect(shortenText("a\ud83d", 4)).toBe("a\ufffd");
  });

  test("any change keeps its schema and fits into an event of EventBridge", () => {
    const ended = (messages: readonly string[]) => {
      const problems = toEventReasons(messages.map((message) => ({ ...PAUSED, message })));
      return aChange({ change: "ended", status: "failed", counts: COUNTS, problems });
    };
    void fc.assert(
      fc.property(fc.array(fc.string({ unit: anyCharacter, maxLength: 1_400 }), { maxLength: 60 }), (messages) => {
        const change = ended(messages);
        expect(RolloutEvent.safeParse(change).success).toBe(true);
        expect(Buffer.byteLength(JSON.stringify(change))).toBeLessThan(200_000);
      }),
      { numRuns: 50 },
    );
    const worst = ended(Array.from({ length: 60 }, () => "\u0001".repeat(1_400)));
    expect(Buffer.byteLength(JSON.stringify(worst))).toBeLessThan(200_000);
  });
});
