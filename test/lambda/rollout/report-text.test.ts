import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "@jest/globals";
import type { Outcome, OutcomeKind } from "../../../lambda/rollout/outcome.ts";
import type { Report } from "../../../lambda/rollout/report.ts";
import { formatDuration, renderReport } from "../../../lambda/rollout/report-text.ts";

const plan = {
  ...{
    hash: "9bed8e4e9dba5d39909e5209",
    flip: 1_265,
    unchanged: 666,
    skipped: 69,
    batches: 6,
    settledItems: 3,
    waves: [],
  },
  skippedBy: { "excluded by the event": 52, "protected by the policy (tag vip)": 17 },
};

function aReport(changes: Partial<Report> = {}): Report {
  return {
    ...{ rolloutId: "promote-6d84c9bd52e4", action: "promote", release: "2026.11.0", status: "succeeded" },
    dryRun: false,
    counts: { flipped: 1_265, unchanged: 666, deferred: 0, skipped: 69, failed: 0 },
    plan,
    ...{ exceptions: [], moreExceptions: 0 },
    ...{ startedAt: "2026-11-23T02:00:00.000Z", endedAt: "2026-11-23T02:03:12.000Z", durationMs: 192_000 },
    ...{ requestedBy: "the nightly build", reason: "2026.11.0 passed its tests" },
    ...changes,
  };
}

function anOutcome(index: number, changes: Partial<Outcome> = {}): Outcome {
  const customerId = `5cc584a00ae4a9cbfabd${String(index).padStart(4, "0")}`;
  const reason = `flip of customer ${customerId} was answered with 500; Evo Voice failed: look at its status, then retry`;
  return { customerId, name: `Customer ${index}`, outcome: "failed", reason, ...changes };
}

const plain = (report: Report, columns?: number) =>
  renderReport(report, { colour: false, ...(columns && { columns }) });

test("a rollout that succeeded says what, how many, why skipped, who asked and how long", () => {
  expect(plain(aReport())).toBe(`promote 2026.11.0   succeeded

  flipped    1,265
  unchanged    666
  skipped       69
  failed         0

skipped
    52  excluded by the event
    17  protected by the policy (tag vip)

rollout   promote-6d84c9bd52e4
plan      1,265 to flip, hash 9bed8e4e9dba
asked by  the nightly build
because   2026.11.0 passed its tests
took      3 min 12 s
`);
});

test("a rollout that was stopped says why, who failed with equal reasons told once, and what to do next", () => {
  const problem = "14 customers failed, and the failure budget allows 12 of 1265";
  const exceptions = [
    ...Array.from({ length: 14 }, (_, index) => anOutcome(index + 1)),
    ...[97, 98].map((index) => anOutcome(index, { outcome: "skipped", reason: `not attempted: ${problem}` })),
    anOutcome(99, { outcome: "skipped", reason: "protected by the policy (by id)" }),
  ];
  const counts = { flipped: 251, unchanged: 666, deferred: 0, skipped: 1_069, failed: 14 };
  expect(
    plain(aReport({ status: "failed", problem, counts, exceptions, moreExceptions: 1_068 })),
  ).toBe(`promote 2026.11.0   failed

why
  14 customers failed, and the failure budget allows 12 of
  1265

  flipped      251
  unchanged    666
  skipped    1,069
  failed        14

skipped
    52  excluded by the event
    17  protected by the policy (tag vip)
     2  not attempted: 14 customers failed, and the failure
        budget allows 12 of 1265
     1  protected by the policy (by id)
   997  more, for these or other reasons

failed
  flip was answered with 500; Evo Voice failed: look at its
  status, then retry
    Customer 1  5cc584a00ae4a9cbfabd0001
    Customer 2  5cc584a00ae4a9cbfabd0002
    Customer 3  5cc584a00ae4a9cbfabd0003
    Customer 4  5cc584a00ae4a9cbfabd0004
    Customer 5  5cc584a00ae4a9cbfabd0005
    Customer 6  5cc584a00ae4a9cbfabd0006
    Customer 7  5cc584a00ae4a9cbfabd0007
    Customer 8  5cc584a00ae4a9cbfabd0008
    Customer 9  5cc584a00ae4a9cbfabd0009
    Customer 10  5cc584a00ae4a9cbfabd0010
  and 4 more; the ledger has all of them

rollout   promote-6d84c9bd52e4
plan      1,265 to flip, hash 9bed8e4e9dba
asked by  the nightly build
because   2026.11.0 passed its tests
took      3 min 12 s

next      mend the cause, then send the event again, with
          another id if it has one: who is right already is
          left alone
`);
});

test("a refused rollout shows every line of its problem and counts nobody", () => {
  const { plan: _none, ...report } = aReport({ status: "refused", problem: "nothing was done:\n  - it came too late" });
  const text = plain(report);
  expect(text).toMatch(
    /^promote 2026\.11\.0 {3}refused, nobody was flipped\n\nwhy\n {2}nothing was done:\n {2}- it came/,
  );
  expect(text).not.toContain("unchanged");
  expect(text).toContain("next      mend the cause");
});

test("a dry run shows what would be flipped", () => {
  const counts = { flipped: 0, unchanged: 0, deferred: 0, skipped: 0, failed: 0 };
  expect(plain(aReport({ status: "planned", dryRun: true, counts }))).toContain(
    "planned only, nobody was flipped\n\n  to flip    1,265\n  unchanged    666\n  skipped       69\n\n",
  );
});

test("an event that was sent before gets the report of its rollout, and no advice to send it again", () => {
  const text = plain(aReport({ status: "running", joined: true }));
  expect(text).toMatch(/^promote 2026\.11\.0 {3}still running \(sent before\)\n/);
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
    const text = plain(aReport({ status: "partial", counts, exceptions: [anOutcome(1, { name })] }));
    expect(text).toMatch(new RegExp(`\n {4}${shown}  5cc584a00ae4a9cbfabd0001\n`));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });
});

test.each([32, 40, 60, 80])("no line is longer than %i columns", (columns) => {
  const kinds: readonly OutcomeKind[] = ["failed", "deferred"];
  const exceptions = kinds.flatMap((outcome, index) => [anOutcome(index, { outcome, name: "Ä".repeat(100) })]);
  const counts = { flipped: 1, unchanged: 0, deferred: 1, skipped: 69, failed: 120 };
  const problem = "121 customers failed, and the failure budget allows 12 of 1265";
  for (const line of plain(aReport({ status: "failed", problem, counts, exceptions }), columns).split("\n"))
    expect(line.length).toBeLessThanOrEqual(columns);
});

test("colours change nothing but the colours, and are there only when asked for", () => {
  const report = aReport({ status: "partial", exceptions: [anOutcome(1)] });
  const coloured = renderReport(report, { colour: true });
  expect(coloured).toContain("\u001b[33mended, not everybody was flipped\u001b[39m");
  expect(stripVTControlCharacters(coloured)).toBe(plain(report));
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

test("customers that something else moved since the plan are told", () => {
  expect(renderReport(aReport({ movedMeanwhile: 3 }), { colour: false, columns: 200 })).toContain(
    "moved     3 to be flipped had been moved since the plan",
  );
  expect(renderReport(aReport({}), { colour: false })).not.toContain("moved");
});
