import { stripVTControlCharacters } from "node:util";
import type { OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import { explain, type Reason } from "../../../../../lambda/core/reasons.ts";
import { renderReport } from "../../../../../lambda/core/report/render-report.ts";
import type { Exception, Report } from "../../../../../lambda/core/report/report.ts";
import { formatDuration } from "../../../../../lambda/core/report/text-layout.ts";
import { describe, expect, test } from "../../../../support/jest.ts";

/** What can move a cursor, change a colour or turn the direction of a text; a line break may stand in a report. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a report must have none of these characters, so the test looks for them
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

const EXCLUDED = explain({ code: "excluded" });
const PROTECTED = explain({ code: "protected-by-policy", by: "tag", tag: "vip" });
const PROTECTED_BY_ID = explain({ code: "protected-by-policy", by: "id" });
const BUDGET = explain({ code: "failure-budget", failed: 14, allowed: 12, planned: 1_265 });

const plan = {
  ...{ hash: "9bed8e4e9dba5d39909e5209", flip: 1_265, unchanged: 666, skipped: 69 },
  ...{ batches: 6, settledItems: 3, waves: [] },
};
const SKIPPED_BY = [
  { ...EXCLUDED, customers: 52 },
  { ...PROTECTED, customers: 17 },
];

function aReport(changes: Partial<Report> = {}): Report {
  return {
    ...{ rolloutId: "promote-6d84c9bd52e4", action: "promote", release: "2026.11.0", status: "succeeded" },
    dryRun: false,
    counts: { flipped: 1_265, unchanged: 666, deferred: 0, skipped: 69, failed: 0 },
    plan,
    skippedBy: SKIPPED_BY,
    ...{ exceptions: [], moreExceptions: 0 },
    ...{ startedAt: "2026-11-23T02:00:00.000Z", endedAt: "2026-11-23T02:03:12.000Z", durationMs: 192_000 },
    ...{ requestedBy: "the nightly build", reason: "2026.11.0 passed its tests" },
    ...changes,
  };
}

/** The plan's own, as they are recorded: one of them for a reason that is counted with others. */
const PLANNED_SKIPS = Array.from({ length: plan.skipped }, (_, index) =>
  anOutcome(index, { outcome: "skipped", reason: index === 0 ? PROTECTED_BY_ID : EXCLUDED }),
);

function anOutcome(index: number, changes: Partial<Exception> = {}): Exception {
  const customerId = `5cc584a00ae4a9cbfabd${String(index).padStart(4, "0")}`;
  const reason = explain({ code: "request-refused", operation: "flip", status: 500 });
  return { customerId, name: `Customer ${index}`, outcome: "failed", reason, ...changes };
}

const counted = (reason: Reason, customers: number) => ({ ...explain(reason), customers });
const notAttempted = (why: Reason, customers: number) => counted({ code: "not-attempted", why: [why] }, customers);
const none = { flipped: 0, unchanged: 0, deferred: 0, skipped: 0, failed: 0 };
/** What a person sends to continue with a rollout or a release, in a line of its own. */
const ROLL_BACK = '\n{"action":"rollback","rolloutId":"promote-6d84c9bd52e4"}\n';
const RETRY = '\n{"action":"retry","rolloutId":"promote-6d84c9bd52e4"}\n';
const CLEAR = '\n{"command":"clear-release","release":"2026.11.0","requestedBy":"YOU","reason":"WHY"}\n';

/** For a terminal of 60 columns, or of so many. */
const render = (changes: Partial<Report>, columns?: number) =>
  renderReport(aReport(changes), "terminal", columns ? { columns } : {});

test("says of a rollout that succeeded what, how many, why skipped, which sender and how long", () => {
  expect(render({})).toBe(`promote 2026.11.0   succeeded

  flipped    1,265
  unchanged    666
  skipped       69
  failed         0

skipped
  52  excluded by the event
  17  protected by the policy (tag vip)

rollout   promote-6d84c9bd52e4
plan      1,265 to flip, hash 9bed8e4e9dba
asked by  the nightly build, as the sender says
because   2026.11.0 passed its tests
started   2026-11-23 02:00:00 UTC
took      3 min 12 s
`);
});

test("says of a stopped rollout why, which customers failed by reason, and what to do next", () => {
  const exceptions = [
    ...Array.from({ length: 14 }, (_, index) => anOutcome(index + 1)),
    ...PLANNED_SKIPS,
    ...[97, 98].map((index) => anOutcome(index, { outcome: "skipped", reason: notAttempted(BUDGET, 1) })),
    anOutcome(99, { outcome: "skipped", reason: PROTECTED_BY_ID }),
  ];
  const counts = { flipped: 251, unchanged: 666, deferred: 0, skipped: 1_069, failed: 14 };
  const names = exceptions
    .slice(0, 10)
    .map(({ name, customerId }) => `    ${name}  (${customerId})`)
    .join("\n");
  const failedBy = [counted(anOutcome(1).reason, 11), counted({ code: "customer-gone" }, 3)];
  const skippedBy = [notAttempted(BUDGET, 999), ...SKIPPED_BY, { ...PROTECTED_BY_ID, customers: 1 }];
  expect(
    render({ status: "failed", problems: [BUDGET], counts, exceptions, skippedBy, failedBy, moreExceptions: 1_068 }),
  ).toBe(`promote 2026.11.0   failed

why
  at least 14 customers failed, and the failure budget
  allows 12 of 1265

  flipped      251
  unchanged    666
  skipped    1,069
  failed        14

skipped
  999  not attempted: the rollout was stopped
   52  excluded by the event
   17  protected by the policy (tag vip)
    1  protected by the policy (by id)

failed
  11 customers: flip was answered with 500; Evo Voice
  failed: look at its status, then retry
${names}
  3 customers: Evo Voice no longer has this customer; see
  whether it was deleted
  and 4 more; the command customers lists all of them

rollout   promote-6d84c9bd52e4
plan      1,265 to flip, hash 9bed8e4e9dba
asked by  the nightly build, as the sender says
because   2026.11.0 passed its tests
started   2026-11-23 02:00:00 UTC
took      3 min 12 s

next
  To restore every customer that this rollout flipped or may
  have flipped:
{"action":"rollback","rolloutId":"promote-6d84c9bd52e4"}
  Or, when the cause is fixed, to continue with the
  customers that failed or were not attempted:
{"action":"retry","rolloutId":"promote-6d84c9bd52e4"}
`);
});

test("advises no retry of a rollout that stopped after its last flip", () => {
  const counts = { flipped: 1_265, unchanged: 666, deferred: 0, skipped: 69, failed: 0 };
  const text = render({ status: "halted", counts });
  expect(text).toContain("To restore every customer");
  expect(text).not.toContain("to continue with");
});

test("shows every line of a refused rollout's problem and no counts", () => {
  const problems = [explain({ code: "bad-secret", problem: "nothing was done:\n  - it came too late" })];
  const text = render({ status: "refused", plan: undefined, problems });
  expect(text).toMatch(
    /^promote 2026\.11\.0 {3}refused: no customer was flipped\n\nwhy\n {2}nothing was done:\n {2}- it came/,
  );
  expect(text).not.toContain("unchanged");
  expect(text).toContain("next\n  Fix the cause");
});

test("shows for a dry run what would be flipped", () => {
  expect(render({ status: "planned", dryRun: true, counts: none })).toContain(
    "planned only: no customer was flipped\n\n  to flip    1,265\n  unchanged    666\n  skipped       69\n\n",
  );
  const text = render({ status: "planned", dryRun: true, counts: none }, 200);
  expect(text).toContain(
    `To run exactly this plan, and no other:\nthe same event with "dryRun":false,"plan":"9bed8e4e9dba"`,
  );
});

test("lists the first 50 customers that a dry run would flip, wave by wave", () => {
  const firstFlips = Array.from({ length: 50 }, (_, index) => {
    return { wave: index < 2 ? 1 : 2, id: `c-${index}`, name: `Customer ${index}`, referenceId: `REF-${index}` };
  });
  const report = aReport({ status: "planned", dryRun: true, firstFlips });
  const text = render(report);
  expect(text).toContain(
    "to flip\n  wave 1\n    REF-0  Customer 0  (c-0)\n    REF-1  Customer 1  (c-1)\n  wave 2\n    REF-2  Customer 2  (c-2)\n",
  );
  expect(text).toContain(
    "    REF-49  Customer 49  (c-49)\n  and 1,215 more; the command customers lists all of them\n",
  );
  expect(renderReport(report, "markdown")).toContain("### To flip\n\nwave 1\n\n- REF\\-0 Customer 0 \\(c\\-0\\)\n");
  expect(renderReport(report, "plain")).toContain("(c-11)\n  and 1,253 more; ");
});

test("gives no advice about an event that was sent before", () => {
  const text = render({ status: "running", joined: true });
  expect(text).toMatch(/^promote 2026\.11\.0 {3}running \(sent before\)\n/);
  expect(text).not.toContain("next");
});

describe("what comes from outside cannot steer a terminal", () => {
  test.each([
    ["an escape sequence", "Miller\u001b[2J\u001b]0;owned\u0007 Dental", "Miller Dental"],
    ["a line of its own", "Miller\r\nsucceeded", "Miller succeeded"],
    ["text that runs backwards", "Miller \u202eDental\u202c", "Miller Dental"],
    ["C1 controls", "Miller\u009b31m Dental", "Miller Dental"],
  ])("%s in a name", (_what, name, shown) => {
    const counts = { flipped: 0, unchanged: 0, deferred: 0, skipped: 69, failed: 1 };
    const text = render({
      status: "partial",
      counts,
      exceptions: [anOutcome(1, { name, referenceId: "REF-1\u0007" })],
    });
    expect(text).toMatch(new RegExp(`\n {4}REF-1  ${shown}  \\(5cc584a00ae4a9cbfabd0001\\)\n`));
    expect(text).not.toMatch(STEERING);
  });
});

test.each([32, 40, 60, 80])("no line is longer than %i columns, except commands, which are copied whole", (columns) => {
  const kinds: readonly OutcomeKind[] = ["failed", "deferred"];
  const exceptions = kinds.flatMap((outcome, index) => [anOutcome(index, { outcome, name: "Ä".repeat(100) })]);
  const counts = { flipped: 1, unchanged: 0, deferred: 1, skipped: 69, failed: 120 };
  const lines = render({ status: "failed", problems: [BUDGET], counts, exceptions }, columns).split("\n");
  for (const line of lines.filter((text) => !text.startsWith("{"))) expect(line.length).toBeLessThanOrEqual(columns);
});

test("colours are there only on request, and change nothing else", () => {
  const report = aReport({ status: "partial", exceptions: [anOutcome(1)] });
  const coloured = renderReport(report, "terminal", { colour: true });
  expect(coloured).toContain("\u001b[33mpartial: not every customer was flipped\u001b[39m");
  expect(stripVTControlCharacters(coloured)).toBe(render(report));
});

test.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [1_000, "1.0 s"],
  [59_940, "59.9 s"],
  [59_960, "1 min 0 s"],
  [3_599_499, "59 min 59 s"],
  [3_599_500, "1 h 0 min"],
  [86_399_000, "23 h 59 min"],
  [86_399_600, "24 h 0 min"],
])("%d milliseconds read as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("counts customers that something else moved since the plan", () => {
  expect(renderReport(aReport({ movedMeanwhile: 3 }), "terminal", { columns: 200 })).toContain(
    "moved     3 of the plan had the wanted flag before the rollout came to them",
  );
  expect(render({})).not.toContain("moved");
});

