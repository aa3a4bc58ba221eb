import { stripVTControlCharacters } from "node:util";
import { NO_COUNTS, type OutcomeKind } from "../../../../../lambda/core/flip/outcome.ts";
import { explain, type Reason } from "../../../../../lambda/core/reasons.ts";
import { renderReport } from "../../../../../lambda/core/report/render-report.ts";
import type { Exception, Report } from "../../../../../lambda/core/report/report.ts";
import { formatDuration } from "../../../../../lambda/core/report/text-layout.ts";
import { describe, expect, test } from "../../../../support/jest.ts";
import { aReport as aBareReport } from "../a-report.ts";

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

const COUNTS = { ...NO_COUNTS, flipped: 1_265, unchanged: 666, skipped: 69 };

const aReport = (changes: Partial<Report> = {}) =>
  aBareReport({
    ...{ counts: COUNTS, plan, skippedBy: SKIPPED_BY, endedAt: "2026-11-23T02:03:12.000Z" },
    ...{ requestedBy: "the nightly build", reason: "2026.11.0 passed its tests", ...changes },
  });

/** The plan's own, as they are recorded: one of them for a reason that is counted with others. */
const PLANNED_SKIPS = Array.from({ length: plan.skipped }, (_, index) =>
  anOutcome(index, { outcome: "skipped", reason: index === 0 ? PROTECTED_BY_ID : EXCLUDED }),
);

function anOutcome(index: number, changes: Partial<Exception> = {}): Exception {
  const customerId = `5cc584a00ae4a9cbfabd${String(index).padStart(4, "0")}`;
  const reason = explain({ code: "request-refused", operation: "flip", status: 500 });
  return { customerId, name: `Customer ${index}`, outcome: "failed", reason, ...changes };
}

const problemOf = (problem: string) => explain({ code: "bad-secret", problem });
const counted = (reason: Reason, customers: number) => ({ ...explain(reason), customers });
const notAttempted = (why: Reason, customers: number) => counted({ code: "not-attempted", why: [why] }, customers);
/** What a person sends to continue with a rollout or a release, in a line of its own. */
const ROLL_BACK = '\n{"action":"rollback","rolloutId":"promote-1a2b"}\n';
const RETRY = '\n{"action":"retry","rolloutId":"promote-1a2b"}\n';
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

rollout   promote-1a2b
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
  const counts = { ...COUNTS, flipped: 251, skipped: 1_069, failed: 14 };
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

rollout   promote-1a2b
plan      1,265 to flip, hash 9bed8e4e9dba
asked by  the nightly build, as the sender says
because   2026.11.0 passed its tests
started   2026-11-23 02:00:00 UTC
took      3 min 12 s

