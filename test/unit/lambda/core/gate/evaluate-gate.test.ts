import fc from "fast-check";
import {
  type CommandRecord,
  type CommandState,
  NO_COMMANDS,
  toUnanswered,
} from "../../../../../lambda/core/gate/apply-commands.ts";
import {
  beginGate,
  evaluateGate,
  type GateRules,
  type GateSnapshot,
  type GateState,
  isNews,
  whyWaits,
} from "../../../../../lambda/core/gate/evaluate-gate.ts";
import { toBakeInterval } from "../../../../../lambda/core/gate/poll-interval.ts";
import { FLIP_SHARE } from "../../../../../lambda/core/gate/rollback-reserve.ts";
import type { AlarmState } from "../../../../../lambda/core/reason-types.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aCommand, anyAlarms, anyCommand, aSnapshot, STOPPED, someControls } from "../a-snapshot.ts";

const RULES: GateRules = { onFailure: "rollback", noDataSeconds: 900 };
const HALTING: GateRules = { ...RULES, onFailure: "halt" };
const ALARM = aSnapshot({ alarms: [{ name: "calls", state: "ALARM", reason: "9 of 10 calls failed" }] });
const FIRED = { code: "alarm", alarm: "calls", state: "ALARM", detail: "9 of 10 calls failed" } as const;
const NO_DATA = { code: "alarm", alarm: "calls", state: "INSUFFICIENT_DATA" } as const;
const BY_BOB = { code: "stopped", by: "bob", since: "2026-11-23T12:00:00Z", why: "the carrier is down" } as const;
const BLIND = aSnapshot({ alarms: [{ name: "calls", state: "INSUFFICIENT_DATA" }] });
const MOST_POLLS = 5_000;
const PROCEEDS = { decision: { decision: "proceed" } };
const ABORTED = { code: "aborted", by: "ann", why: "phones are dead" } as const;

const abort = (rollback: boolean) => aCommand({ command: "abort", rollback, reason: "phones are dead" });

/** Polls until the gate has a decision; `see` gives the snapshot after so many nominal seconds. */
function pollAll(from: GateState, see: (seconds: number) => GateSnapshot, rules = RULES) {
  let state = from;
  let seconds = 0;
  for (let polls = 1; polls <= MOST_POLLS; polls += 1) {
    seconds += state.waitSeconds;
    state = evaluateGate(state, see(seconds), rules);
    if (state.decision !== undefined) return { state, seconds, polls };
    const { waitSeconds } = state;
    if (!(Number.isInteger(waitSeconds) && waitSeconds >= 1 && waitSeconds <= 5_400))
      expect(waitSeconds).toBe("1 to 5400");
  }
  return { state, seconds, polls: MOST_POLLS };
}

/** What there is to see when each command arrives after so many seconds. */
const sending =
  (...sent: readonly (readonly [afterSeconds: number, command: CommandRecord])[]) =>
  (seconds: number) =>
    aSnapshot({ commands: sent.filter(([after]) => after <= seconds).map(([, command]) => command) });

const startWith = (bake: number, commandState: CommandState = NO_COMMANDS) => beginGate(bake, commandState);

/** Until then an answer counts. */
const askedFor = (wave: number) => toUnanswered({ wave, customers: 15, until: "2026-11-25T00:00:00Z" });

describe("a gate that nothing holds", () => {
  test.each([
    [0, 1],
    [60, 2],
    [61, 3],
    [1_800, 31],
  ])("takes the %d s of its bake, in %d polls, and proceeds without a reason", (bake, polls) => {
    const decision = { decision: "proceed", reasons: [] };
    expect(pollAll(startWith(bake), () => aSnapshot())).toMatchObject({ seconds: bake, polls, state: { decision } });
  });

  test("takes exactly the bake's time, whatever it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), (bake) => {
        expect(pollAll(startWith(bake), () => aSnapshot()).seconds).toBe(bake);
      }),
    );
  });

  test("never bakes for less than was asked for", () => {
    expect(pollAll(startWith(0.4), () => aSnapshot()).seconds).toBe(1);
  });
});

