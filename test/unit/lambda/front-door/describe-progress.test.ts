import type { LockAndControls } from "../../../../lambda/core/controls.ts";
import { NO_COUNTS } from "../../../../lambda/core/flip/outcome.ts";
import type { CommandRecord } from "../../../../lambda/core/gate/apply-commands.ts";
import type { GateRecord } from "../../../../lambda/core/gate/evaluate-gate.ts";
import type { RolloutEventOf } from "../../../../lambda/core/report/rollout-event.ts";
import { formatTime } from "../../../../lambda/core/report/text-layout.ts";
import { describeProgress, type ProgressFacts } from "../../../../lambda/front-door/describe-progress.ts";
import { describe, expect, test } from "../../../support/jest.ts";

const AT = "2026-11-23T02:00:00.000Z";
const nowMs = Date.parse(AT);
const STARTED = "2026-11-23T01:00:00.000Z";
const controls: LockAndControls = { fence: 1, holds: {}, protectedIds: [] };

const waveOf = (wave: number, customers: number) => ({ wave, from: 0, to: 0, customers, bakeSeconds: 60 });
const plan = {
  ...{ hash: "9bed", flip: 30, unchanged: 0, skipped: 0, batches: 2, settledItems: 0 },
  waves: [waveOf(1, 0), waveOf(2, 10), waveOf(3, 0), waveOf(4, 20)],
};
const event = { action: "promote", release: "2026.11", targets: [{ all: true }], dryRun: false } as const;

const aRecord = (change?: RolloutEventOf, given: Partial<ProgressFacts["record"]> = {}): ProgressFacts["record"] => ({
  ...{ status: "running", startedAtMs: Date.parse(STARTED), event, plan },
  ...(change && { lastEvent: { rolloutId: "promote-1", action: "promote", release: "2026.11", at: AT, ...change } }),
  ...given,
});

const aCommand = (command: CommandRecord["command"], given: Partial<CommandRecord> = {}): CommandRecord => ({
  ...{ id: command, command, requestedBy: "ann", reason: "lunch", at: AT },
  ...given,
});

const aGate = (given: Partial<GateRecord> = {}): GateRecord => ({
  ...{ at: AT, bakeLeftSeconds: 0, noData: [], alarms: [], commandsSeen: 0, pauseLeftSeconds: 0 },
  ...given,
});

const describeIt = (given: Partial<ProgressFacts>) =>
  describeProgress({ record: aRecord(), controls, commands: [], freezes: [], nowMs, ...given });

const begun = { flip: 30, unchanged: 0, skipped: 0, waves: 4, hash: "9bed" };
const decided = (wave: number, decision: "proceed" | "roll back" | "halt"): RolloutEventOf => ({
  ...{ change: "gate decided", wave, decision, reasons: [] },
});
const asked: RolloutEventOf = {
  ...{ change: "approval asked", wave: 4, waves: 4, customers: 20, plan: "9bed", until: "2026-11-24T02:00:00.000Z" },
};
const approved: RolloutEventOf = { change: "approved", wave: 4, by: "ann", reason: "the pilots are happy" };
const rolledBack: RolloutEventOf = {
  ...{ change: "rolled back", rollback: { restored: 1, conflicting: 0, failed: 0 } },
};
const waveDone: RolloutEventOf = { change: "wave done", wave: 2, waves: 4, counts: NO_COUNTS };
const awaited = {
  ...{ code: "waits-for-approval", wave: 4, customers: 20, until: "2026-11-24T02:00:00.000Z" },
  message: "wave 4, 20 customers, waits for an approval until 2026-11-24 02:00:00 UTC; no answer in time is a no",
};
const flips = aRecord({ change: "started", plan: begun });
const bakes = aRecord(waveDone);

describe("the phase of a rollout", () => {
  test.each<[string, RolloutEventOf | undefined, object]>([
    ["before its first change", undefined, { phase: "preparing", since: STARTED }],
    ["after its start, with an empty first wave", { change: "started", plan: begun }, { phase: "flipping", wave: 2 }],
    ["after a wave", waveDone, { phase: "baking", wave: 2, bakeLeftSeconds: 60 }],
    ["after a gate that proceeds, with an empty next wave", decided(2, "proceed"), { phase: "flipping", wave: 4 }],
    ["while a wave waits for an approval", asked, { phase: "waiting for approval", wave: 4, heldBy: [awaited] }],
    ["after the approval of a wave", approved, { phase: "flipping", wave: 4 }],
    ["after the last gate", decided(4, "proceed"), { phase: "ending" }],
    ["after a gate that rolls back", decided(2, "roll back"), { phase: "rolling back", wave: 2 }],
    ["after a gate that halts", decided(2, "halt"), { phase: "ending", wave: 2 }],
    ["after its rollback", rolledBack, { phase: "ending" }],
  ])("%s", (_when, change, expected) => {
    expect(describeIt({ record: aRecord(change) })).toEqual({ since: AT, heldBy: [], noted: [], ...expected });
  });

  test("of a rollback is rolling back from its beginning", () => {
    const rollback = { action: "rollback", rolloutId: "promote-1", dryRun: false } as const;
    const record = aRecord(undefined, { event: rollback, plan: undefined });
    expect(describeIt({ record })).toMatchObject({ phase: "rolling back", since: STARTED });
  });
});

