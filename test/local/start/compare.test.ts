import { describe, expect, test } from "@jest/globals";
import { countOutcomes, type OutcomeKind } from "../../../lambda/rollout/outcome.ts";
import type { Report } from "../../../lambda/rollout/report.ts";
import { compareCustomers } from "../../../local/start/compare.ts";
import type { CustomerState } from "../../../local/start/emulator-process.ts";

interface Case {
  readonly before: boolean;
  readonly after: boolean;
  readonly writes: number;
  readonly outcomes?: readonly OutcomeKind[];
  readonly reason?: string;
  readonly accountId?: string;
  /** What became of it when it was to be flipped back; empty when the rollback did not come to it. */
  readonly reverted?: readonly OutcomeKind[];
}

const DOUBTFUL = "customer c1 may have been flipped, and cannot be read: look at it";

/** A promote (to the flag false) of one customer. */
async function check(given: Case, changes: Partial<Report> = {}) {
  const { before, after, writes, outcomes = [], reason = "Evo Voice failed", accountId = "ours", reverted } = given;
  const recorded = outcomes.map((outcome) => ({ outcome, reason }));
  const counts = countOutcomes(recorded);
  const report: Report = {
    ...{ rolloutId: "promote-1", action: "promote", release: "2026.11", dryRun: false, counts },
    ...{ exceptions: [], moreExceptions: 0, startedAt: "2026-11-23T02:00:00Z", durationMs: 1 },
    ...{ status: "succeeded", ...(reverted && { status: "rolled-back", reverted: countBack(reverted) }) },
    ...changes,
  };
  const claims = {
    report,
    before: new Map([["c1", before]]),
    outcomes: new Map([["c1", recorded]]),
    accountId: "ours",
    ...(reverted && { reverted: new Map([["c1", reverted.map((outcome) => ({ outcome, reason }))]]) }),
  };
  async function* customers(): AsyncGenerator<CustomerState> {
    yield { id: "c1", accountId, isStaging: after, writes };
  }
  return compareCustomers(claims, customers());
}

function countBack(reverted: readonly OutcomeKind[]) {
  const { flipped, skipped } = countOutcomes(reverted.map((outcome) => ({ outcome })));
  return {
    flippedBack: flipped,
    leftAlone: skipped,
    left: reverted.length === 0 ? 1 : reverted.length - flipped - skipped,
  };
}

const FLIPPED = { outcome: "flipped", reason: "the reply showed it" } as const;

describe("the emulator agrees", () => {
  test.each<[string, Case, string]>([
    [
      "a flipped customer was moved",
      { before: true, after: false, writes: 1, outcomes: ["flipped"] },
      "1 flipped once",
    ],
    [
      "its flag was set twice",
      { before: true, after: false, writes: 2, outcomes: ["flipped"] },
      "1 flipped and set again",
    ],
    ["an unchanged one was right", { before: false, after: false, writes: 0, outcomes: ["unchanged"] }, "1 untouched"],
    ["a skipped one is as before", { before: true, after: true, writes: 0, outcomes: ["skipped"] }, "1 untouched"],
    ["a deferred one is as before", { before: true, after: true, writes: 0, outcomes: ["deferred"] }, "1 untouched"],
    [
      "a failed one did not move",
      { before: true, after: true, writes: 0, outcomes: ["failed"] },
      "1 failed (none moved)",
    ],
    [
      "a failed one did not move, though it may have",
      { before: true, after: true, writes: 0, outcomes: ["failed"], reason: DOUBTFUL },
      "1 failed (none moved)",
    ],
    [
      "a failed one moved, and the report says that it may have",
      { before: true, after: false, writes: 1, outcomes: ["failed"], reason: DOUBTFUL },
      "1 failed (1 moved, as the report says may be)",
    ],
    [
      "a failed one had been where the event wants it",
      { before: false, after: false, writes: 0, outcomes: ["failed"] },
      "1 failed (none moved)",
    ],
    ["one outside of the plan is as before", { before: true, after: true, writes: 0 }, "1 untouched"],
    ["another account is as before", { before: true, after: true, writes: 0, accountId: "other" }, ": 0 untouched"],
  ])("when %s", async (_when, given, text) => {
    const { agrees, text: said } = await check(given);
    expect({ agrees, said }).toEqual({ agrees: true, said: expect.stringContaining(text) });
  });
});