describe("the polls", () => {
  const DAY = 86_400;

  test.each([
    { what: "a canary of 30 minutes", bakes: [1_800, 0], polls: 32 },
    { what: "a canary of 50 hours", bakes: [180_000, 0], polls: 597 },
    { what: "three weeks", bakes: [604_800, 604_800, 604_800, 0], polls: 598 },
    { what: "100 waves of six hours", bakes: Array.from({ length: 100 }, () => 21_600), polls: 500 },
  ])("of $what are $polls, and each bake takes its time", ({ bakes, polls }) => {
    const rules = { ...RULES, pollSeconds: toBakeInterval(bakes) };
    const polled = bakes.map((bake) => pollAll(startWith(bake), () => aSnapshot(), rules));
    expect(polled.map(({ seconds }) => seconds)).toEqual(bakes);
    expect(polled.reduce((sum, each) => sum + each.polls, 0)).toBe(polls);
  });

  test.each([
    { what: "the stop switch", days: 1, polls: 193, held: aSnapshot({ controls: STOPPED }) },
    { what: "the stop switch", days: 31, polls: 913, held: aSnapshot({ controls: STOPPED }) },
    { what: "a pause", days: 31, polls: 913, held: aSnapshot({ commands: [aCommand({ pauseSeconds: 40 * DAY })] }) },
    { what: "an alarm without data", days: 31, polls: 913, held: BLIND },
  ])("of a gate that $what holds for $days days are $polls", ({ days, polls, held }) => {
    const rules = { ...RULES, noDataSeconds: 40 * DAY };
    const resume = aCommand({ command: "resume" });
    const released = { ...aSnapshot(), commands: [...held.commands, resume] };
    const polled = pollAll(startWith(0), (seconds) => (seconds < days * DAY ? held : released), rules);
    expect(polled.polls).toBe(polls);
    expect(polled.state.operations).toBe(polls);
    expect(polled.seconds - days * DAY).toBeLessThan(3_600);
  });

  test("of five approvals of five days and of the longest bakes fit into the share of an execution", () => {
    const waves = Array.from({ length: 5 }, (_, index) => {
      const rules = { ...RULES, approval: { asked: askedFor(index + 1), seconds: 5 * DAY } };
      return pollAll(startWith(0), () => aSnapshot(), rules).polls;
    });
    expect(waves).toEqual([289, 289, 289, 289, 289]);
    expect(5 * 289 + 600).toBeLessThan(FLIP_SHARE.operations);
  });

  test("begin each minute again after each hold", () => {
    const { state } = pollAll(startWith(300), (seconds) => (seconds === 60 || seconds === 180 ? BLIND : aSnapshot()));
    expect(state).toMatchObject({ heldSeconds: 0, ...PROCEEDS });
  });

  test("of a long bake that finds no data once counts a minute without data, not the interval", () => {
    const rules = { ...RULES, pollSeconds: 1_012 };
    const { state } = pollAll(startWith(DAY), (seconds) => (seconds === 1_012 ? BLIND : aSnapshot()), rules);
    expect(state).toMatchObject(PROCEEDS);
  });

  test.each([
    { operations: 2_439, elapsedMs: 0, reasons: [{ code: "rollback-reserve", used: "2500 durable operations" }] },
    { operations: 1, elapsedMs: 27 * DAY * 1_000, reasons: [{ code: "rollback-reserve", used: "27 days" }] },
  ])("of a hold end with the share of the execution: $reasons.0.used", ({ operations, elapsedMs, reasons }) => {
    const held = aSnapshot({ controls: STOPPED, elapsedMs });
    const rules = { ...RULES, executionShare: FLIP_SHARE };
    const { state } = pollAll(beginGate(0, NO_COMMANDS, operations), () => held, rules);
    expect(state.decision).toEqual({ decision: "halt", cause: "share", reasons });
  });
});

