import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { CommandRecord } from "../../../../../lambda/core/records.ts";
import { STEERING_START, type Steering } from "../../../../../lambda/core/gate/apply-commands.ts";
import {
  type AlarmState,
  beginWatch,
  isNews,
  type Sight,
  type WatchRules,
  type WatchState,
  watchOnce,
} from "../../../../../lambda/core/gate/evaluate-gate.ts";
import { aCommand, anyAlarms, anyCommand, aSight, STOPPED, someControls } from "../a-sight.ts";

const RULES: WatchRules = { onFailure: "rollback", noDataSeconds: 900 };
const HALTING: WatchRules = { ...RULES, onFailure: "halt" };
const ALARM = aSight({ alarms: [{ name: "calls", state: "ALARM", reason: "9 of 10 calls failed" }] });
const BLIND = aSight({ alarms: [{ name: "calls", state: "INSUFFICIENT_DATA" }] });
const MOST_LOOKS = 5_000;

const abort = (rollback: boolean) =>
  aCommand({ command: "abort", rollback, requestedBy: "ann", reason: "phones are dead" });

interface Watched {
  readonly state: WatchState;
  readonly seconds: number;
  readonly looks: number;
}

/** Looks until the watch is over; `see` gives what there is to see after so many nominal seconds. */
function watch(from: WatchState, see: (seconds: number) => Sight, rules = RULES): Watched {
  let state = from;
  let seconds = 0;
  for (let looks = 1; looks <= MOST_LOOKS; looks += 1) {
    seconds += state.waitSeconds;
    state = watchOnce(state, see(seconds), rules);
    if (state.decision !== undefined) return { state, seconds, looks };
    const { waitSeconds } = state;
    if (!(Number.isInteger(waitSeconds) && waitSeconds >= 1 && waitSeconds <= 60)) expect(waitSeconds).toBe("1 to 60");
  }
  return { state, seconds, looks: MOST_LOOKS };
}

/** What there is to see when each command arrives after so many seconds. */
const sending =
  (...sent: readonly (readonly [afterSeconds: number, command: CommandRecord])[]) =>
  (seconds: number) =>
    aSight({ commands: sent.filter(([after]) => after <= seconds).map(([, command]) => command) });

const startWith = (bakeSeconds: number, steering: Steering = STEERING_START) => beginWatch(bakeSeconds, steering);

describe("a watch that nothing holds", () => {
  test.each([
    { bake: 0, looks: 1 },
    { bake: 1, looks: 2 },
    { bake: 59, looks: 2 },
    { bake: 60, looks: 2 },
    { bake: 61, looks: 3 },
    { bake: 1_800, looks: 31 },
  ])("takes the $bake s of its bake, in $looks looks, and proceeds without a word", ({ bake, looks }) => {
    const watched = watch(startWith(bake), () => aSight());
    expect(watched).toMatchObject({ seconds: bake, looks, state: { decision: { decision: "proceed", reasons: [] } } });
  });

  test("takes exactly the bake's time, whatever it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), (bake) => {
        expect(watch(startWith(bake), () => aSight()).seconds).toBe(bake);
      }),
    );
  });

  test("never bakes for less than was asked for", () => {
    expect(watch(startWith(0.4), () => aSight()).seconds).toBe(1);
  });

  test("needs no alarm", () => {
    expect(watch(startWith(90), () => aSight({ alarms: [] })).state.decision?.decision).toBe("proceed");
  });
});