/** A customer of a rollout that was turned back. */
const turned = (after: boolean, reverted: readonly OutcomeKind[], given: Partial<Case> = {}): Case => ({
  ...{ before: true, after, writes: after ? 2 : 1, outcomes: ["flipped"], reverted },
  ...given,
});

describe("of a rollout that was turned back, the emulator agrees", () => {
  test.each<[string, Case, string]>([
    ["a flipped one is back where it was", turned(true, ["flipped"]), "1 flipped and back where they were"],
    ["one that failed to be flipped back is still there", turned(false, ["failed"]), "1 flipped and not flipped back"],
    ["one that the rollback did not come to is still there", turned(false, []), "1 flipped and not flipped back"],
    ["one that was left alone is where somebody put it", turned(true, ["skipped"]), "1 flipped and not flipped back"],
    [
      "one that failed, and may have been flipped, is back",
      turned(true, ["flipped"], { outcomes: ["failed"], reason: DOUBTFUL }),
      "1 flipped and back where they were",
    ],
    [
      "one was never flipped, as the rollback found",
      turned(true, ["unchanged"], { outcomes: ["failed"], writes: 0, reason: DOUBTFUL }),
      "1 failed (none moved)",
    ],
    ["one was never touched", turned(true, [], { outcomes: ["skipped"], writes: 0 }), "1 untouched"],
  ])("when %s", async (_when, given, text) => {
    const { agrees, text: said } = await check(given);
    expect({ agrees, said }).toEqual({ agrees: true, said: expect.stringContaining(text) });
  });
});

describe("of a rollout that was turned back, the emulator disagrees", () => {
  test.each<[string, Case, string]>([
    ["one is not back", turned(false, ["flipped"]), "is reported as flipped back, but is on production"],
    ["one had been right before", turned(false, ["flipped"], { before: false }), "but was on production before"],
    ["one was never planned", turned(true, ["flipped"], { outcomes: [] }), "but has no outcome"],
    ["one of another account was touched", turned(true, ["flipped"], { accountId: "other" }), "is of another account"],
    ["one was flipped back twice over", turned(true, ["flipped", "flipped"]), "2 outcomes"],
    ["one that was never touched moved", turned(false, [], { outcomes: ["skipped"] }), "but was moved"],
    ["nobody came to one, and it moved back by itself", turned(true, []), "is reported as flipped, but is on staging"],
  ])("when %s", async (_when, given, text) => {
    const { agrees, text: said } = await check(given);
    expect({ agrees, said }).toEqual({ agrees: false, said: expect.stringContaining(text) });
  });

  test.each([
    ["flipped back is 2 in the report, but 1 in the ledger", { flippedBack: 2, leftAlone: 0, left: 0 }],
    ["left alone is 1 in the report, but 0 in the ledger", { flippedBack: 1, leftAlone: 1, left: 0 }],
  ])("when %s", async (said, reverted) => {
    expect(await check(turned(true, ["flipped"]), { reverted })).toMatchObject({
      agrees: false,
      text: expect.stringContaining(said),
    });
  });

  test("when fewer are left in the report than in the ledger", async () => {
    const reverted = { flippedBack: 0, leftAlone: 0, left: 0 };
    const { agrees, text } = await check(turned(false, ["failed"]), { reverted });
    expect({ agrees, text }).toEqual({
      agrees: false,
      text: expect.stringContaining("left is 0 in the report, but 1"),
    });
  });
});

describe("of a rollout that was stopped where it was", () => {
  test.each(["halted", "aborted"] as const)("%s, its counts are those of the ledger", async (status) => {
    const given: Case = { before: true, after: false, writes: 1, outcomes: ["flipped"] };
    expect((await check(given, { status })).agrees).toBe(true);
    const { text } = await check(given, { status, counts: countOutcomes([FLIPPED, FLIPPED]) });
    expect(text).toContain("flipped is 2 in the report, but 1 in the ledger");
  });
});

test("a rollout that was aborted before its first flip counts nobody, whatever its plan says", async () => {
  const planned: Case = { before: false, after: false, writes: 0, outcomes: ["unchanged"] };
  expect((await check(planned, { status: "aborted", counts: countOutcomes([]) })).agrees).toBe(true);
});