describe("an alarm", () => {
  test.each([
    { rules: RULES, decision: "roll back" },
    { rules: HALTING, decision: "halt" },
  ])("in ALARM ends the gate at once: $decision", ({ rules, decision }) => {
    const { state, polls } = pollAll(startWith(1_800), () => ALARM, rules);
    expect(polls).toBe(1);
    expect(state.decision).toEqual({ decision, cause: "alarm", reasons: [FIRED] });
  });

  test.each([
    [0, 0, "roll back"],
    [300, 300, "roll back"],
    [301, 300, "proceed"],
  ])("that fails %d s into a bake of %d s: %s, because the last poll is at its end", (at, bake, decision) => {
    const { state } = pollAll(startWith(bake), (seconds) => (seconds >= at ? ALARM : aSnapshot()));
    expect(state.decision?.decision).toBe(decision);
  });

  test("in ALARM is named with each other alarm in ALARM, and with its reason as far as it fits", () => {
    const alarms = [
      { name: "a", state: "ALARM", reason: "x".repeat(1_023) },
      { name: "b", state: "OK", reason: "fine" },
      { name: "c", state: "ALARM" },
      { name: "d", state: "INSUFFICIENT_DATA" },
    ] as const;
    const { decision } = evaluateGate(startWith(60), aSnapshot({ alarms }), RULES);
    expect(decision?.reasons).toEqual([
      { code: "alarm", alarm: "a", state: "ALARM", detail: "x".repeat(200) },
      { code: "alarm", alarm: "c", state: "ALARM" },
    ]);
  });

  test.each([
    { count: 50, last: { code: "alarm", alarm: "a-49", state: "ALARM", detail: "why" } },
    { count: 51, last: { code: "more-alarms", alarms: ["a-50"] } },
    { count: 53, last: { code: "more-alarms", alarms: ["a-50", "a-51", "a-52"] } },
  ])("of $count in ALARM is told with its reason among the first 50, by its name after them", ({ count, last }) => {
    const firing = { state: "ALARM", reason: "why" } as const;
    const alarms = Array.from({ length: count }, (_, index) => ({ name: `a-${index}`, ...firing }));
    const { decision } = evaluateGate(startWith(60), aSnapshot({ alarms }), RULES);
    expect(decision?.reasons).toHaveLength(Math.min(count, 51));
    expect(decision?.reasons.at(-1)).toEqual(last);
  });

  test("with the longest names and reasons, 500 times, leaves room in a checkpoint", () => {
    for (const state of ["ALARM", "missing"] as const) {
      const alarms = Array.from({ length: 500 }, () => ({ name: "n".repeat(255), state, reason: "x".repeat(1_023) }));
      const polled = pollAll(startWith(60), () => aSnapshot({ alarms }));
      expect(JSON.stringify(polled.state).length).toBeLessThan(200_000);
    }
  });
});

describe("failures", () => {
  const failures = [{ allowed: 2, planned: 40 }];
  const decide = (failed: number, rules: GateRules, snapshot: Partial<GateSnapshot> = {}) =>
    evaluateGate(startWith(60), aSnapshot({ ...snapshot, failed }), rules).decision;

  test.each([
    [2, "rollback", undefined],
    [3, "rollback", "roll back"],
    [3, "halt", "halt"],
  ] as const)("%d of a budget of 2, in a wave or a bake (%s): %s", (failed, onFailure, decision) => {
    expect(decide(failed, { ...RULES, onFailure, failures })?.decision).toBe(decision);
  });

  test.each([
    { failed: 5, exceeded: undefined },
    { failed: 6, exceeded: { failed: 2, allowed: 1, planned: 20, wave: 2 } },
    { failed: 9, exceeded: { failed: 9, allowed: 8, planned: 40 } },
  ])("after 4 failures in wave 1, $failed failures are over the limit $exceeded", ({ failed, exceeded }) => {
    const inWave = { allowed: 1, planned: 20, wave: 2, failedBefore: 4 };
    const rules = { ...RULES, failures: [{ allowed: 8, planned: 40 }, inWave] };
    expect(decide(failed, rules)?.reasons).toEqual(exceeded && [{ code: "failure-budget", ...exceeded }]);
  });

  test("never stop a rollback, which has no limit", () => {
    expect(decide(1_000_000, RULES)).toBeUndefined();
  });

  test("beyond the budget are told beside an abort, and before an alarm", () => {
    const rules = { ...RULES, failures };
    const reason = { code: "failure-budget", failed: 3, allowed: 2, planned: 40 };
    expect(decide(3, rules, { commands: [abort(false)] })?.reasons).toEqual([ABORTED, reason]);
    expect(decide(3, rules, { alarms: ALARM.alarms })).toMatchObject({ cause: "budget", reasons: [reason] });
  });
});