describe("an alarm", () => {
  test.each([
    { rules: RULES, decision: "roll back" },
    { rules: HALTING, decision: "halt" },
  ])("that fails ends the watch at once: $decision", ({ rules, decision }) => {
    const { state, looks } = watch(startWith(1_800), () => ALARM, rules);
    expect(looks).toBe(1);
    expect(state.decision).toEqual({
      decision,
      cause: "alarm",
      reasons: ["alarm calls is in ALARM: 9 of 10 calls failed"],
    });
  });

  test.each([
    { at: 0, bake: 0, decision: "roll back" },
    { at: 240, bake: 300, decision: "roll back" },
    { at: 299, bake: 300, decision: "roll back" },
    { at: 300, bake: 300, decision: "roll back" },
    { at: 301, bake: 300, decision: "proceed" },
  ])("that fails $at s into a bake of $bake s: $decision, because the last look is at its end", (row) => {
    const { state } = watch(startWith(row.bake), (seconds) => (seconds >= row.at ? ALARM : aSight()));
    expect(state.decision?.decision).toBe(row.decision);
  });

  test("that fails is named with every other one that does, and with its reason as far as it fits", () => {
    const alarms = [
      { name: "a", state: "ALARM", reason: "x".repeat(1_023) },
      { name: "b", state: "OK", reason: "fine" },
      { name: "c", state: "ALARM" },
      { name: "d", state: "INSUFFICIENT_DATA" },
    ] as const;
    const { decision } = watchOnce(startWith(60), aSight({ alarms }), RULES);
    expect(decision?.reasons).toEqual([`alarm a is in ALARM: ${"x".repeat(200)}`, "alarm c is in ALARM"]);
  });

  test.each([
    { count: 50, last: "alarm a-49 is in ALARM: why" },
    { count: 51, last: "and 1 more: a-50" },
    { count: 53, last: "and 3 more: a-50, a-51, a-52" },
  ])("of $count that fail is told with its reason among the first 50, by its name after them", ({ count, last }) => {
    const alarms = Array.from(
      { length: count },
      (_, index) => ({ name: `a-${index}`, state: "ALARM", reason: "why" }) as const,
    );
    const { decision } = watchOnce(startWith(60), aSight({ alarms }), RULES);
    expect(decision?.reasons).toHaveLength(Math.min(count, 51));
    expect(decision?.reasons.at(-1)).toBe(last);
  });

  test("with the longest names and reasons, 500 times, leaves room in a checkpoint", () => {
    for (const state of ["ALARM", "missing"] as const) {
      const alarms = Array.from({ length: 500 }, () => ({ name: "n".repeat(255), state, reason: "x".repeat(1_023) }));
      const watched = watch(startWith(60), () => aSight({ alarms }));
      expect(JSON.stringify(watched.state).length).toBeLessThan(200_000);
    }
  });

  test("that is OK again does not take the failure back", () => {
    const failed = watchOnce(startWith(60), ALARM, RULES);
    expect(watchOnce(failed, aSight(), RULES)).toBe(failed);
  });

  test.each([
    [
      "while paused",
      STEERING_START,
      aSight({ ...ALARM, commands: [aCommand({ command: "pause", pauseSeconds: 600 })] }),
    ],
    ["while everything is stopped", STEERING_START, aSight({ ...ALARM, controls: STOPPED })],
    ["when the bake is skipped", STEERING_START, aSight({ ...ALARM, commands: [aCommand({ command: "skip-bake" })] })],
    ["when there is no more waiting", { seen: 0, skipAllBakes: true }, ALARM],
  ])("that fails ends the watch %s too", (_when, steering, sight) => {
    expect(watchOnce(startWith(60, steering), sight, RULES).decision).toMatchObject({ cause: "alarm" });
  });
});