describe("what is left of a bake", () => {
  const noData = [{ code: "alarm", alarm: "calls-drop", state: "missing" }] as const;

  test.each<[string, GateRecord | undefined, number, number]>([
    ["at a poll", aGate({ bakeLeftSeconds: 60 }), 0, 60],
    ["a second later", aGate({ bakeLeftSeconds: 60 }), 1_000, 59],
    ["in its last second", aGate({ bakeLeftSeconds: 60 }), 59_001, 1],
    ["at its end", aGate({ bakeLeftSeconds: 60 }), 60_000, 0],
    ["long after its end", aGate({ bakeLeftSeconds: 60 }), 600_000, 0],
    ["while an alarm has no data, when a bake stands still", aGate({ bakeLeftSeconds: 60, noData }), 600_000, 60],
    ["before its first poll", aGate({ at: STARTED, bakeLeftSeconds: 1, noData }), 1_000, 60],
    ["without any poll", undefined, 1_000, 60],
  ])("%s", (_when, gate, passedMs, bakeLeftSeconds) => {
    const facts = { record: bakes, gate, nowMs: nowMs + passedMs };
    expect(describeIt(facts)).toMatchObject({ phase: "baking", bakeLeftSeconds });
  });
});

test("the alarms are those of the last poll, and none before the first poll of a phase", () => {
  const alarms = [{ name: "calls-drop", state: "OK" }] as const;
  expect(describeIt({ record: bakes, gate: aGate({ alarms }) }).alarms).toEqual(alarms);
  expect(describeIt({ record: bakes, gate: aGate({ at: STARTED, alarms }) }).alarms).toBeUndefined();
});

describe("a rollout is held", () => {
  test("by alarms without data, until its next change", () => {
    const noData = [
      { code: "alarm", alarm: "calls-drop", state: "INSUFFICIENT_DATA" },
      { code: "alarm", alarm: "other", state: "missing" },
    ] as const;
    expect(describeIt({ record: flips, gate: aGate({ noData }) })).toMatchObject({
      phase: "flipping",
      heldBy: [
        { code: "alarm", message: "alarm calls-drop has no data (INSUFFICIENT_DATA)" },
        { code: "alarm", message: "alarm other does not exist" },
      ],
    });
    expect(describeIt({ record: flips, gate: aGate({ noData, at: STARTED }) }).heldBy).toEqual([]);
  });

  test("by the rollout that has the lock, and says how long it waits", () => {
    const lock = { rolloutId: "promote-0", execution: "arn", fence: 1, fingerprint: "f", settleSeconds: 1 };
    const record = aRecord(undefined, { status: "waiting", event: { ...event, notAfter: "2026-11-23T03:00:00Z" } });
    const until = "the rollout waits until 2026-11-23 03:00:00 UTC at most";
    expect(describeIt({ record, controls: { ...controls, lock } })).toMatchObject({
      phase: "waiting",
      heldBy: [{ code: "waits-for-lock", holder: "promote-0", message: `promote-0 has the lock; ${until}` }],
    });
    expect(describeIt({ record }).heldBy).toMatchObject([
      { code: "waits-for-lock", message: `the lock is free, and the rollout takes it soon; ${until}` },
    ]);
  });

  test("by the stop switch, with the command that ends it", () => {
    const stopped = { requestedBy: "bob", reason: "outage", at: AT };
    const said = /^everything is stopped, by bob since .*: outage; no customer is flipped until the stop is ended$/;
    expect(describeIt({ controls: { ...controls, stopped } }).heldBy).toMatchObject([
      { code: "stopped", message: expect.stringMatching(said) },
    ]);
    const dryRun = aRecord(undefined, { event: { ...event, dryRun: true } });
    expect(describeIt({ record: dryRun, controls: { ...controls, stopped } }).heldBy).toEqual([]);
  });

  test("by a freeze where flips follow, but not in a bake, and not with an override", () => {
    const until = "2026-11-24T00:00:00.000Z";
    const freezes = [{ name: "fair", from: STARTED, to: until }];
    const frozen = [{ code: "frozen", freeze: "fair", until }];
    const waiting = aRecord(undefined, { status: "waiting" });
    const overriding = { ...event, override: { reason: "a fix" } };
    expect(describeIt({ freezes, record: flips }).heldBy).toMatchObject(frozen);
    expect(describeIt({ freezes, record: waiting }).heldBy).toMatchObject(frozen);
    expect(describeIt({ freezes, record: aRecord(asked) }).heldBy).toMatchObject([awaited, ...frozen]);
    expect(describeIt({ freezes, record: aRecord(undefined, { event: overriding }) }).heldBy).toEqual([]);
    expect(describeIt({ freezes, record: bakes }).heldBy).toEqual([]);
  });

  const pause = aCommand("pause", { pauseSeconds: 60, at: STARTED });
  const paused = (until: string, by = "ann") => [
    { code: "paused", by, until, why: "lunch", message: `paused by ${by} until ${formatTime(until)}: lunch` },
  ];

  test("by a pause for as long as its gate says, however long ago the pause was sent", () => {
    const gate = aGate({ commandsSeen: 1, pauseLeftSeconds: 60 });
    const { heldBy, noted } = describeIt({ record: flips, commands: [pause], gate });
    expect(heldBy).toEqual(paused("2026-11-23T02:01:00.000Z"));
    expect(noted).toEqual([]);
  });

  test("by the later of two pauses, once it has taken both in", () => {
    const later = aCommand("pause", { pauseSeconds: 5, requestedBy: "bob" });
    const facts = { record: flips, commands: [pause, later] };
    const gate = aGate({ commandsSeen: 2, pauseLeftSeconds: 5 });
    expect(describeIt({ ...facts, gate }).heldBy).toEqual(paused("2026-11-23T02:00:05.000Z", "bob"));
    const before = aGate({ commandsSeen: 1, pauseLeftSeconds: 60 });
    expect(describeIt({ ...facts, gate: before }).heldBy).toEqual(paused("2026-11-23T02:01:00.000Z"));
  });

  test.each<[string, Partial<ProgressFacts>]>([
    ["that its gate saw end", { gate: aGate({ commandsSeen: 1 }) }],
    ["that ended before its last change", { gate: aGate({ at: STARTED, commandsSeen: 1, pauseLeftSeconds: 60 }) }],
    ["that it has not taken in", {}],
  ])("by no pause %s", (_which, given) => {
    expect(describeIt({ record: flips, commands: [pause], ...given }).heldBy).toEqual([]);
  });
});