describe("an alarm that shows no data", () => {
  test.each<{ state: AlarmState; reason?: string }>([
    { state: "INSUFFICIENT_DATA" },
    { state: "missing" },
    { state: "unreadable", reason: "AccessDenied" },
  ])("holds the rollout and says so: $state", ({ state, reason }) => {
    const held = evaluateGate(startWith(0), aSnapshot({ alarms: [{ name: "calls", state, reason }] }), RULES);
    const heldBy = [{ code: "alarm", alarm: "calls", state, ...(reason !== undefined && { detail: reason }) }];
    expect(held).toMatchObject({ heldBy, waitSeconds: 60 });
    expect(held.decision).toBeUndefined();
  });

  test.each([
    { rules: RULES, decision: "roll back" },
    { rules: HALTING, decision: "halt" },
  ])("passes exactly at its limit and fails one poll beyond it: $decision", ({ rules, decision }) => {
    const at = (last: number) => (seconds: number) => (seconds <= last ? BLIND : aSnapshot());
    expect(pollAll(startWith(0), at(900), rules)).toMatchObject({ seconds: 960, state: PROCEEDS });
    const beyond = pollAll(startWith(0), at(960), rules);
    expect(beyond).toMatchObject({ seconds: 960, state: { decision: { decision, cause: "no data" } } });
    expect(beyond.state.decision?.reasons).toEqual([{ code: "no-data", seconds: 960, allowedSeconds: 900 }, NO_DATA]);
  });

  test("counts from the last poll that showed all alarms, and anew after each", () => {
    const blink = (seconds: number) => (seconds === 900 || seconds === 1_800 ? aSnapshot() : BLIND);
    const state = { decision: { cause: "no data" }, blindSeconds: 960 };
    expect(pollAll(startWith(86_400), blink)).toMatchObject({ seconds: 2_760, state });
  });

  test("stops the time of the bake", () => {
    const gap = (seconds: number) => (seconds > 120 && seconds <= 420 ? BLIND : aSnapshot());
    expect(pollAll(startWith(600), gap)).toMatchObject({ seconds: 900, state: PROCEEDS });
  });

  test.each(["skip-bake", "skip-all-bakes"] as const)("is not passed by %s", (command) => {
    const held = evaluateGate(startWith(600), { ...BLIND, commands: [aCommand({ command })] }, RULES);
    expect(held).toMatchObject({ leftSeconds: 0, heldBy: [NO_DATA] });
    expect(evaluateGate(held, aSnapshot({ commands: [aCommand({ command })] }), RULES)).toMatchObject(PROCEEDS);
  });
});

describe("skip-bake", () => {
  const skip = aCommand({ command: "skip-bake", reason: "seen enough" });
  const reasons = [{ code: "bake-skipped", by: "ann", why: "seen enough" }];
  const skipped = { decision: { decision: "proceed", reasons } };

  test("ends the bake at the next poll, and is among the reasons", () => {
    expect(pollAll(startWith(1_800), sending([70, skip]))).toMatchObject({ seconds: 120, state: skipped });
  });

  test("while paused ends the bake and not the pause", () => {
    const pause = aCommand({ command: "pause", pauseSeconds: 600 });
    expect(pollAll(startWith(1_800), sending([0, pause], [60, skip]))).toMatchObject({ seconds: 600, state: skipped });
  });

  test("of one bake does not skip the next", () => {
    const { state } = pollAll(startWith(1_800), sending([60, skip]));
    expect(pollAll(startWith(300, state.commandState), () => aSnapshot({ commands: [skip] })).seconds).toBe(300);
  });
});