const NOTE = explain({ code: "wave-empty", cohort: "beta" });
const waveOf = (wave: number, customers: number, bakeSeconds: number, changes: object = {}) => {
  return { wave, from: 0, to: 0, customers, bakeSeconds, ...changes };
};
const WAVES = [waveOf(1, 20, 1_800), waveOf(2, 0, 1_800, { note: NOTE }), waveOf(3, 245, 5_400), waveOf(4, 1_000, 0)];
const inWaves = { ...plan, waves: WAVES };
const ALARM = explain({ code: "alarm", alarm: "phone-errors", state: "ALARM", detail: "7 datapoints were over 5" });
const wentOn = { wave: 1, customers: 20, bakeSeconds: 1_800, decision: "proceed", reasons: [] } as const;
const passed = { wave: 2, customers: 0, bakeSeconds: 1_800, reasons: [NOTE] };
const stopped = (decision: "roll back" | "halt") =>
  ({ wave: 3, customers: 245, bakeSeconds: 5_400, decision, reasons: [ALARM] }) as const;
const waves = [wentOn, passed, stopped("roll back")];
const skippedBy = [notAttempted(ALARM, 1_000), ...SKIPPED_BY];
const counts = { flipped: 265, unchanged: 666, deferred: 0, skipped: 1_069, failed: 0 };