describe("an alarm that shows no data", () => {
  test.each<{ state: AlarmState; says: string }>([
    { state: "INSUFFICIENT_DATA", says: "alarm calls has no data (INSUFFICIENT_DATA)" },
    { state: "missing", says: "alarm calls does not exist" },
    { state: "unreadable", says: "alarm calls cannot be read: AccessDenied" },
  ])("holds the rollout and says so: $state", ({ state, says }) => {
    const reason = state === "unreadable" ? "AccessDenied" : undefined;
    const held = watchOnce(startWith(0), aSight({ alarms: [{ name: "calls", state, reason }] }), RULES);
    expect(held).toMatchObject({ heldBy: says, waitSeconds: 60 });
    expect(held.decision).toBeUndefined();
  });

  test.each([
    { rules: RULES, decision: "roll back" },
    { rules: HALTING, decision: "halt" },
  ])("passes exactly at its limit and fails one look beyond it: $decision", ({ rules, decision }) => {
    const at = (last: number) => (seconds: number) => (seconds <= last ? BLIND : aSight());
    expect(watch(startWith(0), at(900), rules)).toMatchObject({
      seconds: 960,
      state: { decision: { decision: "proceed" } },
    });
    const beyond = watch(startWith(0), at(960), rules);
    expect(beyond).toMatchObject({ seconds: 960, state: { decision: { decision, cause: "no data" } } });
    expect(beyond.state.decision?.reasons).toEqual([
      "not all alarms could be watched for 960 s, the policy allows 900 s",
      "alarm calls has no data (INSUFFICIENT_DATA)",
    ]);
  });

  test("counts from the last look that showed all of them, and anew after each", () => {
    const blink = (seconds: number) => (seconds === 900 || seconds === 1_800 ? aSight() : BLIND);
    expect(watch(startWith(86_400), blink)).toMatchObject({
      seconds: 2_760,
      state: { decision: { cause: "no data" }, blindSeconds: 960 },
    });
  });

  test("is enough to hold, when every other one is OK", () => {
    const alarms = [
      { name: "calls", state: "OK" },
      { name: "errors", state: "missing" },
    ] as const;
    expect(watchOnce(startWith(0), aSight({ alarms }), RULES).heldBy).toBe("alarm errors does not exist");
  });

  test("stops the bake's time: nobody watched meanwhile", () => {
    const gap = (seconds: number) => (seconds > 120 && seconds <= 420 ? BLIND : aSight());
    expect(watch(startWith(600), gap)).toMatchObject({ seconds: 900, state: { decision: { decision: "proceed" } } });
  });

  test.each(["skip-bake", "skip-all-bakes"] as const)("is not passed by %s", (command) => {
    const held = watchOnce(startWith(600), { ...BLIND, commands: [aCommand({ command })] }, RULES);
    expect(held).toMatchObject({ leftSeconds: 0, heldBy: expect.stringContaining("no data") });
    expect(watchOnce(held, aSight({ commands: [aCommand({ command })] }), RULES).decision?.decision).toBe("proceed");
  });

  test("fails while paused as well", () => {
    const paused = aCommand({ command: "pause", pauseSeconds: 86_400 });
    const { state, seconds } = watch(startWith(0), () => ({ ...BLIND, commands: [paused] }));
    expect(seconds).toBe(960);
    expect(state.decision).toMatchObject({ cause: "no data" });
  });
});

describe("skip-bake", () => {
  const skip = aCommand({ command: "skip-bake", requestedBy: "ann", reason: "seen enough" });

  test("ends the bake at the next look, and stands in the reasons", () => {
    expect(watch(startWith(1_800), sending([70, skip]))).toMatchObject({
      seconds: 120,
      state: { decision: { decision: "proceed", reasons: ["the bake was skipped by ann: seen enough"] } },
    });
  });

  test("while paused ends the bake and not the pause", () => {
    const pause = aCommand({ command: "pause", pauseSeconds: 600 });
    expect(watch(startWith(1_800), sending([0, pause], [60, skip]))).toMatchObject({
      seconds: 600,
      state: { decision: { decision: "proceed", reasons: ["the bake was skipped by ann: seen enough"] } },
    });
  });

  test("when the bake is over changes nothing and is not told", () => {
    const pause = aCommand({ command: "pause", pauseSeconds: 600 });
    expect(watch(startWith(60), sending([0, pause], [120, skip]))).toMatchObject({
      seconds: 600,
      state: { decision: { decision: "proceed", reasons: [] } },
    });
  });

  test("of one bake does not skip the next", () => {
    const { state } = watch(startWith(1_800), sending([60, skip]));
    expect(watch(startWith(300, state.steering), () => aSight({ commands: [skip] })).seconds).toBe(300);
  });
});

test.each(["skip-bake", "skip-all-bakes"] as const)(
  "a rest of the way back is no bake: %s does not end it",
  (command) => {
    const sight = aSight({ commands: [aCommand({ command })] });
    const rules = { ...RULES, isRest: true };
    const before = watchOnce(startWith(300), sight, rules);
    expect(before).toMatchObject({ leftSeconds: 300, waitSeconds: 60 });
    expect(before.decision).toBeUndefined();
  },
);

describe("skip-all-bakes", () => {
  const full = aCommand({ command: "skip-all-bakes", requestedBy: "ann", reason: "urgent" });

  test("ends this bake and every later one, and stands in the reasons of each", () => {
    const first = watch(startWith(1_800), sending([60, full]));
    expect(first).toMatchObject({
      seconds: 60,
      state: { decision: { reasons: ["no more waiting, by ann: urgent"] } },
    });
    const second = watch(startWith(1_800, first.state.steering), () => aSight({ commands: [full] }));
    expect(second).toMatchObject({
      seconds: 0,
      looks: 1,
      state: { decision: { reasons: ["without a bake: an earlier command asked for no more waiting"] } },
    });
  });

  test("has nothing to tell of a wave without a bake", () => {
    expect(watch(startWith(0, { seen: 0, skipAllBakes: true }), () => aSight()).state.decision?.reasons).toEqual([]);
  });
});