test.each(["skip-bake", "skip-all-bakes"] as const)("a wait of a rollback is no bake: %s keeps it", (command) => {
  const rules = { ...RULES, isDelay: true };
  const before = evaluateGate(startWith(300), aSnapshot({ commands: [aCommand({ command })] }), rules);
  expect(before).toMatchObject({ leftSeconds: 300, waitSeconds: 60 });
  expect(before.decision).toBeUndefined();
  expect(whyWaits(before, rules)).toEqual([{ code: "delayed" }]);
  expect(whyWaits(before)).toEqual([{ code: "baking" }]);
});

test("skip-all-bakes ends this bake and every later one, and is a reason of each", () => {
  const full = aCommand({ command: "skip-all-bakes", reason: "urgent" });
  const first = pollAll(startWith(1_800), sending([60, full]));
  const second = (bake: number) =>
    pollAll(startWith(bake, first.state.commandState), () => aSnapshot({ commands: [full] }));
  const decided = (...reasons: readonly object[]) => ({ decision: { decision: "proceed", reasons } });
  const told = { code: "all-bakes-skipped", by: "ann", why: "urgent" };
  expect(first).toMatchObject({ seconds: 60, state: decided(told) });
  expect(second(1_800)).toMatchObject({ seconds: 0, polls: 1, state: decided({ code: "bake-skipped-earlier" }) });
  expect(second(0).state).toMatchObject(decided());
});

describe("a pause", () => {
  const pauseOf = (pauseSeconds: number) => aCommand({ command: "pause", pauseSeconds });
  const pause = pauseOf(600);
  const resume = aCommand({ command: "resume" });

  test.each<[what: string, bake: number, seconds: number, ...sent: (readonly [number, CommandRecord])[]]>([
    ["that outlasts the bake ends with its time", 300, 600, [0, pause]],
    ["that ends before the bake does not lengthen it", 1_800, 1_800, [0, pause]],
    ["that ends together with the bake", 600, 600, [0, pause]],
    ["within a minute ends on the second", 0, 7, [0, pauseOf(7)]],
    ["of 61 s ends on the second", 0, 61, [0, pauseOf(61)]],
    ["is ended by resume at the next poll", 60, 180, [0, pause], [130, resume]],
    ["that is ended before the bake does not lengthen it", 300, 300, [0, pause], [60, resume]],
    ["after a pause counts from its own arrival", 0, 1_140, [0, pause], [540, pause]],
    ["never began: resume without one changes nothing", 90, 90, [0, resume]],
  ])("%s", (_what, bake, seconds, ...sent) => {
    expect(pollAll(startWith(bake), sending(...sent))).toMatchObject({ seconds, state: PROCEEDS });
  });

  test("is the reason of the wait at each poll, until it is over", () => {
    const paused = evaluateGate(startWith(0), aSnapshot({ commands: [pause] }), RULES);
    expect(paused).toMatchObject({ heldBy: [{ code: "paused" }], commandState: { pausedSeconds: 600 } });
    const still = evaluateGate(paused, aSnapshot({ commands: [pause] }), RULES);
    expect(still).toMatchObject({ heldBy: [{ code: "paused" }], commandState: { pausedSeconds: 540 } });
    const resumed = evaluateGate(startWith(300, paused.commandState), aSnapshot({ commands: [pause, resume] }), RULES);
    expect(resumed).toMatchObject({ waitSeconds: 60, leftSeconds: 300 });
    expect(resumed.heldBy).toBeUndefined();
  });

  test("from before the wave continues in its bake", () => {
    const start = startWith(60, { seen: 1, skipAllBakes: false, pausedSeconds: 150 });
    const { state, seconds } = pollAll(start, () => aSnapshot({ commands: [pause] }));
    expect([seconds, state.commandState]).toEqual([150, { seen: 1, skipAllBakes: false }]);
  });
});