next
  To restore every customer that this rollout flipped or may
  have flipped:
{"action":"rollback","rolloutId":"promote-1a2b"}
  Or, when the cause is fixed, to continue with the
  customers that failed or were not attempted:
{"action":"retry","rolloutId":"promote-1a2b"}
`);
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
const counts = { ...COUNTS, flipped: 265, skipped: 1_069 };

const ANSWER = { wave: 1, by: "ann", at: "2026-11-23T12:00:00Z", why: "lunch" };
/** For a terminal that breaks no line. */
const renderWide = (changes: Partial<Report>) => render(changes, 200);

describe("a rollout", () => {
  const inAlarm = { problems: [ALARM], plan: inWaves, waves, counts };
  const rolledBack = {
    ...inAlarm,
    status: "rolled-back",
    rollback: { restored: 265, conflicting: 0, failed: 0 },
  } as const;
  const flippedNone = { counts: { ...counts, flipped: 20, skipped: 1_314 }, skippedBy: [notAttempted(ALARM, 1_245)] };
  const halted = { ...inAlarm, status: "halted", waves: [wentOn, passed, stopped("halt")] } as const;
  const aborted = { ...halted, status: "aborted" } as const;
  const results = [{ ...stopped("halt"), reasons: [explain({ code: "rejected", ...ANSWER })] }];
  const rejected = { ...halted, waves: results, held: true };
  const skippedBake = { ...wentOn, reasons: [explain({ code: "bake-skipped", by: "ann", why: "seen enough" })] };
  const withApproval = { ...plan, waves: [waveOf(1, 20, 0, { approvalSeconds: 86_400 })] };
  const approved = { ...wentOn, bakeSeconds: 0, approval: explain({ code: "approved", ...ANSWER }) };
  const problems = [problemOf("nothing was done:\n  - it came too late")];
  const refused = { status: "refused", plan: undefined, problems } as const;
  const joined = { status: "running", joined: true } as const;
  const planned = { status: "planned", dryRun: true, counts: NO_COUNTS } as const;
  const override = { reason: "the release mends it", alarms: ["phone-errors"], freezes: ["fair"] };

  test.each<[text: string, changes: Partial<Report>]>([
    ["To restore every customer", { status: "halted" }],
    ["refused: no customer was flipped\n\nwhy\n  nothing was done:\n  - it came", refused],
    ["next\n  Fix the cause", refused],
    [
      "planned only: no customer was flipped\n\n  to flip    1,265\n  unchanged    666\n  skipped       69\n\n",
      planned,
    ],
    ['To run exactly this plan, and no other:\nthe same event with "dryRun":false,"plan":"9bed8e4e9dba"', planned],
    ["promote 2026.11.0   running (sent before)\n", joined],
    ["moved     3 of the plan had the wanted flag before the rollout came to them", { movedMeanwhile: 3 }],
    [
      "override  the release mends it; passed before the first flip: alarm phone-errors in ALARM, freeze fair",
      { override },
    ],
    ["retry 2026.11.0   succeeded\n", { action: "retry", of: ["promote-1"] }],
    ["\nof        promote-1\n", { action: "retry", of: ["promote-1"] }],
    ["promote 2026.11.0   rolled back\n", rolledBack],
    [CLEAR, rolledBack],
    ["  3  245 customers, stopped before its first flip\n", { ...rolledBack, ...flippedNone }],
    ["  3  245 customers, stopped, halted\n", halted],
    [ROLL_BACK, halted],
    [RETRY, halted],
    ["  3  245 customers, stopped, aborted\n", aborted],
    [ROLL_BACK, aborted],
    [RETRY, aborted],
    [ROLL_BACK, rejected],
    [CLEAR, rejected],
    ["  1  20 customers, bake of 30 min cut short, proceeded\n", { plan: inWaves, waves: [skippedBake] }],
    ["     the bake was skipped by ann: seen enough\n", { plan: inWaves, waves: [skippedBake] }],
    ["  1  20 customers, after an approval within 24 h\n", { ...planned, plan: withApproval }],
    ["  1  20 customers, proceeded\n", { plan: withApproval, waves: [approved] }],
    ["wave 1 was approved by ann at 2026-11-23 12:00:00 UTC: lunch\n", { plan: withApproval, waves: [approved] }],
  ])("says %j", (text, changes) => {
    expect(renderWide(changes)).toContain(text);
  });

  test.each<[what: string, text: string, changes: Partial<Report>]>([
    ["that stopped after its last flip", "to continue with", { status: "halted" }],
    ["that was refused", "unchanged", refused],
    ["that was sent before", "next", joined],
    ["that was rolled back completely", "not restored", rolledBack],
    ["that was halted", "rolled back", halted],
    ["that was rejected", '"retry"', rejected],
  ])("%s does not say %j", (_what, text, changes) => {
    expect(renderWide(changes)).not.toContain(text);
  });

  test("that is only planned shows each wave before anything is flipped", () => {
    expect(render({ ...planned, plan: inWaves })).toContain(
      "waves\n  1  20 customers, then a bake of 30 min\n  2  no customer of cohort beta is left to be flipped\n  3  245 customers, then a bake of 1 h 30 min\n  4  1,000 customers\n",
    );
  });

  test("of more than a dozen waves shows neighbours with the same result in one line", () => {
    const many = Array.from({ length: 20 }, (_, index) => waveOf(index + 1, 10, 60));
    const baked = many.slice(0, 9).map(({ wave }) => ({ ...wentOn, wave, customers: 10, bakeSeconds: 60 }));
    const report = { ...halted, waves: [...baked, { ...stopped("halt"), wave: 10, customers: 10, bakeSeconds: 60 }] };
    expect(render({ ...report, plan: { ...plan, waves: many } })).toContain(
      "waves\n    1–9  90 customers, baked 1 min, proceeded\n     10  10 customers, stopped, halted\n  11–20  100 customers, not started\n",
    );
    const dozen = { ...plan, waves: many.slice(0, 12) };
    expect(render({ ...report, plan: dozen })).toContain("\n   1  10 customers, baked 1 min, proceeded\n   2  10 cust");
  });
});

describe("a rollback by event", () => {
  const rolledBack = { action: "rollback", status: "rolled-back", plan: undefined, counts: NO_COUNTS } as const;
  const rollback = { restored: 3, conflicting: 0, failed: 1 };
  const ofOne = { ...rolledBack, of: ["promote-1"], rollback };
  const ofTwo = { ...ofOne, of: ["promote-1", "promote-0"] };
  const complete = { ...ofTwo, rollback: { ...rollback, restored: 1_265, failed: 0 } };
  const planned = { ...ofTwo, status: "planned", dryRun: true, rollback: { ...rollback, failed: 42 } } as const;
  const exceptions = [anOutcome(7, { outcome: "not-restored" })];
  const named = { ...ofOne, status: "aborted", rollback: { ...rollback, failed: 7 }, exceptions } as const;

  test.each<[text: string, changes: Partial<Report>]>([
    ["rollback 2026.11.0   rolled back\n\nrollback\n  restored     1,265\n", complete],
    ["of        promote-1, promote-0\n", complete],
    ["planned only: no customer was flipped\n\n  to restore  42\n", planned],
    ['\n{"action":"rollback","rolloutId":"promote-1"}\n', ofOne],
    ['\n{"command":"customers","rolloutId":"promote-1","outcome":"not-restored"}\n', ofOne],
    ['\n{"action":"rollback","release":"2026.11.0"}\n', ofTwo],
    ["and 6 more; the command customers of promote-1 lists all of them", named],
  ])("says %j", (text, changes) => {
    expect(renderWide(changes)).toContain(text);
  });

  test("has counts of its own, and names no command for the customers of two rollouts", () => {
    expect(renderWide(complete)).not.toContain("unchanged");
    expect(renderWide(ofTwo)).not.toContain('"customers"');
  });
});

describe("a rollout that is under way", () => {
  const since = "2026-11-23T02:10:00.000Z";
  const baking = { phase: "baking", wave: 3, since, bakeLeftSeconds: 723, heldBy: [], noted: [] } as const;
  const running = (changes: object) => {
    return { status: "running", plan: inWaves, counts, progress: { ...baking, ...changes } } as const;
  };

  test("says which wave bakes, the waves before, the counts so far, and how to stop it", () => {
    const text = render(running({}));
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
    expect(text).toContain(
      'To stop it and restore every customer that it flipped:\n{"command":"abort","rolloutId":"promote-1a2b","requestedBy":"YOU","reason":"WHY"}\n',
    );
    expect(text).not.toMatch(/took|resume/);
  });

  const NO_DATA = explain({ code: "alarm", alarm: "calls-drop", state: "INSUFFICIENT_DATA" });
  const heldIn = (phase: string, changes: object = {}) =>
    running({ phase, bakeLeftSeconds: undefined, heldBy: [NO_DATA], ...changes });
  const preparing = heldIn("preparing", { wave: undefined });
  const bakingBlind = heldIn("baking", { bakeLeftSeconds: 723 });
  const alarms = [
    { name: "calls-drop", state: "OK" },
    { name: "late-calls", state: "INSUFFICIENT_DATA" },
    { name: "gone", state: "missing" },
  ];
  const until = "2026-11-23T03:00:00.000Z";
  const paused = running({ heldBy: [explain({ code: "paused", by: "ann", until, why: "lunch" })] });
  const heldBy = [explain({ code: "waits-for-lock", holder: "promote-1" })];
  const progress = { phase: "waiting", since, heldBy, noted: [] } as const;
  const waiting = { status: "waiting", plan: undefined, counts: NO_COUNTS, progress } as const;
  const rollback = { restored: 12, conflicting: 0, failed: 253 };
  const exceptions = [anOutcome(7, { outcome: "not-restored" })];
  const turning = { ...running({ phase: "rolling back", bakeLeftSeconds: undefined }), rollback, exceptions };

  test.each<[text: string, changes: Partial<Report>]>([
    ["\nnow\n  is held before its first flip, since", preparing],
    ["  held: alarm calls-drop has no data (INSUFFICIENT_DATA)\n", preparing],
    ["\nnow\n  is held between two flips, wave 3 of 4, since", heldIn("flipping")],
    ["\n  3  245 customers, flipping, held\n", heldIn("flipping")],
    ["  held: alarm calls-drop has no data (INSUFFICIENT_DATA)\n", heldIn("flipping")],
    ["\nnow\n  is held between two restores, wave 3 of 4, since", heldIn("rolling back")],
    ["\n  3  245 customers, rolling back, held\n", heldIn("rolling back")],
    ["\nnow\n  bakes, wave 3 of 4, 12 min 3 s left, since", bakingBlind],
    ["\n  3  245 customers, bakes for 1 h 30 min\n", bakingBlind],
    ["  held: alarm calls-drop has no data (INSUFFICIENT_DATA)\n", bakingBlind],
    ["\n  alarms: calls-drop OK, late-calls no data, gone missing\n", running({ alarms })],
    ["\n  bakes, wave 3 of 4, since 2026-11-23 02:10:00 UTC\n", running({ bakeLeftSeconds: 0 })],
    ["\n  3  245 customers, at its gate\n", running({ bakeLeftSeconds: 0 })],
    ["  held: paused by ann until 2026-11-23 03:00:00 UTC: lunch\n", paused],
    ['{"command":"resume","rolloutId":"promote-1a2b",', paused],
    ["waiting to begin\n\nnow\n  waits to begin, since 2026", waiting],
    ["  held: promote-1 has the lock\n", waiting],
    ["To stop it:\n", waiting],
    ["  rolls back, wave 3 of 4, since", turning],
    ["\n  restored           12\n  conflicting         0\n  not restored yet  253\n", turning],
    ["To stop it:\n", turning],
  ])("says %j", (text, changes) => {
    expect(renderWide(changes)).toContain(text);
  });

  test("and rolls back names no command for the customers that are not restored yet", () => {
    expect(renderWide(turning)).not.toContain("more; the command customers");
  });
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
  expect(text).toContain("  REF-49  Customer 49  (c-49)\n  and 1,215 more; the command customers lists all of them\n");
  expect(renderReport(report, "markdown")).toContain("### To flip\n\nwave 1\n\n- REF\\-0 Customer 0 \\(c\\-0\\)\n");
  expect(renderReport(report, "plain")).toContain("(c-11)\n  and 1,253 more; ");
});

describe("what comes from outside cannot steer a terminal", () => {
  test.each([
    ["an escape sequence", "Miller\u001b[2J\u001b]0;owned\u0007 Dental", "Miller Dental"],
    ["a line of its own", "Miller\r\nsucceeded", "Miller succeeded"],
    ["text that runs backwards", "Miller \u202eDental\u202c", "Miller Dental"],
    ["C1 controls", "Miller\u009b31m Dental", "Miller Dental"],
  ])("%s in a name", (_what, name, shown) => {
    const exceptions = [anOutcome(1, { name, referenceId: "REF-1\u0007" })];
    const text = render({ status: "partial", counts: { ...NO_COUNTS, failed: 1 }, exceptions });
    expect(text).toMatch(new RegExp(`\n {4}REF-1  ${shown}  \\(5cc584a00ae4a9cbfabd0001\\)\n`));
    expect(text).not.toMatch(STEERING);
  });
});

test.each([32, 40, 60, 80])("no line is longer than %i columns, except commands, which are copied whole", (columns) => {
  const kinds: readonly OutcomeKind[] = ["failed", "deferred"];
  const exceptions = kinds.flatMap((outcome, index) => [anOutcome(index, { outcome, name: "Ä".repeat(100) })]);
  const counts = { ...NO_COUNTS, flipped: 1, deferred: 1, failed: 120 };
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

test("of a rollout that another one rolls back says how many are not restored yet", () => {
  const rollback = { restored: 12, conflicting: 0, failed: 253 };
  const by = { rolledBackBy: { rolloutId: "back", status: "running" }, rollback } as const;
  const text = render(aReport({ status: "halted", ...by, exceptions: [anOutcome(7, { outcome: "not-restored" })] }));
  expect(text).toContain("\n  not restored yet  253\n");
  expect(text).not.toContain("more; the command customers");
});

test("as plain text it does not wrap, and cuts a long problem and a long list of names", () => {
  const problem = Array.from({ length: 20 }, (_, index) => `problem ${index} ${"x".repeat(1_000)}`).join("\n");
  const exceptions = Array.from({ length: 9 }, (_, index) => anOutcome(index));
  const changes = { counts: { ...NO_COUNTS, failed: 9 }, problems: [problemOf(problem)], exceptions };
  const text = renderReport(aReport({ status: "failed", ...changes }), "plain");
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
| rollout | promote\\-1a2b |
| plan | 1\\,265 to flip\\, hash 9bed8e4e9dba |
| asked by | the nightly build\\, as the sender says |
| because | 2026\\.11\\.0 passed its tests |
| started | 2026\\-11\\-23 02\\:00\\:00 UTC |
| took | 3 min 12 s |

### Next

Look at the customers named above\\. To list all of them\\:

\`\`\`json
{"command":"customers","rolloutId":"promote-1a2b","outcome":"not-restored"}
\`\`\`

Send the rollback again\\. It continues with the customers that failed\\:

\`\`\`json
{"action":"rollback","rolloutId":"promote-1a2b"}
\`\`\`
`);
  });

  test("no text from outside is markup or steers the reader's terminal", () => {
    const evil = "a|b <img src=x> `x` [y](javascript:z) \u001b[2J\u202e_x_ \\| www.evil.example\n# two\r\n```";
    const exceptions = [anOutcome(1, { name: evil, reason: problemOf(evil) })];
    const text = inMarkdown({
      ...{ status: "failed", problems: [problemOf(evil)], requestedBy: evil, reason: evil, release: evil, exceptions },
      skippedBy: [counted(problemOf(evil), 2)],
      counts: { ...NO_COUNTS, failed: 1 },
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