describe("a pause", () => {
  const pause = aCommand({ command: "pause", pauseSeconds: 600 });
  const resume = aCommand({ command: "resume" });

  test.each([
    { what: "that outlasts the bake ends with its time", bake: 300, sent: [[0, pause]], seconds: 600 },
    { what: "that ends before the bake does not lengthen it", bake: 1_800, sent: [[0, pause]], seconds: 1_800 },
    { what: "that ends together with the bake", bake: 600, sent: [[0, pause]], seconds: 600 },
    { what: "within a minute ends on the second", bake: 0, sent: [[0, { ...pause, pauseSeconds: 7 }]], seconds: 7 },
    { what: "of 61 s ends on the second", bake: 0, sent: [[0, { ...pause, pauseSeconds: 61 }]], seconds: 61 },
    {
      what: "is ended by resume at the next look",
      bake: 60,
      sent: [
        [0, pause],
        [130, resume],
      ],
      seconds: 180,
    },
    {
      what: "that is ended before the bake does not lengthen it",
      bake: 300,
      sent: [
        [0, pause],
        [60, resume],
      ],
      seconds: 300,
    },
    {
      what: "after a pause counts from its own arrival",
      bake: 0,
      sent: [
        [0, pause],
        [540, pause],
      ],
      seconds: 1_140,
    },
    { what: "never began: resume without one changes nothing", bake: 90, sent: [[0, resume]], seconds: 90 },
  ] as const)("$what", ({ bake, sent, seconds }) => {
    expect(watch(startWith(bake), sending(...sent))).toMatchObject({
      seconds,
      state: { decision: { decision: "proceed" } },
    });
  });

  test("says that it holds, in the same words at each look, and nothing once it is over", () => {
    const paused = watchOnce(startWith(0), aSight({ commands: [pause] }), RULES);
    expect(paused).toMatchObject({ heldBy: "paused", steering: { pausedSeconds: 600 } });
    const still = watchOnce(paused, aSight({ commands: [pause] }), RULES);
    expect(still).toMatchObject({ heldBy: "paused", steering: { pausedSeconds: 540 } });
    const resumed = watchOnce(startWith(300, paused.steering), aSight({ commands: [pause, resume] }), RULES);
    expect(resumed).toMatchObject({ waitSeconds: 60, leftSeconds: 300 });
    expect(resumed.heldBy).toBeUndefined();
  });

  test("from before the wave goes on in its bake", () => {
    const { state, seconds } = watch(startWith(60, { seen: 1, skipAllBakes: false, pausedSeconds: 150 }), () =>
      aSight({ commands: [pause] }),
    );
    expect(seconds).toBe(150);
    expect(state.steering).toEqual({ seen: 1, skipAllBakes: false });
  });
});

describe("stop-everything", () => {
  test("holds until it is taken away, while the bake's time runs on", () => {
    const stoppedFor = (until: number) => (seconds: number) =>
      aSight({ controls: seconds < until ? STOPPED : someControls() });
    expect(watch(startWith(300), stoppedFor(600)).seconds).toBe(600);
    expect(watch(startWith(300), stoppedFor(240)).seconds).toBe(300);
    const held = watchOnce(startWith(0), aSight({ controls: STOPPED }), RULES);
    expect(held.heldBy).toBe("everything was stopped by bob: the carrier is down");
  });

  test("is not ended by the end of a pause", () => {
    const commands = [aCommand({ command: "pause" }), aCommand({ command: "resume" })];
    const held = watchOnce(startWith(0), aSight({ controls: STOPPED, commands }), RULES);
    expect(held.heldBy).toBe("everything was stopped by bob: the carrier is down");
  });

  test("beside a pause and a blind alarm: every reason is told", () => {
    const sight = { ...BLIND, controls: STOPPED, commands: [aCommand({ command: "pause", pauseSeconds: 60 })] };
    expect(watchOnce(startWith(0), sight, RULES).heldBy).toBe(
      "alarm calls has no data (INSUFFICIENT_DATA); paused; everything was stopped by bob: the carrier is down",
    );
  });
});