describe("a rollout in waves", () => {
  test("that was rolled back completely says that its release is held, and what clears it", () => {
    const rollback = { restored: 265, conflicting: 0, failed: 0 };
    const text = render({ status: "rolled-back", problems: [ALARM], plan: inWaves, waves, counts, rollback });
    expect(text).toMatch(/^promote 2026\.11\.0 {3}rolled back\n/);
    expect(text).toContain(CLEAR);
    expect(text).not.toContain("not restored");
  });

  test.each(["halted", "aborted"] as const)("that was %s says what rolls it back and what continues it", (status) => {
    const text = render({ status, problems: [ALARM], plan: inWaves, waves: [wentOn, passed, stopped("halt")], counts });
    for (const part of [`  3  245 customers, stopped, ${status}\n`, ROLL_BACK, RETRY]) expect(text).toContain(part);
    expect(text).not.toContain("rolled back");
  });

  test("that proceeded early names the person who skipped the bake, and the reason", () => {
    const skipped = { ...wentOn, reasons: [explain({ code: "bake-skipped", by: "ann", why: "seen enough" })] };
    const text = render({ plan: inWaves, waves: [skipped] });
    expect(text).toContain(
      "  1  20 customers, bake of 30 min cut short, proceeded\n     the bake was skipped by ann: seen enough\n",
    );
  });

  test("that is only planned shows each wave before anything is flipped", () => {
    expect(render({ status: "planned", dryRun: true, plan: inWaves })).toContain(
      "waves\n  1  20 customers, then a bake of 30 min\n  2  no customer of cohort beta is left to be flipped\n  3  245 customers, then a bake of 1 h 30 min\n  4  1,000 customers\n",
    );
  });

  test("that waits for an approval before its only wave says so, planned and under way", () => {
    const asked = { ...plan, waves: [waveOf(1, 20, 0, { approvalSeconds: 86_400 })] };
    expect(render({ status: "planned", dryRun: true, plan: asked })).toContain(
      "  1  20 customers, after an approval within 24 h\n",
    );
    const approval = explain({ code: "approved", wave: 1, by: "ann", at: "2026-11-23T12:00:00Z", why: "lunch" });
    const text = render({ plan: asked, waves: [{ ...wentOn, bakeSeconds: 0, approval }] }, 200);
    expect(text).toContain(
      "  1  20 customers, proceeded\n     wave 1 was approved by ann at 2026-11-23 12:00:00 UTC: lunch\n",
    );
  });

  test("that was rejected and halted says that its release is held, and not to retry it", () => {
    const rejected = explain({ code: "rejected", wave: 3, by: "ann", at: "2026-11-23T12:00:00Z", why: "calls drop" });
    const results = [wentOn, passed, { ...stopped("halt"), reasons: [rejected] }];
    const text = render({ status: "halted", problems: [rejected], plan: inWaves, waves: results, counts, held: true });
    expect(text).toContain(ROLL_BACK);
    expect(text).toContain(CLEAR);
    expect(text).not.toContain('"retry"');
  });

  test("of more than a dozen waves shows neighbours with the same result in one line", () => {
    const many = Array.from({ length: 20 }, (_, index) => waveOf(index + 1, 10, 60));
    const results = many.slice(0, 9).map(({ wave }) => ({ ...wentOn, wave, customers: 10, bakeSeconds: 60 }));
    const last = { ...stopped("halt"), wave: 10, customers: 10, bakeSeconds: 60 };
    const ended = { status: "halted", problems: [ALARM], waves: [...results, last] } as const;
    const report = { ...ended, plan: { ...plan, waves: many } };
    expect(render(report)).toContain(
      "waves\n    1–9  90 customers, baked 1 min, proceeded\n     10  10 customers, stopped, halted\n  11–20  100 customers, not started\n",
    );
    const dozen = { ...report, plan: { ...plan, waves: many.slice(0, 12) } };
    expect(render(dozen)).toContain("\n   1  10 customers, baked 1 min, proceeded\n   2  10 customers");
  });

  test("that was stopped before a wave's first flip does not say that the wave was rolled back", () => {
    const third = { ...inWaves.waves[2], ...stopped("roll back") };
    const report = { status: "rolled-back", problems: [ALARM], plan: inWaves, waves: [wentOn, passed, third] } as const;
    const flipped = { ...counts, flipped: 20, skipped: 1_314 };
    const text = render({ ...report, counts: flipped, skippedBy: [notAttempted(ALARM, 1_245), ...SKIPPED_BY] });
    expect(text).toContain("\n  3  245 customers, stopped before its first flip\n");
  });

  test("says why its event overrode alarms and freezes, and which", () => {
    const reason = "the release mends it";
    const override = { reason, alarms: ["phone-errors"], freezes: ["fair"] };
    expect(render({ override }, 200)).toContain(
      "override  the release mends it; passed before the first flip: alarm phone-errors in ALARM, freeze fair\n",
    );
  });
});