describe("stop-everything", () => {
  test("holds until it is taken away, while the bake's time runs on", () => {
    const stoppedFor = (until: number) => (seconds: number) =>
      aSnapshot({ controls: seconds < until ? STOPPED : someControls() });
    expect(pollAll(startWith(300), stoppedFor(600)).seconds).toBe(600);
    expect(pollAll(startWith(300), stoppedFor(240)).seconds).toBe(300);
    expect(evaluateGate(startWith(0), aSnapshot({ controls: STOPPED }), RULES).heldBy).toEqual([BY_BOB]);
  });

  test("beside a pause and a blind alarm: every reason is told", () => {
    const snapshot = { ...BLIND, controls: STOPPED, commands: [aCommand({ command: "pause", pauseSeconds: 60 })] };
    expect(evaluateGate(startWith(0), snapshot, RULES).heldBy).toEqual([NO_DATA, { code: "paused" }, BY_BOB]);
  });
});

describe("a freeze", () => {
  const freezeFor = (leftSeconds: number) => ({ name: "fair", untilMs: 0, leftSeconds });

  test("holds until it is over, with a poll right at its end", () => {
    const see = (passed: number) => aSnapshot({ freeze: passed < 30_030 ? freezeFor(30_030 - passed) : undefined });
    expect(pollAll(startWith(0), see)).toMatchObject({ seconds: 30_030, state: PROCEEDS });
  });

  test("does not hold an abort", () => {
    const snapshot = aSnapshot({ freeze: freezeFor(60), commands: [aCommand({ command: "abort" })] });
    expect(evaluateGate(startWith(0), snapshot, RULES).decision).toMatchObject({ cause: "abort" });
  });
});

describe("an abort", () => {
  test("in the same poll as an alarm tells of the alarm too", () => {
    const { decision } = evaluateGate(startWith(60), { ...ALARM, commands: [abort(false)] }, RULES);
    expect(decision?.reasons).toEqual([ABORTED, FIRED]);
  });

  test("that was applied before does not end a later gate", () => {
    const state = startWith(0, { seen: 1, skipAllBakes: false });
    expect(evaluateGate(state, aSnapshot({ commands: [abort(true)] }), RULES)).toMatchObject(PROCEEDS);
  });
});