describe("an abort", () => {
  const steered: Steering = { seen: 0, skipAllBakes: false };
  const states = [
    { when: "while it bakes", state: startWith(1_800), sight: aSight() },
    { when: "at the bake's last look", state: { ...startWith(60), waitSeconds: 60 }, sight: aSight() },
    { when: "without a bake", state: startWith(0), sight: aSight() },
    { when: "while paused", state: startWith(60, { ...steered, pausedSeconds: 600 }), sight: aSight() },
    { when: "while everything is stopped", state: startWith(60), sight: aSight({ controls: STOPPED }) },
    { when: "while an alarm shows no data", state: startWith(60), sight: BLIND },
    { when: "when there was no data for too long", state: { ...startWith(60), blindSeconds: 901 }, sight: BLIND },
    { when: "after skip-all-bakes", state: startWith(60, { ...steered, skipAllBakes: true }), sight: aSight() },
    { when: "while an alarm fails", state: startWith(60), sight: ALARM },
  ];

  test.each(
    states.flatMap((row) =>
      [true, false].flatMap((rollback) => [RULES, HALTING].map((rules) => ({ ...row, rollback, rules }))),
    ),
  )(
    "$when ends the watch by its own choice (rollback: $rollback), whatever onFailure is",
    ({ state, sight, rollback, rules }) => {
      const { decision } = watchOnce(state, { ...sight, commands: [abort(rollback)] }, rules);
      expect(decision).toMatchObject({ decision: rollback ? "roll back" : "halt", cause: "abort" });
      expect(decision?.reasons[0]).toBe("aborted by ann: phones are dead");
    },
  );

  test("in the same look as a failing alarm tells of the alarm too", () => {
    const { decision } = watchOnce(startWith(60), { ...ALARM, commands: [abort(false)] }, RULES);
    expect(decision?.reasons).toEqual([
      "aborted by ann: phones are dead",
      "alarm calls is in ALARM: 9 of 10 calls failed",
    ]);
  });

  test("that was taken in before does not end a later watch", () => {
    const state = startWith(0, { seen: 1, skipAllBakes: false });
    expect(watchOnce(state, aSight({ commands: [abort(true)] }), RULES).decision?.decision).toBe("proceed");
  });
});