describe("a rollout notes", () => {
  test("an alarm that has stopped it, until a gate has decided", () => {
    const alarm = { code: "alarm", alarm: "calls-drop", state: "ALARM" } as const;
    const stop = { decision: "roll back", cause: "alarm", reasons: [alarm] } as const;
    expect(describeIt({ record: flips, stop }).noted).toMatchObject([
      { code: "stopping", why: [alarm], message: "to be stopped: alarm calls-drop is in ALARM" },
    ]);
    expect(describeIt({ record: aRecord(decided(2, "roll back")), stop }).noted).toEqual([]);
  });

  const by = "sent by ann at 2026-11-23 02:00:00 UTC: lunch";
  const note = (command: string, text = command) => ({
    ...{ code: "command-noted", command, message: `${text}, ${by}` },
  });

  test("each command with its sender, until it has taken the command in", () => {
    const commands = [aCommand("pause", { pauseSeconds: 600 }), aCommand("resume"), aCommand("skip-bake")];
    const noted = [note("pause", "pause for 10 min"), note("resume"), note("skip-bake")];
    expect(describeIt({ commands }).noted).toMatchObject(noted);
    expect(describeIt({ commands, gate: aGate({ commandsSeen: 2 }) }).noted).toMatchObject(noted.slice(2));
  });

  test.each(["approve", "reject"] as const)("the answer of a wave, which then waits for none: %s", (command) => {
    const [commands, gate] = [[aCommand(command, { wave: 4 })], aGate({ commandsSeen: 1 })];
    const answered = { ...note(command, `${command} of wave 4`), wave: 4 };
    expect(describeIt({ record: aRecord(asked), commands, gate })).toMatchObject({ heldBy: [], noted: [answered] });
    expect(describeIt({ record: flips, commands, gate }).noted).toMatchObject([answered]);
    const other = [aCommand(command, { wave: 2 })];
    expect(describeIt({ record: aRecord(asked), commands: other }).heldBy).toMatchObject([awaited]);
  });

  test("the commands that work on until its end", () => {
    const aborts = [false, true].map((rollback) => aCommand("abort", { rollback }));
    const facts = { commands: [aCommand("skip-all-bakes"), ...aborts], gate: aGate({ commandsSeen: 3 }) };
    expect(describeIt(facts).noted).toMatchObject([
      note("skip-all-bakes"),
      ...[note("abort", "abort without a rollback"), note("abort", "abort with a rollback")],
    ]);
  });
});