describe("for any history of snapshots", () => {
  const anyMoment = fc.record({
    alarms: anyAlarms,
    controls: fc.boolean().map((stopped) => (stopped ? STOPPED : someControls())),
    sent: fc.array(
      anyCommand.filter(({ command }) => command !== "abort"),
      { maxLength: 2 },
    ),
  });
  /** Commands pile up. */
  const anySnapshots = fc.array(anyMoment, { minLength: 1, maxLength: 40 }).map((history) =>
    history.map(({ sent: _sent, ...moment }, index) => {
      const commands = history.slice(0, index + 1).flatMap(({ sent }) => sent);
      return aSnapshot({ ...moment, commands });
    }),
  );
  const anyStart = fc.record({
    bake: fc.integer({ min: 0, max: 1_000 }),
    skipAllBakes: fc.boolean(),
    pausedSeconds: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
  });
  const anyRules = fc.record({
    onFailure: fc.constantFrom("rollback" as const, "halt" as const),
    noDataSeconds: fc.constantFrom(0, 60, 900),
  });
  const anyCase = fc.tuple(anyStart, anySnapshots, anyRules).map(([{ bake, ...commandState }, snapshots, rules]) => {
    const start = startWith(bake, { seen: 0, ...commandState });
    const states: GateState[] = [];
    for (const snapshot of snapshots) states.push(evaluateGate(states.at(-1) ?? start, snapshot, rules));
    return { start, snapshots, rules, states, over: states.findIndex(({ decision }) => decision !== undefined) };
  });

  test("an abort ends a gate that is not over at its next poll, as the abort says", () => {
    fc.assert(
      fc.property(anyCase, fc.boolean(), ({ start, snapshots, rules, states }, rollback) => {
        const before = states.at(-2) ?? start;
        fc.pre(before.decision === undefined);
        const last = snapshots.at(-1)!;
        const { decision } = evaluateGate(before, { ...last, commands: [...last.commands, abort(rollback)] }, rules);
        expect(decision).toMatchObject({ cause: "abort", decision: rollback ? "roll back" : "halt" });
        expect(decision?.reasons[0]).toEqual(ABORTED);
      }),
      { numRuns: 500 },
    );
  });

  test("the gate proceeds only at a poll that shows every alarm OK, no stop and no pause", () => {
    fc.assert(
      fc.property(anyCase, ({ snapshots, states, over }) => {
        for (const [index, snapshot] of snapshots.slice(0, over < 0 ? snapshots.length : over + 1).entries()) {
          const mayProceed =
            snapshot.alarms.every(({ state }) => state === "OK") &&
            snapshot.controls.stopped === undefined &&
            states[index]!.commandState.pausedSeconds === undefined &&
            states[index]!.leftSeconds === 0;
          expect(states[index]!.decision?.decision === "proceed").toBe(mayProceed);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("every alarm in ALARM ends the gate, and a decision is never taken back", () => {
    fc.assert(
      fc.property(anyCase, ({ snapshots, states, over }) => {
        const failed = snapshots.findIndex(({ alarms }) => alarms.some(({ state }) => state === "ALARM"));
        if (failed >= 0) expect(over >= 0 && over <= failed).toBe(true);
        if (over >= 0) for (const state of states.slice(over)) expect(state).toBe(states[over]);
      }),
      { numRuns: 500 },
    );
  });

  test("the same snapshots give the same states, from a recorded state too", () => {
    fc.assert(
      fc.property(anyCase, ({ start, snapshots, rules, states }) => {
        let recorded = JSON.parse(JSON.stringify(start)) as GateState;
        for (const [index, snapshot] of snapshots.entries()) {
          recorded = JSON.parse(JSON.stringify(evaluateGate(recorded, snapshot, rules))) as GateState;
          expect(recorded).toEqual(states[index]);
        }
      }),
    );
  });
});

describe("a poll is news", () => {
  const paused = aSnapshot({ commands: [aCommand({ command: "pause", pauseSeconds: 600 })] });
  const skipped = aSnapshot({ commands: [...paused.commands, aCommand({ command: "skip-bake" })] });
  const pausedAgain = aSnapshot({ commands: [...paused.commands, aCommand({ command: "pause", pauseSeconds: 540 })] });
  const hasNews = (snapshots: readonly GateSnapshot[]) => {
    let before = startWith(600);
    let state = before;
    for (const snapshot of snapshots) [before, state] = [state, evaluateGate(state, snapshot, RULES)];
    return isNews(before, state);
  };

  test.each<[string, readonly GateSnapshot[], boolean]>([
    ["when a bake begins", [aSnapshot()], true],
    ["while it passes", [aSnapshot(), aSnapshot()], true],
    ["when an alarm has no data any more", [aSnapshot(), BLIND], true],
    ["not while it still has none", [BLIND, BLIND], false],
    ["when it has data again", [BLIND, aSnapshot()], true],
    ["when a pause begins", [aSnapshot(), paused], true],
    ["when the rest of a bake is skipped in a pause", [paused, skipped], true],
    ["when another pause comes in a pause", [paused, pausedAgain], true],
    ["while a pause passes", [paused, paused], true],
    ["when the bake ends", [...Array.from({ length: 11 }, () => aSnapshot())], true],
    ["when an alarm ends it", [aSnapshot(), ALARM], true],
    ["not when nothing was waited for", [ALARM], false],
  ])("%s", (_when, snapshots, news) => {
    expect(hasNews(snapshots)).toBe(news);
  });
});

describe("a gate that waits for an approval", () => {
  const HOUR = 3_600;
  const ASKED = askedFor(2);
  const rules = { ...RULES, onFailure: "rollback", approval: { asked: ASKED, seconds: 24 * HOUR } } as const;
  const answer = (command: CommandRecord["command"], given: Partial<CommandRecord> = {}) =>
    aCommand({ command, wave: 2, ...given });
  const SAID = { wave: 2, by: "ann", at: "2026-11-23T12:00:00Z", why: "lunch" } as const;
  const wait = (see: (seconds: number) => GateSnapshot, given: GateRules = rules) => pollAll(startWith(0), see, given);

  test("is held until its approval, and then proceeds with who gave it", () => {
    const held = evaluateGate(startWith(0), aSnapshot(), rules);
    expect(held).toMatchObject({ heldBy: [ASKED], waitSeconds: 60 });
    const { state, seconds } = wait(sending([HOUR, answer("approve")]));
    expect(state.decision).toEqual({ decision: "proceed", reasons: [{ code: "approved", ...SAID }] });
    expect(seconds).toBeLessThan(HOUR + 300);
  });

  test.each([
    ["rollback", "roll back"],
    ["halt", "halt"],
  ] as const)("fails at a rejection, and follows onFailure: %s", (onFailure, decision) => {
    const { state } = wait(sending([HOUR, answer("reject")]), { ...rules, onFailure });
    expect(state.decision).toEqual({ decision, cause: "approval", reasons: [{ code: "rejected", ...SAID }] });
  });

  test("fails exactly when its time is over without an answer, also in a pause or without bakes", () => {
    const commands = [aCommand({ command: "pause", pauseSeconds: 90 * HOUR }), aCommand({ command: "skip-all-bakes" })];
    const { state, seconds, polls } = wait(() => aSnapshot({ commands }));
    const reasons = [{ code: "not-approved-in-time", wave: 2, seconds: 24 * HOUR }];
    expect(state.decision).toEqual({ decision: "roll back", cause: "approval", reasons });
    expect([seconds, polls]).toEqual([24 * HOUR, 193]);
  });

  test.each<[string, readonly CommandRecord[], object]>([
    ["the first of two answers", [answer("approve"), answer("reject")], { decision: "proceed" }],
    ["no answer of another wave", [answer("approve", { wave: 1 })], { cause: "approval" }],
    ["no answer without a wave", [answer("approve", { wave: undefined })], { cause: "approval" }],
    ["an abort before its approval", [answer("approve"), aCommand({ command: "abort" })], { cause: "abort" }],
  ])("counts %s", (_what, commands, decision) => {
    expect(wait(() => aSnapshot({ commands })).state.decision).toMatchObject(decision);
  });

  test("does not wait for the answer when an alarm goes off or failures exceed the budget", () => {
    const budgeted = { ...rules, failures: [{ allowed: 1, planned: 40 }] };
    const alarmed = wait(() => ({ ...ALARM, commands: [answer("approve")] }));
    expect(alarmed.state).toMatchObject({ decision: { cause: "alarm" } });
    expect(wait(() => aSnapshot({ failed: 2 }), budgeted).state).toMatchObject({ decision: { cause: "budget" } });
  });

  test("takes a reading without data for no answer: an approval may have come", () => {
    const approved = aSnapshot({ commands: [answer("approve")] });
    const see = (seconds: number) =>
      [aSnapshot(), BLIND, approved][Math.floor((seconds + 0.1 * HOUR) / HOUR) - 23] ?? aSnapshot();
    expect(wait(see, { ...rules, noDataSeconds: HOUR }).state.decision).toMatchObject({ decision: "proceed" });
  });

  test("keeps who approved when an alarm ends it, at the same poll or during a pause after it", () => {
    const commands = [answer("approve"), aCommand({ command: "pause", pauseSeconds: 600 })];
    for (const after of [0, 300]) {
      const { state } = wait((seconds) => ({ ...(seconds >= after ? ALARM : aSnapshot()), commands }));
      expect(state).toMatchObject({ decision: { cause: "alarm" }, notes: [{ code: "approved", ...SAID }] });
      expect(state.notes).toHaveLength(1);
    }
  });

  test("holds a pause after its approval", () => {
    const commands = [answer("approve"), aCommand({ command: "pause", pauseSeconds: 600 })];
    expect(wait(() => aSnapshot({ commands }))).toMatchObject({ seconds: 600, state: PROCEEDS });
  });
});