describe("for any history of sights", () => {
  interface Moment {
    readonly alarms: Sight["alarms"];
    readonly stopped: boolean;
    readonly sent: readonly CommandRecord[];
  }
  interface Start {
    readonly bake: number;
    readonly skipAllBakes: boolean;
    readonly pausedSeconds: number | undefined;
  }
  const anyHistory: fc.Arbitrary<readonly Moment[]> = fc.array(
    fc.record({
      alarms: anyAlarms,
      stopped: fc.boolean(),
      sent: fc.array(
        anyCommand.filter(({ command }) => command !== "abort"),
        { maxLength: 2 },
      ),
    }),
    { minLength: 1, maxLength: 40 },
  );
  const anyStart: fc.Arbitrary<Start> = fc.record({
    bake: fc.integer({ min: 0, max: 1_000 }),
    skipAllBakes: fc.boolean(),
    pausedSeconds: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
  });
  const anyRules = fc.record({
    onFailure: fc.constantFrom("rollback" as const, "halt" as const),
    noDataSeconds: fc.constantFrom(0, 60, 900),
  });

  /** The sights of a history: commands pile up. */
  function toSights(history: readonly Moment[]): readonly Sight[] {
    const commands: CommandRecord[] = [];
    return history.map(({ alarms, stopped, sent }) => {
      commands.push(...sent);
      return { controls: stopped ? STOPPED : someControls(), commands: [...commands], alarms };
    });
  }
  const begin = ({ bake, skipAllBakes, pausedSeconds }: Start) =>
    beginWatch(bake, { seen: 0, skipAllBakes, pausedSeconds });
  const statesOf = (from: WatchState, sights: readonly Sight[], rules: WatchRules) => {
    const states: WatchState[] = [];
    for (const sight of sights) states.push(watchOnce(states.at(-1) ?? from, sight, rules));
    return states;
  };

  test("an abort ends the watch at the next look, unless it was over before", () => {
    fc.assert(
      fc.property(anyStart, anyHistory, anyRules, fc.boolean(), (start, history, rules, rollback) => {
        const sights = toSights(history);
        const before = statesOf(begin(start), sights.slice(0, -1), rules).at(-1) ?? begin(start);
        fc.pre(before.decision === undefined);
        const last = sights.at(-1)!;
        const { decision } = watchOnce(before, { ...last, commands: [...last.commands, abort(rollback)] }, rules);
        expect(decision).toMatchObject({ cause: "abort", decision: rollback ? "roll back" : "halt" });
      }),
      { numRuns: 500 },
    );
  });

  test("it proceeds only at a look that shows every alarm OK, nothing stopped and no pause", () => {
    fc.assert(
      fc.property(anyStart, anyHistory, anyRules, (start, history, rules) => {
        const sights = toSights(history);
        const states = statesOf(begin(start), sights, rules);
        const over = states.findIndex(({ decision }) => decision !== undefined);
        for (const [index, sight] of sights.slice(0, over < 0 ? sights.length : over + 1).entries()) {
          const mayProceed =
            sight.alarms.every(({ state }) => state === "OK") &&
            sight.controls.stopped === undefined &&
            states[index]!.steering.pausedSeconds === undefined &&
            states[index]!.leftSeconds === 0;
          expect(states[index]!.decision?.decision === "proceed").toBe(mayProceed);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("every alarm that fails is the end of it, and a decision is never taken back", () => {
    fc.assert(
      fc.property(anyStart, anyHistory, anyRules, (start, history, rules) => {
        const sights = toSights(history);
        const states = statesOf(begin(start), sights, rules);
        const over = states.findIndex(({ decision }) => decision !== undefined);
        const failed = sights.findIndex(({ alarms }) => alarms.some(({ state }) => state === "ALARM"));
        if (failed >= 0) expect(over >= 0 && over <= failed).toBe(true);
        if (over >= 0) for (const state of states.slice(over)) expect(state).toBe(states[over]);
      }),
      { numRuns: 500 },
    );
  });

  test("the same sights give the same states, from a recorded state too", () => {
    fc.assert(
      fc.property(anyStart, anyHistory, anyRules, (start, history, rules) => {
        const sights = toSights(history);
        const states = statesOf(begin(start), sights, rules);
        let recorded = JSON.parse(JSON.stringify(begin(start))) as WatchState;
        for (const [index, sight] of sights.entries()) {
          recorded = JSON.parse(JSON.stringify(watchOnce(recorded, sight, rules))) as WatchState;
          expect(recorded).toEqual(states[index]);
        }
      }),
    );
  });
});

describe("what a look has seen is news", () => {
  const paused = aSight({ commands: [aCommand({ command: "pause", pauseSeconds: 600 })] });
  const skipped = aSight({ commands: [...paused.commands, aCommand({ command: "skip-bake" })] });
  const pausedAgain = aSight({ commands: [...paused.commands, aCommand({ command: "pause", pauseSeconds: 540 })] });
  const hasNews = (sights: readonly Sight[], bakeSeconds = 600) => {
    let before = startWith(bakeSeconds);
    let state = before;
    for (const sight of sights) [before, state] = [state, watchOnce(state, sight, RULES)];
    return isNews(before, state);
  };

  test.each<[string, readonly Sight[], boolean]>([
    ["when a bake begins", [aSight()], true],
    ["not while it passes", [aSight(), aSight()], false],
    ["when an alarm has no data any more", [aSight(), BLIND], true],
    ["not while it still has none", [BLIND, BLIND], false],
    ["when it has data again", [BLIND, aSight()], true],
    ["when a pause begins", [aSight(), paused], true],
    ["when the rest of a bake is skipped in a pause", [paused, skipped], true],
    ["when another pause comes in a pause", [paused, pausedAgain], true],
    ["not while a pause passes", [paused, paused], false],
    ["when the bake ends", [...Array.from({ length: 11 }, () => aSight())], true],
    ["when an alarm ends it", [aSight(), ALARM], true],
    ["not when nothing was waited for", [ALARM], false],
  ])("%s", (_when, sights, news) => {
    expect(hasNews(sights)).toBe(news);
  });

  test.each([
    [660, true],
    [661, false],
    [1_200, false],
    [1_260, true],
  ])("every ten minutes of a bake, or of a pause, a minute after %i s of it were left: %s", (bakeSeconds, news) => {
    expect(hasNews([aSight(), aSight()], bakeSeconds)).toBe(news);
    const pause = aSight({ commands: [aCommand({ command: "pause", pauseSeconds: bakeSeconds })] });
    expect(hasNews([pause, pause], 0)).toBe(news);
  });
});