describe("a rollback by event", () => {
  const asked = { action: "rollback", of: ["promote-1", "promote-0"], plan: undefined, counts: none } as const;

  test("that restored every customer says so, of which rollouts, and has counts of its own", () => {
    const rollback = { restored: 1_265, conflicting: 0, failed: 0 };
    const text = render({ ...asked, status: "rolled-back", rollback });
    expect(text).toContain("rollback 2026.11.0   rolled back\n\nrollback\n  restored     1,265\n");
    expect(text).toContain("of        promote-1, promote-0\n");
    expect(text).not.toContain("unchanged");
  });

  test("as a dry run says how many customers it would look at", () => {
    const rollback = { restored: 0, conflicting: 0, failed: 42 };
    const text = render({ ...asked, status: "planned", dryRun: true, rollback });
    expect(text).toContain("planned only: no customer was flipped\n\n  to restore  42\n");
  });

  test("that failed for some is sent again by its source rollout, or by its release", () => {
    const rollback = { restored: 3, conflicting: 0, failed: 1 };
    const sent = (of: readonly string[]) => render({ ...asked, of, status: "rolled-back", rollback });
    expect(sent(["promote-1"])).toContain('\n{"action":"rollback","rolloutId":"promote-1"}\n');
    expect(sent(["promote-1"])).toContain(
      '\n{"command":"customers","rolloutId":"promote-1","outcome":"not-restored"}\n',
    );
    expect(sent(["promote-1", "promote-0"])).not.toContain('"customers"');
    expect(sent(["promote-1", "promote-0"])).toContain('\n{"action":"rollback","release":"2026.11.0"}\n');
  });
});

