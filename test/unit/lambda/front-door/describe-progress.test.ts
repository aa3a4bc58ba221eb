import { describe, expect, test } from "@jest/globals";
import { findNow, type Known } from "../../../../lambda/front-door/describe-progress.ts";
import type { RolloutEventOf } from "../../../../lambda/core/report/rollout-event.ts";
import { NO_COUNTS } from "../../../../lambda/core/flip/outcome.ts";
import type { CommandRecord, LockAndControls, RecordedGateState } from "../../../../lambda/core/records.ts";

const AT = "2026-11-23T02:00:00.000Z";
const nowMs = Date.parse(AT);
const STARTED = "2026-11-23T01:00:00.000Z";
const controls: LockAndControls = { fence: 1, holds: {}, protectedIds: [] };

const waveOf = (wave: number, customers: number) => ({ wave, from: 0, to: 0, customers, bakeSeconds: 60 });
const plan = {
  ...{ hash: "9bed", flip: 30, unchanged: 0, skipped: 0, skippedBy: {}, batches: 2, settledItems: 0 },
  waves: [waveOf(1, 0), waveOf(2, 10), waveOf(3, 0), waveOf(4, 20)],
};
const event = { action: "promote", release: "2026.11", targets: [{ all: true }], dryRun: false } as const;

const aRecord = (change?: RolloutEventOf, given: Partial<Known["record"]> = {}): Known["record"] => ({
  ...{ status: "running", startedAtMs: Date.parse(STARTED), event, plan },
  ...(change && { lastEvent: { rolloutId: "promote-1", action: "promote", release: "2026.11", at: AT, ...change } }),
  ...given,
});

const aCommand = (command: CommandRecord["command"], given: Partial<CommandRecord> = {}): CommandRecord => ({
  ...{ id: command, command, requestedBy: "ann", reason: "lunch", at: AT },
  ...given,
});

const find = (given: Partial<Known>) => findNow({ record: aRecord(), controls, commands: [], nowMs, ...given });

const begun = { flip: 30, unchanged: 0, skipped: 0, waves: 4, hash: "9bed" };
const gate = (wave: number, decision: "proceed" | "roll back" | "halt"): RolloutEventOf => ({
  ...{ change: "gate decided", wave, decision, reasons: [] },
});

describe("where it stands", () => {
  test.each<[string, RolloutEventOf | undefined, object]>([
    ["nothing was told yet", undefined, { phase: "preparing", since: STARTED }],
    ["it has started, and its first wave is empty", { change: "started", plan: begun }, { phase: "flipping", wave: 2 }],
    [
      "a wave is done",
      { change: "wave done", wave: 2, waves: 4, counts: NO_COUNTS },
      { phase: "baking", wave: 2, bakeLeftSeconds: 60 },
    ],
    ["a gate let it go on, and the next wave is empty", gate(2, "proceed"), { phase: "flipping", wave: 4 }],
    ["the last gate let it go on", gate(4, "proceed"), { phase: "ending" }],
    ["a gate turned it back", gate(2, "roll back"), { phase: "rolling back", wave: 2 }],
    ["a gate halted it", gate(2, "halt"), { phase: "ending", wave: 2 }],
    [
      "it was turned back",
      { change: "rolled back", rollback: { restored: 1, conflicting: 0, left: 0 } },
      { phase: "ending" },
    ],
  ])("when %s", (_when, change, now) => {
    expect(find({ record: aRecord(change) })).toEqual({ since: AT, heldBy: [], noted: [], ...now });
  });

  test("a rollback flips back from its beginning", () => {
    const rollback = { action: "rollback", rolloutId: "promote-1", dryRun: false } as const;
    const record = aRecord(undefined, { event: rollback, plan: undefined });
    expect(find({ record })).toMatchObject({ phase: "rolling back", since: STARTED });
  });
});