describe("of a retry, which does not say where it wants its customers", () => {
  test.each([
    ["a flipped one is on the other side", { before: false, after: true, writes: 1, outcomes: ["flipped"] }, true],
    ["a flipped one is where it was", { before: false, after: false, writes: 1, outcomes: ["flipped"] }, false],
    ["one that was right is untouched", { before: true, after: true, writes: 0, outcomes: ["unchanged"] }, true],
  ] as const)("when %s", async (_when, given, agrees) => {
    expect((await check(given, { action: "retry" })).agrees).toBe(agrees);
  });
});

describe("the emulator disagrees", () => {
  test.each<[string, Case, string]>([
    ["a flipped customer stayed", { before: true, after: true, writes: 1, outcomes: ["flipped"] }, "but is on staging"],
    [
      "a flipped one had been right",
      { before: false, after: false, writes: 1, outcomes: ["flipped"] },
      "but was on prod",
    ],
    ["a skipped one moved", { before: true, after: false, writes: 1, outcomes: ["skipped"] }, "but was moved"],
    [
      "an unchanged one was written",
      { before: false, after: false, writes: 1, outcomes: ["unchanged"] },
      "flag was set",
    ],
    [
      "an unchanged one is wrong",
      { before: true, after: true, writes: 0, outcomes: ["unchanged"] },
      "but is on staging",
    ],
    ["one outside of the plan moved", { before: true, after: false, writes: 1 }, "has no outcome, but was moved"],
    ["one has two outcomes", { before: true, after: false, writes: 1, outcomes: ["flipped", "skipped"] }, "2 outcomes"],
    [
      "a failed one moved, and the report does not say so",
      { before: true, after: false, writes: 1, outcomes: ["failed"] },
      "customer c1 is reported as failed, but was moved and is on production",
    ],
    [
      "a failed one was moved away, whatever may have been",
      { before: false, after: true, writes: 1, outcomes: ["failed"], reason: DOUBTFUL },
      "customer c1 is reported as failed, but was moved and is on staging",
    ],
    [
      "a failed one had been right and was written",
      { before: false, after: false, writes: 1, outcomes: ["failed"], reason: DOUBTFUL },
      "customer c1 is reported as failed, but its flag was set (1 time)",
    ],
    [
      "one of another account failed and moved",
      { before: true, after: false, writes: 1, outcomes: ["failed"], reason: DOUBTFUL, accountId: "other" },
      "customer c1 is reported as failed, but was moved",
    ],
    [
      "only the reason of another outcome says that it may have moved",
      { before: true, after: false, writes: 1, outcomes: ["skipped"], reason: DOUBTFUL },
      "customer c1 is reported as skipped, but was moved",
    ],
    [
      "another account was flipped",
      { before: true, after: false, writes: 1, outcomes: ["flipped"], accountId: "other" },
      "another account",
    ],
  ])("when %s", async (_when, given, text) => {
    const { agrees, text: said } = await check(given);
    expect({ agrees, said }).toEqual({ agrees: false, said: expect.stringContaining(text) });
  });

  test("about several customers, each by its id", async () => {
    const ids = ["c1", "c2", "c3"];
    const { agrees, text } = await compareCustomers(
      {
        ...{ before: new Map(ids.map((id) => [id, true])), outcomes: new Map(), accountId: "ours" },
        report: {
          ...{ rolloutId: "r", action: "promote", release: "2026.11", dryRun: false, status: "refused" },
          ...{ counts: countOutcomes([]), exceptions: [], moreExceptions: 0, startedAt: "", durationMs: 1 },
        },
      },
      (async function* () {
        for (const id of ids) yield { id, accountId: "ours", isStaging: id === "c2", writes: id === "c2" ? 0 : 1 };
      })(),
    );
    expect(agrees).toBe(false);
    expect(text.split("\n")).toEqual([
      "the emulator disagrees in 2 points:",
      "  - customer c1 has no outcome, but was moved and is on production",
      "  - customer c3 has no outcome, but was moved and is on production",
    ]);
  });

  test("when the report counts otherwise than the ledger", async () => {
    const { agrees, text } = await compareCustomers(
      {
        ...{ before: new Map(), outcomes: new Map([["c1", [FLIPPED]]]), accountId: "ours" },
        report: {
          ...{ rolloutId: "r", action: "promote", release: "2026.11", dryRun: false, status: "succeeded" },
          ...{ counts: countOutcomes([]), exceptions: [], moreExceptions: 0, startedAt: "", durationMs: 1 },
        },
      },
      (async function* () {})(),
    );
    expect(agrees).toBe(false);
    expect(text).toContain("flipped is 0 in the report, but 1 in the ledger");
  });
});