test("a rollback that names some customers says which rollout's list has all of them", () => {
  const rollback = { restored: 0, conflicting: 0, failed: 7 };
  const exceptions = [anOutcome(7, { outcome: "not-restored" })];
  const report = { action: "rollback", status: "aborted", of: ["promote-1"], rollback, exceptions } as const;
  expect(render(report, 200)).toContain("and 6 more; the command customers of promote-1 lists all of them");
});

test("a retry names its source rollout", () => {
  expect(render({ action: "retry", of: ["promote-1"] })).toMatch(/^retry 2026.*\nof {8}promote-1\n/s);
});

describe("a rollout that is under way", () => {
  const since = "2026-11-23T02:10:00.000Z";
  const progress = { phase: "baking", wave: 3, since, bakeLeftSeconds: 723, heldBy: [], noted: [] } as const;

  test("says which wave bakes, the waves before, the counts so far, and how to stop it", () => {
    const text = render({ status: "running", plan: inWaves, counts, progress });
    expect(text).toContain(`promote 2026.11.0   running

now
  bakes, wave 3 of 4, 12 min 3 s left, since 2026-11-23
  02:10:00 UTC

waves
  1  20 customers, proceeded
  2  no customer of cohort beta is left to be flipped
  3  245 customers, bakes for 1 h 30 min
  4  1,000 customers, not started

  flipped      265
`);
    expect(text).not.toContain("took");
    expect(text).toContain(
      'To stop it and restore every customer that it flipped:\n{"command":"abort","rolloutId":"promote-6d84c9bd52e4","requestedBy":"YOU","reason":"WHY"}\n',
    );
    expect(text).not.toContain("resume");
  });

  test.each([
    ["preparing", "is held before its first flip, since", "3  245 customers, preparing, held"],
    ["flipping", "is held between two flips, wave 3 of 4, since", "3  245 customers, flipping, held"],
    ["rolling back", "is held between two restores, wave 3 of 4, since", "3  245 customers, rolling back, held"],
    ["baking", "bakes, wave 3 of 4, 12 min 3 s left, since", "3  245 customers, bakes for 1 h 30 min"],
  ] as const)("and %s, but held by an alarm without data, says so and names the alarm", (phase, said, wave) => {
    const heldBy = [explain({ code: "alarm", alarm: "calls-drop", state: "INSUFFICIENT_DATA" })];
    const held = { ...progress, phase, heldBy, ...(phase !== "baking" && { bakeLeftSeconds: undefined }) };
    const where = phase === "preparing" ? { ...held, wave: undefined } : held;
    const text = render({ status: "running", plan: inWaves, counts, progress: where });
    expect(text).toContain(`\nnow\n  ${said}`);
    expect(text).toContain("  held: alarm calls-drop has no data (INSUFFICIENT_DATA)\n");
    if (phase !== "preparing") expect(text).toContain(`\n  ${wave}\n`);
  });

  test("and shows the state of each alarm at the last poll", () => {
    const alarms = [
      { name: "calls-drop", state: "OK" },
      { name: "late-calls", state: "INSUFFICIENT_DATA" },
      { name: "gone", state: "missing" },
    ] as const;
    const running = aReport({ status: "running", plan: inWaves, counts, progress: { ...progress, alarms } });
    expect(render(running, 200)).toContain("\n  alarms: calls-drop OK, late-calls no data, gone missing\n");
  });

  test("and at the end of its bake says that it is at its gate", () => {
    const text = render({ status: "running", plan: inWaves, counts, progress: { ...progress, bakeLeftSeconds: 0 } });
    expect(text).toContain("\n  bakes, wave 3 of 4, since 2026-11-23 02:10:00 UTC\n");
    expect(text).toContain("\n  3  245 customers, at its gate\n");
  });

  test("and paused names the person who paused it, and what ends the pause", () => {
    const heldBy = [explain({ code: "paused", by: "ann", until: "2026-11-23T03:00:00.000Z", why: "lunch" })];
    const text = render({ status: "running", plan: inWaves, counts, progress: { ...progress, heldBy } }, 200);
    expect(text).toContain("  held: paused by ann until 2026-11-23 03:00:00 UTC: lunch\n");
    expect(text).toContain('{"command":"resume","rolloutId":"promote-6d84c9bd52e4",');
  });

  test("and waits for the lock says which rollout has it", () => {
    const heldBy = [explain({ code: "waits-for-lock", holder: "promote-1" })];
    const waiting = { phase: "waiting", since, heldBy, noted: [] } as const;
    const text = render({ status: "waiting", plan: undefined, counts: none, progress: waiting });
    expect(text).toContain("waiting to begin\n\nnow\n  waits to begin, since 2026");
    expect(text).toContain("  held: promote-1 has the lock\n");
    expect(text).toContain("To stop it:\n");
  });

  test("and rolls back says how many customers are restored", () => {
    const rollback = { restored: 12, conflicting: 0, failed: 253 };
    const turning = { ...progress, phase: "rolling back", bakeLeftSeconds: undefined } as const;
    const exceptions = [anOutcome(7, { outcome: "not-restored" })];
    const text = render({ status: "running", plan: inWaves, counts, rollback, progress: turning, exceptions });
    expect(text).not.toContain("more; the command customers");
    expect(text).toContain("  rolls back, wave 3 of 4, since");
    expect(text).toContain("\n  restored           12\n  conflicting         0\n  not restored yet  253\n");
    expect(text).toContain("To stop it:\n");
  });
});