describe("how much of a bake is left", () => {
  const record = aRecord({ change: "wave done", wave: 2, waves: 4, counts: NO_COUNTS });
  const aWait = (given: Partial<RecordedGateState> = {}): RecordedGateState => ({ at: AT, bakeLeftSeconds: 60, blindTo: [], ...given });
  const blindTo = ["alarm calls-drop does not exist"];

  test.each<[string, RecordedGateState, number, number]>([
    ["when it was looked at right now", aWait(), 0, 60],
    ["a second later", aWait(), 1_000, 59],
    ["in its last second", aWait(), 59_001, 1],
    ["at its end", aWait(), 60_000, 0],
    ["long after its end", aWait(), 600_000, 0],
    ["while an alarm cannot be watched, which stands still", aWait({ blindTo }), 600_000, 60],
    ["before its first look", aWait({ at: STARTED, bakeLeftSeconds: 1, blindTo }), 1_000, 60],
  ])("%s", (_when, wait, passedMs, bakeLeftSeconds) => {
    expect(find({ record, wait, nowMs: nowMs + passedMs })).toMatchObject({ phase: "baking", bakeLeftSeconds });
  });
});

describe("what holds it", () => {
  test("alarms that cannot be watched, by their names, as long as nothing was told since", () => {
    const blindTo = ["alarm calls-drop has no data (INSUFFICIENT_DATA)", "alarm other does not exist"];
    const record = aRecord({ change: "started", plan: begun });
    const wait = { at: AT, bakeLeftSeconds: 0, blindTo };
    expect(find({ record, wait })).toMatchObject({ phase: "flipping", heldBy: blindTo });
    expect(find({ record, wait: { ...wait, at: STARTED } }).heldBy).toEqual([]);
  });

  test("of one that waits, the rollout that has the lock, and how long it waits", () => {
    const lock = { rolloutId: "promote-0", execution: "arn", fence: 1, fingerprint: "f", settleSeconds: 1 };
    const record = aRecord(undefined, { status: "waiting", event: { ...event, notAfter: "2026-11-23T03:00:00Z" } });
    expect(find({ record, controls: { ...controls, lock } })).toMatchObject({
      phase: "waiting",
      heldBy: ["promote-0 runs; it waits until 2026-11-23T03:00:00Z at most"],
    });
    expect(find({ record }).heldBy).toEqual([
      "the lock is free, and is asked for soon; it waits until 2026-11-23T03:00:00Z at most",
    ]);
  });

  const flips = aRecord({ change: "started", plan: begun });

  test.each<[string, readonly CommandRecord[], number]>([
    ["a pause, until its last millisecond", [aCommand("pause", { pauseSeconds: 60 })], nowMs + 59_999],
    [
      "the later of two pauses",
      [aCommand("pause", { pauseSeconds: 1 }), aCommand("pause", { pauseSeconds: 60 })],
      nowMs,
    ],
    ["a pause after a resume", [aCommand("resume"), aCommand("pause", { pauseSeconds: 60 })], nowMs],
  ])("%s", (_what, commands, atMs) => {
    expect(find({ record: flips, commands, nowMs: atMs }).heldBy).toEqual([
      "paused by ann until 2026-11-23T02:01:00.000Z at most: lunch",
    ]);
  });

  test.each<[string, readonly CommandRecord[], number]>([
    ["a pause whose time is over", [aCommand("pause", { pauseSeconds: 60 })], nowMs + 60_000],
    ["a pause that was ended", [aCommand("pause", { pauseSeconds: 60 }), aCommand("resume")], nowMs],
    ["a skip", [aCommand("skip-bake")], nowMs],
  ])("not %s", (_what, commands, atMs) => {
    expect(find({ record: flips, commands, nowMs: atMs })).toMatchObject({ heldBy: [], noted: [] });
  });

  const aPause = aCommand("pause", { pauseSeconds: 60, at: STARTED });
  const lookedAt = (pauseLeftSeconds: number, commands = 1): RecordedGateState => ({
    ...{ at: AT, bakeLeftSeconds: 0, blindTo: [], taken: { commands, pauseLeftSeconds } },
  });

  test.each<[string, number, string]>([
    ["when it was taken in right now", 0, "until 2026-11-23T02:01:00.000Z at most"],
    ["until its last millisecond", 59_999, "until 2026-11-23T02:01:00.000Z at most"],
    ["a little longer, until it is looked again", 60_000, "until 2026-11-23T02:01:00.000Z, and until it looks again"],
  ])("a pause that was sent long before it was taken in, %s", (_when, passedMs, until) => {
    const given = { record: flips, commands: [aPause], wait: lookedAt(60), nowMs: nowMs + passedMs };
    expect(find(given).heldBy).toEqual([`paused by ann ${until}: lunch`]);
  });

  test.each<[string, Partial<Known>]>([
    ["that the last look saw over", { wait: lookedAt(0) }],
    ["of which no look has told for long that it is over", { wait: lookedAt(60), nowMs: nowMs + 180_000 }],
    ["that was over before the last change", { wait: { ...lookedAt(60), at: STARTED } }],
    ["that a resume ends, which came since", { wait: lookedAt(60), commands: [aPause, aCommand("resume")] }],
    ["of which an earlier version told nothing", { wait: { ...lookedAt(60), taken: undefined } }],
    ["of the flips, once they are turned back", { record: aRecord(gate(2, "roll back")) }],
    ["of one that flips nobody any more", { record: aRecord(gate(2, "halt")), wait: lookedAt(60) }],
  ])("not a pause %s", (_which, given) => {
    expect(find({ record: flips, commands: [aPause], ...given }).heldBy).toEqual([]);
  });

  test("the later of two pauses, of which one was taken in, from when it was sent", () => {
    const later = aCommand("pause", { pauseSeconds: 5, requestedBy: "bob" });
    expect(find({ record: flips, commands: [aPause, later], wait: lookedAt(60) }).heldBy).toEqual([
      "paused by bob until 2026-11-23T02:00:05.000Z at most: lunch",
    ]);
  });

  test("a pause that was sent to what flips back", () => {
    const record = aRecord(gate(2, "roll back"));
    expect(find({ record, commands: [aCommand("pause", { pauseSeconds: 60 })] }).heldBy).toHaveLength(1);
  });

  test.each(["waiting", "running"] as const)("a pause that nobody can have taken in yet: %s", (status) => {
    const { heldBy } = find({ record: aRecord(undefined, { status }), commands: [aPause] });
    expect(heldBy).toContain("paused by ann for 1 min from when it takes this in: lunch");
  });

  test("the stop switch, with the command that ends it", () => {
    const stopped = { requestedBy: "bob", reason: "outage", at: AT };
    expect(find({ controls: { ...controls, stopped } }).heldBy).toEqual([
      expect.stringMatching(/^everything is stopped, by bob since .*: outage; .*"resume-everything"/),
    ]);
  });
});

test("an alarm that has stopped it is told until a gate has decided", () => {
  const stop = { decision: "roll back", cause: "alarm", reasons: ["alarm calls-drop is in ALARM"] } as const;
  const flips = aRecord({ change: "started", plan: begun });
  expect(find({ record: flips, stop }).noted).toEqual(["to be stopped: alarm calls-drop is in ALARM"]);
  expect(find({ record: aRecord(gate(2, "roll back")), stop }).noted).toEqual([]);
});

test("commands that end it, or its waiting, are told with who sent them", () => {
  const commands = [
    aCommand("skip-all-bakes"),
    aCommand("abort", { rollback: false }),
    aCommand("abort", { rollback: true }),
  ];
  expect(find({ commands }).noted).toEqual([
    `no more waiting, by ann at ${AT}: lunch`,
    `to be aborted, nobody is flipped back, by ann at ${AT}: lunch`,
    `to be aborted and flipped back, by ann at ${AT}: lunch`,
  ]);
});