test("as plain text it does not wrap, and cuts a long problem and a long list of names", () => {
  const problem = Array.from({ length: 20 }, (_, index) => `problem ${index} ${"x".repeat(1_000)}`).join("\n");
  const exceptions = Array.from({ length: 9 }, (_, index) => anOutcome(index));
  const text = renderReport(
    aReport({
      ...{ status: "failed", exceptions, counts: { ...none, failed: 9 } },
      problems: [explain({ code: "bad-secret", problem })],
    }),
    "plain",
  );
  expect(text).toContain("\n  and 8 more lines in the report\n");
  expect(text).toContain("\n  and 4 more; the command customers lists all of them\n");
  expect(text).toContain("  flip was answered with 500; Evo Voice failed: look at its status, then retry\n");
  expect(text).not.toMatch(/.{700}/);
});

describe("as Markdown", () => {
  const inMarkdown = (changes: Partial<Report>) => renderReport(aReport(changes), "markdown");

  test("has the same sections as headings, tables, lists and blocks to copy", () => {
    const exceptions = [
      anOutcome(7, { outcome: "not-restored" }),
      anOutcome(9, { outcome: "skipped", reason: PROTECTED }),
    ];
    const rollback = { restored: 264, conflicting: 0, failed: 1 };
    const status = "rolled-back";
    expect(
      inMarkdown({ status, problems: [ALARM], plan: inWaves, waves, counts, rollback, skippedBy, exceptions }),
    ).toBe(`## Cutover: promote 2026\\.11\\.0

**rolled back\\, 1 not restored**

### Why

alarm phone\\-errors is in ALARM\\: 7 datapoints were over 5

### Waves

| wave | result |
| --- | --- |
| 1 | 20 customers\\, baked 30 min\\, proceeded |
| 2 | no customer of cohort beta is left to be flipped |
| 3 | 245 customers\\, stopped\\, rolled back |
| 4 | 1\\,000 customers\\, not started |

|  | customers |
| --- | --- |
| flipped | 265 |
| unchanged | 666 |
| skipped | 1\\,069 |
| failed | 0 |

### Rollback

|  | customers |
| --- | --- |
| restored | 264 |
| conflicting | 0 |
| failed | 1 |

### Skipped

| customers | reason |
| --- | --- |
| 1\\,000 | not attempted\\: the rollout was stopped |
| 52 | excluded by the event |
| 17 | protected by the policy \\(tag vip\\) |

### Not restored\\, still where the rollout put them

flip was answered with 500\\; Evo Voice failed\\: look at its status\\, then retry

- Customer 7 \\(5cc584a00ae4a9cbfabd0007\\)

### Skipped\\, by name

protected by the policy \\(tag vip\\)

- Customer 9 \\(5cc584a00ae4a9cbfabd0009\\)

and 1\\,068 more\\; the command customers lists all of them

|  |  |
| --- | --- |
| rollout | promote\\-6d84c9bd52e4 |
| plan | 1\\,265 to flip\\, hash 9bed8e4e9dba |
| asked by | the nightly build\\, as the sender says |
| because | 2026\\.11\\.0 passed its tests |
| started | 2026\\-11\\-23 02\\:00\\:00 UTC |
| took | 3 min 12 s |

### Next

Look at the customers named above\\. To list all of them\\:

\`\`\`json
{"command":"customers","rolloutId":"promote-6d84c9bd52e4","outcome":"not-restored"}
\`\`\`

Send the rollback again\\. It continues with the customers that failed\\:

\`\`\`json
{"action":"rollback","rolloutId":"promote-6d84c9bd52e4"}
\`\`\`
`);
  });

  test("no text from outside is markup or steers the reader's terminal", () => {
    const reasonOf = (problem: string) => explain({ code: "bad-secret", problem });
    const evil = "a|b <img src=x> `x` [y](javascript:z) \u001b[2J\u202e_x_ \\| www.evil.example\n# two\r\n```";
    const exceptions = [anOutcome(1, { name: evil, reason: reasonOf(evil) })];
    const text = inMarkdown({
      ...{ status: "failed", problems: [reasonOf(evil)], requestedBy: evil, reason: evil, release: evil, exceptions },
      skippedBy: [counted(reasonOf(evil), 2)],
      counts: { ...none, failed: 1 },
    });
    const ours = text.split("\n").filter((line) => !/^(\{.*\}|```(json)?)$/.test(line));
    const unescaped = ours.join("\n").replaceAll(/\\[!-/:-@[-`{-~]/g, "");
    expect(unescaped).not.toMatch(/[<>`[\]()_]/);
    for (const line of ours.filter((row) => row.startsWith("|")))
      expect(line.replaceAll(/\\./g, "").match(/\|/g)).toHaveLength(3);
    expect(text).not.toMatch(STEERING);
    expect(text.match(/^#/gm)).toHaveLength(text.match(/^#{2,3} (Cutover|Why|Skipped|Failed|Next)/gm)?.length ?? 0);
    expect(text.match(/^```/gm)?.length ?? 0).toBe(2 * (text.match(/^\{/gm)?.length ?? 0));
  });
});
